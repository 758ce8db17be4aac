"""Reads install-configs out of Secrets: which machines a pool's clusters have."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import yaml

from .model import UNKNOWN, Resource, at

KEY = "install-config.yaml"


@dataclass(frozen=True)
class Machines:
    """The machines of one role."""

    role: str
    type: str
    replicas: int
    volume: int


def secret_texts(secret: Resource) -> dict[str, Any]:
    """Return the decoded entries of a Secret; UNKNOWN where one is not known."""
    texts: dict[str, Any] = {}
    for key, value in cast(dict[str, Any], secret.at("data") if isinstance(secret.at("data"), dict) else {}).items():
        try:
            texts[key] = base64.b64decode(value, validate=True).decode() if isinstance(value, str) else UNKNOWN
        except (binascii.Error, UnicodeDecodeError):
            texts[key] = ""
    plain = secret.at("stringData")
    return {**texts, **(cast(dict[str, Any], plain) if isinstance(plain, dict) else {})}


def install_config(secret: Resource) -> dict[str, Any] | None:
    """Return the parsed install-config of a Secret; None if it has none that can be read."""
    text = secret_texts(secret).get(KEY)
    try:
        parsed: Any = yaml.safe_load(text) if isinstance(text, str) else None
    except yaml.YAMLError:
        return None
    return cast(dict[str, Any], parsed) if isinstance(parsed, dict) else None


def _roles(config: dict[str, Any]) -> list[Any]:
    compute: Any = config.get("compute")
    return [config.get("controlPlane"), *(cast(list[Any], compute) if isinstance(compute, list) else [])]


def machines(config: dict[str, Any]) -> list[Machines]:
    """Return the machines of an install-config. 120 GiB is the installer's default volume."""
    return [
        Machines(
            str(at(role, "name")),
            str(at(role, "platform.aws.type") or at(config, "platform.aws.defaultMachinePlatform.type") or ""),
            int(at(role, "replicas", 3)),
            int(at(role, "platform.aws.rootVolume.size", 120)),
        )
        for role in _roles(config)
        if isinstance(role, dict)
    ]


def zones(config: dict[str, Any]) -> int:
    """Return the number of zones that the machines are in; one if none are named."""
    return len({zone for role in _roles(config) for zone in at(role, "platform.aws.zones", [])}) or 1


def of_pool(pool: Resource, resources: Sequence[Resource]) -> dict[str, Any] | None:
    """Return the install-config that a pool refers to; None if the Secret is not in the stack."""
    wanted = (pool.place[0], str(pool.at("spec.installConfigSecretTemplateRef.name")))
    for secret in resources:
        if secret.kind == "Secret" and secret.place == wanted:
            return install_config(secret)
    return None
