"""From the stack's config to settings, or to a list of everything that is wrong with it."""

import difflib
import json
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.application import Burst, Delivery, Guardrails, Interconnect, Workload
from settings.aws import Aws
from settings.checks import Parts, check
from settings.hub import ClusterSet, Hub
from settings.mistakes import Mistake, SettingsError, Step, config_path, remove_command, set_command
from settings.pools import Pool
from settings.secrets import SECRET_KEYS, Credentials, read_credentials
from settings.stack import Settings

NAMESPACE = "spillway:"
LONGEST_ECHO = 30
# Shorter texts may be in a plain value by chance.
SHORTEST_SECRET = 16
OBJECTS: dict[str, type[BaseModel]] = {
    "hub": Hub,
    "clusterSet": ClusterSet,
    "workload": Workload,
    "delivery": Delivery,
    "interconnect": Interconnect,
    "guardrails": Guardrails,
    "aws": Aws,
}
LISTS: dict[str, type[BaseModel]] = {"pools": Pool, "bursts": Burst}
OPTIONAL = ("guardrails", "aws")
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
        mistakes.append(_unknown(config_path(key), key, known))
    for key, model in OBJECTS.items():
        value = _read(ours, key, mistakes)
        if value is not _MISSING:
            setattr(parts, {"clusterSet": "cluster_set"}.get(key, key), _validate(key, model, value, (), mistakes))
        elif key in OPTIONAL and key not in ours:
            setattr(parts, key, model())
    for key, model in LISTS.items():
        value = _read(ours, key, mistakes)
        if isinstance(value, list) and value:
            items = [_entry(item) for item in cast(list[Any], value)]
            valid = {i: _validate(key, model, item, (i,), mistakes) for i, item in enumerate(items)}
            setattr(parts, key, {i: item for i, item in valid.items() if item is not None})
        elif value is not _MISSING:
            mistakes.append(_not_a_list(key, model))
    parts.all_pools = bool(parts.pools) and not any(m.path.startswith(f"{NAMESPACE}pools") for m in mistakes)
    mistakes += check(parts)
    uses = [pool.credentials for pool in parts.pools.values()]
    aws = any(use.source == "config" for use in uses)
    pull = aws or any(use.source == "identity" and not use.pull_secret for use in uses)
    credentials, more = read_credentials(raw, secret_keys, aws_needed=aws, pull_needed=pull)
    mistakes += more
    secrets = _secrets(raw)
    mistakes += _planted(ours, secrets)
    if mistakes:
        raise SettingsError(stack, [_masked(mistake, secrets) for mistake in mistakes])
    return _settings(parts), credentials


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


def _entry(item: Any) -> Any:
    """Return an entry of a list. `pulumi config set --path` can only store texts, so an object may be given as JSON."""
    return _json(item) if isinstance(item, str) and item.startswith("{") else item


def _first_required(key: str, model: type[BaseModel]) -> tuple[str, Any]:
    steps: tuple[Step, ...] = () if key in OBJECTS else (0,)
    for field in model.model_fields.values():
        if field.is_required():
            return config_path(key, (*steps, str(field.alias))), _example(field)
    name, field = next(iter(model.model_fields.items()))
    return config_path(key, (*steps, field.alias or name)), _example(field)


def _not_a_list(key: str, model: type[BaseModel]) -> Mistake:
    path, example = _first_required(key, model)
    return Mistake(
        config_path(key), "is not a list with at least one entry", f"a list of {key}", set_command(path, example)
    )


def _validate(
    key: str, model: type[BaseModel], value: Any, place: tuple[int, ...], mistakes: list[Mistake]
) -> BaseModel | None:
    try:
        # JSON, because strict mode takes its lists for tuples.
        return TypeAdapter(model).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        mistakes += [_mistake(key, model, place, detail) for detail in details]
    except RecursionError:
        mistakes.append(Mistake(config_path(key, place), "is nested too deeply", "plain values", _remove(key, place)))
    return None


def _remove(key: str, place: tuple[Step, ...]) -> str:
    return remove_command(config_path(key, place))


def _mistake(key: str, model: type[BaseModel], place: tuple[int, ...], detail: ErrorDetails) -> Mistake:
    # Pydantic ends the place of a wrong key with this; a user's own key may have that name, too.
    wrong_key = detail["loc"][-1:] == ("[key]",) and detail["type"] != "extra_forbidden"
    steps = detail["loc"][:-1] if wrong_key else detail["loc"]
    path = config_path(key, (*place, *steps))
    owner, field = _field(model, steps)
    if wrong_key:
        # The key is what is wrong, so setting its value would not mend it.
        return Mistake(path, "is not allowed as a key", detail["msg"], remove_command(path))
    if detail["type"] == "extra_forbidden":
        return _unknown(path, str(steps[-1]), [str(f.alias) for f in owner.model_fields.values()])
    allowed = (field.description if field else None) or (owner.__doc__ or "").split("\n")[0]
    problem = "is missing"
    if detail["type"] != "missing":
        allowed = f"{detail['msg'].removeprefix('Input should be ')}; {allowed}"
        problem = f"got {_echo(detail['input'])}"
    return Mistake(path, problem, allowed, set_command(path, _example(field)))


def _unknown(path: str, key: str, known: Collection[str]) -> Mistake:
    close = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    # The value may be anything, also a secret in the wrong place, so it is not shown.
    return Mistake(path, "is not known", f"{hint}known are {', '.join(known)}", remove_command(path))


def _echo(value: Any) -> str:
    """Show a plain value. What is longer may be a secret in the wrong place, so it is not shown."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= LONGEST_ECHO else "a long text"


def _field(model: type[BaseModel], steps: tuple[Step, ...]) -> tuple[type[BaseModel], FieldInfo | None]:
    """Follow a path of aliases; return the innermost model on it and the field that it ends at or in."""
    found: FieldInfo | None = None
    for step in steps:
        fields = {str(field.alias): field for field in model.model_fields.values()}
        if step in fields:
            found = fields[str(step)]
            model = _nested(found.annotation) or model
    return model, found


def _nested(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple):
        return next(filter(None, map(_nested, typing.get_args(annotation))), None)
    return None


def _example(field: FieldInfo | None) -> Any:
    if field is None:
        return "VALUE"
    if field.examples:
        return field.examples[0]
    default = field.get_default(call_default_factory=True)
    if isinstance(default, str | int):
        return default
    if typing.get_origin(field.annotation) is typing.Literal:
        return typing.get_args(field.annotation)[0]
    return "VALUE"


def _planted(ours: Mapping[str, str], secrets: Collection[str]) -> list[Mistake]:
    """Find plain values that hold a secret's text: from there it would get into objects, the state and the logs."""
    allowed = "a text without the value of a secret; if it was in git, take the secret out of use"
    return [
        Mistake(path, "holds the value of a secret in plain", allowed, remove_command(path))
        for key in sorted(set(ours) - {key.removeprefix(NAMESPACE) for key in SECRET_KEYS})
        for steps, text in _texts(_json(ours[key]), keys=True)
        if any(secret in text for secret in secrets if len(secret) >= SHORTEST_SECRET)
        for path in [config_path(key, steps)]
    ]


def _masked(mistake: Mistake, secrets: Collection[str]) -> Mistake:
    """Take out whatever a secret key holds, should the same text be in a plain value too."""

    def mask(text: str) -> str:
        for secret in secrets:
            if len(secret) > 3:
                text = text.replace(secret, "[secret]")
        return text

    return Mistake(mask(mistake.path), mask(mistake.problem), mask(mistake.allowed), mask(mistake.mend))


def _secrets(raw: Mapping[str, str]) -> list[str]:
    """Return every text that the secret keys hold, the longest first; the keys of objects are left out."""
    whole = [raw[key] for key in SECRET_KEYS if key in raw]
    inside = [text for value in whole for steps, text in _texts(_json(value), keys=False) if steps]
    return sorted([*whole, *inside], key=len, reverse=True)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _texts(value: Any, steps: tuple[Step, ...] = (), *, keys: bool) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the place and the text of every text inside; with `keys`, keys too, at the places of their values."""
    if isinstance(value, dict):
        for key, inner in cast(dict[str, Any], value).items():
            if keys:
                yield (*steps, key), key
            yield from _texts(inner, (*steps, key), keys=keys)
    elif isinstance(value, list):
        for index, inner in enumerate(cast(list[Any], value)):
            yield from _texts(inner, (*steps, index), keys=keys)
    elif isinstance(value, str):
        yield steps, value
