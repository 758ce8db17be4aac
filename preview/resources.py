"""A recording as the rules see it, and what it costs. Imports nothing of the program: other revisions are read too."""

import json
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
    return figures([resource(found) for found in recording.registrations], prices())


def resource(found: Registration) -> Resource:
    """Turn a registration into what the rules look at."""
    props = {**{key: _plain(value) for key, value in found.inputs.items()}, "__provider": found.provider or ""}
    related = {urn for urns in found.property_dependencies.values() for urn in urns}
    options = found.options
    return Resource(
        urn=found.urn,
        type=found.type,
        name=found.name,
        props=props,
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
