"""What reading the settings of any kind of stack has in common: validation of a part, and mistakes told from it."""

import difflib
import json
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.mistakes import Mistake, Step, config_path, remove_command, set_command
from settings.secrets import SECRET_KEYS

NAMESPACE = "spillway:"
LONGEST_ECHO = 30
# Shorter texts may be in a plain value by chance.
SHORTEST_SECRET = 16
Model = TypeVar("Model", bound=BaseModel)


def entry(item: Any) -> Any:
    """Return an entry of a list. `pulumi config set --path` can only store texts, so an object may be given as JSON."""
    return _json(item) if isinstance(item, str) and item.startswith("{") else item


def validate(
    key: str, model: type[Model], value: Any, place: tuple[Step, ...], mistakes: list[Mistake]
) -> Model | None:
    """Return a part of the config as its model, or None with what is wrong added to the mistakes.

    Args:
        key: the key of the config that the part is in.
        model: what it should be.
        value: what it is.
        place: the steps from the key to the part.
        mistakes: is added to.
    """
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


def _mistake(key: str, model: type[BaseModel], place: tuple[Step, ...], detail: ErrorDetails) -> Mistake:
    # Pydantic ends the place of a wrong key with this; a user's own key may have that name, too.
    wrong_key = detail["loc"][-1:] == ("[key]",) and detail["type"] != "extra_forbidden"
    steps = detail["loc"][:-1] if wrong_key else detail["loc"]
    path = config_path(key, (*place, *steps))
    owner, field = _field(model, steps)
    if wrong_key:
        # The key is what is wrong, so setting its value would not mend it.
        return Mistake(path, "is not allowed as a key", detail["msg"], remove_command(path))
    if detail["type"] == "extra_forbidden":
        return unknown_key(path, str(steps[-1]), [str(f.alias) for f in owner.model_fields.values()])
    allowed = (field.description if field else None) or (owner.__doc__ or "").split("\n")[0]
    problem = "is missing"
    if detail["type"] != "missing":
        allowed = f"{detail['msg'].removeprefix('Input should be ')}; {allowed}"
        problem = f"got {_echo(detail['input'])}"
    return Mistake(path, problem, allowed, set_command(path, example_of(field)))


def unknown_key(path: str, key: str, known: Collection[str]) -> Mistake:
    """Return the mistake that a key is not known."""
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


def example_of(field: FieldInfo | None) -> Any:
    """Return a value that a field takes."""
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


def planted(ours: Mapping[str, str], secrets: Collection[str]) -> list[Mistake]:
    """Find plain values that hold a secret's text: from there it would get into objects, the state and the logs."""
    allowed = "a text without the value of a secret; if it was in git, take the secret out of use"
    return [
        Mistake(path, "holds the value of a secret in plain", allowed, remove_command(path))
        for key in sorted(set(ours) - {key.removeprefix(NAMESPACE) for key in SECRET_KEYS})
        for steps, text in _texts(_json(ours[key]), keys=True)
        if any(secret in text for secret in secrets if len(secret) >= SHORTEST_SECRET)
        for path in [config_path(key, steps)]
    ]


def masked(mistake: Mistake, secrets: Collection[str]) -> Mistake:
    """Take out whatever a secret key holds, should the same text be in a plain value too."""

    def mask(text: str) -> str:
        for secret in secrets:
            if len(secret) > 3:
                text = text.replace(secret, "[secret]")
        return text

    return Mistake(mask(mistake.path), mask(mistake.problem), mask(mistake.allowed), mask(mistake.mend))


def secret_texts(raw: Mapping[str, str]) -> list[str]:
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
