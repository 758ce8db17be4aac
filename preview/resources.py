"""A recording as the rules see it, and what it costs. Imports nothing of the program: other revisions are read too."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from policies.guardrails.model import UNKNOWN, Resource
from policies.guardrails.prices import Figures, figures
from preview.recording import Recording
from preview.registration import Registration, Secret, Unknown

PRICES = Path(__file__).parent / "prices.json"


def prices() -> dict[str, Any]:
    """Return the price table."""
    return cast(dict[str, Any], json.loads(PRICES.read_text()))


def costs(recording: Recording) -> Figures:
    """Return the monthly figures of a stack."""
    return figures(resources(recording.registrations), prices())


def resources(registrations: Sequence[Registration]) -> list[Resource]:
    """Turn registrations into what the rules look at; components are left out."""
    contexts = {one.name: str(one.inputs.get("context") or one.name) for one in registrations if _is_provider(one)}
    return [_resource(one, contexts.get(one.provider or "", "")) for one in registrations if one.custom]


def _is_provider(found: Registration) -> bool:
    return found.type.startswith("pulumi:providers:")


def _resource(found: Registration, cluster: str) -> Resource:
    related = {urn for urns in found.property_dependencies.values() for urn in urns}
    options = found.options
    return Resource(
        urn=found.urn,
        type=found.type,
        name=found.name,
        props={key: _plain(value) for key, value in found.inputs.items()},
        cluster=cluster,
        protect=options.protect,
        delete_before_replace=options.delete_before_replace,
        dependencies=frozenset({*found.dependencies, *related}),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _plain(value.reveal())
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in cast(dict[str, Any], value).items()}
    return [_plain(item) for item in cast(list[Any], value)] if isinstance(value, list) else value
