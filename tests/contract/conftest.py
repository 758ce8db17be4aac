"""What the contract tests share: recordings of the dev stack, evaluated once for each set of changes."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from preview.recording import Recording, Registration, record

Record = Callable[..., Recording]


@cache
def _recorded(overrides: tuple[tuple[str, str], ...]) -> Recording:
    return record("dev", overrides={path: eval(value) for path, value in overrides})  # noqa: S307 (repr of test data)


@pytest.fixture
def recorded() -> Record:
    """Return a function that records the dev stack with some config paths changed."""
    return lambda **changes: _recorded(
        tuple((path, repr(value)) for path, value in changes.get("overrides", {}).items())
    )


def component(recording: Recording, kind: str, name: str) -> list[Registration]:
    """Return the children of a component in the order in which they were registered."""
    return recording.children(recording.named(f"spillway:index:{kind}", name))


def shape(recording: Recording, kind: str, name: str) -> list[tuple[str, str, str | None]]:
    """Return (type, object name, namespace) of each child."""
    return [(child.type.removeprefix("kubernetes:"), *object_name(child)) for child in component(recording, kind, name)]


def object_name(registration: Registration) -> tuple[str, str | None]:
    """Return name and namespace of the Kubernetes object."""
    metadata: dict[str, Any] = registration.inputs["metadata"]
    return metadata["name"], metadata.get("namespace")
