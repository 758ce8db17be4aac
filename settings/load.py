"""From the stack's config to settings, or to a list of everything that is wrong with it."""

import json
from collections.abc import Collection, Mapping
from typing import Any, cast

from pydantic import BaseModel

from settings.application import Burst, Delivery, Guardrails, Interconnect, Workload
from settings.aws import Aws
from settings.checks import Parts, check
from settings.hub import ClusterSet, Hub
from settings.mistakes import Mistake, SettingsError, Step, config_path, remove_command, set_command
from settings.pools import Pool, PoolCredentials
from settings.reading import NAMESPACE, entry, example_of, masked, planted, secret_texts, unknown_key, validate
from settings.secrets import SECRET_KEYS, Credentials, read_credentials
from settings.stack import Settings
from settings.watch import Watch

OBJECTS: dict[str, type[BaseModel]] = {
    "hub": Hub,
    "clusterSet": ClusterSet,
    "workload": Workload,
    "delivery": Delivery,
    "interconnect": Interconnect,
    "guardrails": Guardrails,
    "aws": Aws,
    "watch": Watch,
}
LISTS: dict[str, type[BaseModel]] = {"pools": Pool, "bursts": Burst}
OPTIONAL = ("guardrails", "aws", "watch")
_MISSING: Any = object()


def load(raw: Mapping[str, str], secret_keys: Collection[str], stack: str) -> tuple[Settings, Credentials | None]:
    """Read a stack's config.

    Args:
        raw: full keys to texts (objects as JSON), as Pulumi hands them to a program.
        secret_keys: the keys that are secret.
        stack: the stack's name, for the messages.

    Returns:
        The settings, and the credentials if a pool takes them from the config.

    Raises:
        SettingsError: with all mistakes.
    """
    ours = {key.removeprefix(NAMESPACE): text for key, text in raw.items() if key.startswith(NAMESPACE)}
    if not ours:
        allowed = f"at least {', '.join([*OBJECTS, *LISTS])}; Pulumi.dev.yaml is a complete example"
        mend = f"cp Pulumi.dev.yaml Pulumi.{stack}.yaml, and change what is yours"
        raise SettingsError(stack, [Mistake(config_path("hub"), "the stack has no config", allowed, mend)])
    mistakes: list[Mistake] = []
    parts = Parts()
    known = [*OBJECTS, *LISTS, *(key.removeprefix(NAMESPACE) for key in SECRET_KEYS)]
    for key in sorted(set(ours) - set(known)):
        mistakes.append(unknown_key(config_path(key), key, known))
    for key, model in OBJECTS.items():
        value = _read(ours, key, mistakes)
        if value is not _MISSING:
            setattr(parts, {"clusterSet": "cluster_set"}.get(key, key), validate(key, model, value, (), mistakes))
        elif key in OPTIONAL and key not in ours:
            setattr(parts, key, model())
    given: dict[str, list[Any]] = {}
    for key, model in LISTS.items():
        value = _read(ours, key, mistakes)
        if isinstance(value, list) and value:
            given[key] = [entry(item) for item in cast(list[Any], value)]
            valid = {i: validate(key, model, item, (i,), mistakes) for i, item in enumerate(given[key])}
            setattr(parts, key, {i: item for i, item in valid.items() if item is not None})
        elif value is not _MISSING:
            mistakes.append(_not_a_list(key, model))
    parts.all_pools = bool(parts.pools) and not any(m.path.startswith(f"{NAMESPACE}pools") for m in mistakes)
    mistakes += check(parts)
    uses = _uses(given.get("pools", []))
    aws = any(use.source == "config" for use in uses)
    pull = aws or any(use.source == "identity" and not use.pull_secret for use in uses)
    credentials, more = read_credentials(raw, secret_keys, aws_needed=aws, pull_needed=pull)
    mistakes += more
    secrets = secret_texts(raw)
    mistakes += planted(ours, secrets)
    if mistakes:
        raise SettingsError(stack, [masked(mistake, secrets) for mistake in mistakes])
    return _settings(parts), credentials


def _uses(pools: list[Any]) -> list[PoolCredentials]:
    """Return where pools take their credentials from, also those in which something else is wrong."""
    parts = [cast(dict[str, Any], pool).get("credentials", {}) for pool in pools if isinstance(pool, dict)]
    found = [validate("pools", PoolCredentials, part, (), []) for part in parts]
    return [use for use in found if use is not None]


def _settings(parts: Parts) -> Settings:
    return Settings(
        hub=cast(Hub, parts.hub),
        cluster_set=cast(ClusterSet, parts.cluster_set),
        pools=tuple(parts.pools.values()),
        workload=cast(Workload, parts.workload),
        bursts=tuple(parts.bursts.values()),
        delivery=cast(Delivery, parts.delivery),
        interconnect=cast(Interconnect, parts.interconnect),
        guardrails=cast(Guardrails, parts.guardrails),
        aws=cast(Aws, parts.aws),
        watch=cast(Watch, parts.watch),
    )


def _read(ours: Mapping[str, str], key: str, mistakes: list[Mistake]) -> Any:
    """Return the value of a key, or `_MISSING` with a mistake noted if there must be one."""
    if key not in ours:
        if key not in OPTIONAL:
            model = OBJECTS.get(key) or LISTS[key]
            path, example = _first_required(key, model)
            allowed = (model.__doc__ or "").split("\n")[0]
            mistakes.append(Mistake(config_path(key), "is missing", allowed, set_command(path, example)))
        return _MISSING
    try:
        return json.loads(ours[key])
    except (ValueError, RecursionError):
        allowed = "an object or a list; remove it, and set its values one by one with --path"
        mistakes.append(Mistake(config_path(key), "is not JSON", allowed, remove_command(config_path(key))))
        return _MISSING


def _first_required(key: str, model: type[BaseModel]) -> tuple[str, Any]:
    steps: tuple[Step, ...] = () if key in OBJECTS else (0,)
    for field in model.model_fields.values():
        if field.is_required():
            return config_path(key, (*steps, str(field.alias))), example_of(field)
    name, field = next(iter(model.model_fields.items()))
    return config_path(key, (*steps, field.alias or name)), example_of(field)


def _not_a_list(key: str, model: type[BaseModel]) -> Mistake:
    path, example = _first_required(key, model)
    return Mistake(
        config_path(key), "is not a list with at least one entry", f"a list of {key}", set_command(path, example)
    )
