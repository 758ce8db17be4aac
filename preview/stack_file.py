"""A stack's configuration as the Pulumi CLI would hand it to the program.

Imports nothing of the program: the preview reads the files of other revisions too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

# A stack can be judged without its secrets. These have the right form, so that the program accepts them.
PLACEHOLDERS: dict[str, object] = {
    "spillway:pullSecret": '{"auths": {"placeholder": {"auth": "cGxhY2Vob2xkZXI6"}}}',
    "spillway:awsCredentials": {"accessKeyId": "AKIAPLACEHOLDER00000", "secretAccessKey": "placeholder"},
}
_PLACEHOLDER_TEXT = "placeholder"


@dataclass(frozen=True)
class StackConfig:
    """The configuration of one stack: texts (objects as JSON) and the keys that are secret."""

    stack: str
    values: dict[str, str]
    secret_keys: frozenset[str]


def load(stack: str, root: Path, overrides: Mapping[str, object], secrets: Mapping[str, object]) -> StackConfig:
    """Read `Pulumi.<stack>.yaml`.

    Args:
        stack: the stack's name.
        root: the folder of the project.
        overrides: values by config path, such as `spillway:pools[0].size`; None removes.
        secrets: values of secret keys. Missing secrets, and encrypted ones, become placeholders.

    Raises:
        FileNotFoundError: there is no such stack file.
    """
    path = root / f"Pulumi.{stack}.yaml"
    document = cast(dict[str, Any], yaml.safe_load(path.read_text()) or {})
    config = cast(dict[str, Any], document.get("config") or {})
    for place, value in overrides.items():
        config = override(config, place, value)
    secret_keys = {key for key, value in config.items() if _has_secure(value)}
    config = {key: _decrypted(key, value) for key, value in config.items()}
    for key, value in {**{key: value for key, value in PLACEHOLDERS.items() if key not in config}, **secrets}.items():
        config[key] = value
        secret_keys.add(key)
    return StackConfig(stack, {key: _text(value) for key, value in config.items()}, frozenset(secret_keys))


def stacks(root: Path) -> list[str]:
    """Return the names of all stacks that have a file, sorted."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))


def override(config: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a stack file's `config` with a value set by its config path; None removes."""
    return cast(dict[str, Any], _set(config, _steps(path), value))


def _steps(path: str) -> list[str | int]:
    namespace, _, rest = path.partition(":")
    parts = re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)', rest)
    steps: list[str | int] = [quoted or plain if not index else int(index) for quoted, index, plain in parts]
    return [f"{namespace}:{steps[0]}", *steps[1:]]


def _set(target: Any, steps: list[str | int], value: object) -> Any:
    """Return a copy of `target` with the value at the end of the steps."""
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        items = list(cast(list[Any], target or []))
        if value is None and not rest:
            return items[:step] + items[step + 1 :]
        present = items[step] if step < len(items) else None
        return [*items[:step], _set(present, rest, value) if rest else value, *items[step + 1 :]]
    entries = dict(cast(dict[str, Any], target or {}))
    if value is None and not rest:
        entries.pop(step, None)
        return entries
    return {**entries, step: _set(entries.get(step), rest, value) if rest else value}


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        return set(entries) == {"secure"} or any(_has_secure(entry) for entry in entries.values())
    return isinstance(value, list) and any(_has_secure(item) for item in cast(list[Any], value))


def _decrypted(key: str, value: Any) -> Any:
    """Put placeholders where the value is encrypted: nobody here can read it, nor should."""
    if not _has_secure(value):
        return value
    if key in PLACEHOLDERS:
        return PLACEHOLDERS[key]
    if isinstance(value, list):
        return [_decrypted("", item) for item in cast(list[Any], value)]
    entries = cast(dict[str, Any], value)
    return _PLACEHOLDER_TEXT if set(entries) == {"secure"} else {k: _decrypted("", v) for k, v in entries.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
