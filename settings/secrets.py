"""The stack's secrets. Their values never appear in a message."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from settings.mistakes import Mistake, config_path
from settings.values import SecretText

PULL_SECRET, AWS = "pullSecret", "awsCredentials"
SECRET_KEYS = (f"spillway:{PULL_SECRET}", f"spillway:{AWS}")
# By standard input: as arguments other users of the machine would see them.
_SET = {
    PULL_SECRET: f"pulumi config set --secret spillway:{PULL_SECRET} < pull-secret.json",
    "accessKeyId": f"pulumi config set --secret --path 'spillway:{AWS}.accessKeyId' <<< \"$AWS_ACCESS_KEY_ID\"",
    "secretAccessKey": (
        f"pulumi config set --secret --path 'spillway:{AWS}.secretAccessKey' <<< \"$AWS_SECRET_ACCESS_KEY\""
    ),
}


@dataclass(frozen=True)
class Credentials:
    """What Hive needs to install clusters on AWS; None where no pool takes it from the config."""

    aws_access_key_id: SecretText | None
    aws_secret_access_key: SecretText | None
    pull_secret: SecretText | None


def read_credentials(
    raw: Mapping[str, str], secret_keys: Collection[str], *, aws_needed: bool, pull_needed: bool
) -> tuple[Credentials | None, list[Mistake]]:
    """Return the credentials, or the mistakes in them; None without a mistake when no pool needs them."""
    mistakes: list[Mistake] = []
    for key in (PULL_SECRET, AWS):
        if f"spillway:{key}" in raw and f"spillway:{key}" not in secret_keys:
            mend = _SET[PULL_SECRET] if key == PULL_SECRET else _SET["secretAccessKey"]
            allowed = (
                "a secret: in plain it is in git, in the state and in the logs; take it out of use, and set a new one"
            )
            mistakes.append(Mistake(config_path(key), "is in plain", allowed, mend))
    if not aws_needed and not pull_needed:
        return None, mistakes
    pull_secret = raw.get(f"spillway:{PULL_SECRET}")
    if pull_needed and not _is_docker_config(pull_secret):
        problem = "is missing" if pull_secret is None else "is not a pull secret"
        allowed = 'the pull secret of the Red Hat console, JSON with "auths", set as a secret'
        mistakes.append(Mistake(config_path(PULL_SECRET), problem, allowed, _SET[PULL_SECRET]))
    aws = _object(raw.get(f"spillway:{AWS}", "{}")) if aws_needed else {}
    mistakes += _aws_mistakes(aws) if aws_needed else []
    if mistakes:
        return None, mistakes
    return Credentials(
        SecretText(aws["accessKeyId"]) if aws_needed else None,
        SecretText(aws["secretAccessKey"]) if aws_needed else None,
        SecretText(str(pull_secret)) if pull_needed else None,
    ), []


def _aws_mistakes(aws: Mapping[str, Any]) -> list[Mistake]:
    mistakes: list[Mistake] = []
    for key in ("accessKeyId", "secretAccessKey"):
        value = aws.get(key)
        if not isinstance(value, str) or not value.strip() or not value.isascii():
            problem = "is not a text" if key in aws else "is missing"
            allowed = "a long-lived AWS key (Hive cannot use session tokens), set as a secret"
            mistakes.append(Mistake(config_path(AWS, [key]), problem, allowed, _SET[key]))
    for key in sorted(set(aws) - {"accessKeyId", "secretAccessKey"}):
        path = config_path(AWS, [key])
        mend = f"pulumi config rm --path '{path}'"
        mistakes.append(Mistake(path, "is not known", "accessKeyId and secretAccessKey", mend))
    return mistakes


def _object(text: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _is_docker_config(text: str | None) -> bool:
    # Half of a character, which JSON can hold, fits in no Secret.
    if text is None or text.encode(errors="ignore").decode() != text:
        return False
    return isinstance(_object(text).get("auths"), dict)
