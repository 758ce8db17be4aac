"""From the config of a mesh stack to its settings, or to a list of everything that is wrong with it."""

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from settings.application import Guardrails
from settings.mesh import Mesh, MeshApplication, MeshCluster, MeshLink, MeshOptions, MeshSettings
from settings.mesh_checks import MeshParts, check_mesh
from settings.mistakes import Mistake, SettingsError, Step, config_path, remove_command, set_command
from settings.reading import NAMESPACE, Model, entry, example_of, masked, planted, secret_texts, unknown_key, validate
from settings.secrets import SECRET_KEYS

KEY = "mesh"
GUARDRAILS = "guardrails"


def load_mesh(raw: Mapping[str, str], stack: str) -> MeshSettings:
    """Read the config of a mesh stack.

    Args:
        raw: full keys to texts (objects as JSON), as Pulumi hands them to a program.
        stack: the stack's name, for the messages.

    Raises:
        SettingsError: with all mistakes.
    """
    ours = {key.removeprefix(NAMESPACE): text for key, text in raw.items() if key.startswith(NAMESPACE)}
    mistakes = [
        _foreign(key)
        for key in sorted(set(ours) - {KEY, GUARDRAILS, *(k.removeprefix(NAMESPACE) for k in SECRET_KEYS)})
    ]
    parts = _parts(_value(KEY, Mesh, ours[KEY], mistakes), mistakes)
    limits = _value(GUARDRAILS, Guardrails, ours.get(GUARDRAILS, "{}"), mistakes)
    guardrails = validate(GUARDRAILS, Guardrails, limits, (), mistakes)
    secrets = secret_texts(raw)
    mistakes += [*check_mesh(parts), *planted(ours, secrets)]
    if mistakes:
        raise SettingsError(stack, [masked(mistake, secrets) for mistake in mistakes])
    return MeshSettings(
        mesh=Mesh(
            **dict(cast(MeshOptions, parts.options)),
            clusters=tuple(parts.clusters.values()),
            links=tuple(parts.links.values()),
            application=cast(MeshApplication, parts.application),
        ),
        guardrails=cast(Guardrails, guardrails),
    )


def _foreign(key: str) -> Mistake:
    path = config_path(key)
    return Mistake(
        path, "is not of a mesh stack", f"{NAMESPACE}{KEY} and {NAMESPACE}{GUARDRAILS} alone", remove_command(path)
    )


def _value(section: str, model: type[BaseModel], text: str, mistakes: list[Mistake]) -> dict[str, Any]:
    path = config_path(section)
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        allowed = "an object; remove it, and set its values one by one with --path"
        mistakes.append(Mistake(path, "is not JSON", allowed, remove_command(path)))
        return {}
    if not isinstance(value, dict):
        allowed = (model.__doc__ or "").split("\n")[0]
        mistakes.append(Mistake(path, "is not an object", allowed, remove_command(path)))
        return {}
    entries = cast(dict[str, Any], value)
    known = [str(field.alias) for field in model.model_fields.values()]
    mistakes += [unknown_key(config_path(section, [key]), key, known) for key in sorted(set(entries) - set(known))]
    return {key: entry for key, entry in entries.items() if key in known}


def _parts(value: dict[str, Any], mistakes: list[Mistake]) -> MeshParts:
    """Validate the parts one by one: a mistake in one must not hide those in the others."""
    parts = MeshParts()
    inner = {key: value.pop(key, None) for key in ("clusters", "links", "application")}
    parts.options = validate(KEY, MeshOptions, value, (), mistakes)
    clusters = _items("clusters", MeshCluster, inner["clusters"] or None, mistakes)
    parts.clusters = {index: cluster for index, cluster in clusters.items() if cluster is not None}
    parts.all_clusters = bool(clusters) and None not in clusters.values()
    links = _items("links", MeshLink, inner["links"] if inner["links"] is not None else [], mistakes)
    parts.links = {index: link for index, link in links.items() if link is not None}
    if inner["application"] is None:
        mistakes.append(_missing("application", MeshApplication, ("application",)))
    else:
        parts.application = validate(KEY, MeshApplication, inner["application"], ("application",), mistakes)
    return parts


def _items(key: str, model: type[Model], items: Any, mistakes: list[Mistake]) -> dict[int, Model | None]:
    """Return the entries of a list by position, None for those that are wrong."""
    if not isinstance(items, list):
        mistakes.append(_missing(key, model, (key, 0)))
        return {}
    listed = [entry(item) for item in cast(list[Any], items)]
    return {index: validate(KEY, model, item, (key, index), mistakes) for index, item in enumerate(listed)}


def _missing(key: str, model: type[BaseModel], place: tuple[Step, ...]) -> Mistake:
    field = next(iter(model.model_fields.values()))
    mend = set_command(config_path(KEY, (*place, str(field.alias))), example_of(field))
    problem = "is missing" if len(place) == 1 else "is not a list with entries"
    return Mistake(config_path(KEY, [key]), problem, (model.__doc__ or "").split("\n")[0], mend)
