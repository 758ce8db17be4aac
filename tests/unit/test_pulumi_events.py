"""What the lab reads in the CLI's events."""

import json
from typing import Any

from lab.pulumi_events import problems


def told(message: str, severity: str = "error", **more: str) -> str:
    event: dict[str, Any] = {"diagnosticEvent": {"message": message, "severity": severity, **more}}
    return json.dumps(event)


def test_an_error_names_its_resource_if_it_has_one() -> None:
    """A mesh has the same object in each cluster: without its name nobody knows which is meant."""
    urn = "urn:pulumi:mesh::spillway::kubernetes:core/v1:Namespace::c3-namespace"
    lines = [
        told("connection refused\n", urn=urn),
        told("the program ended\n"),
        told("patience\n", severity="info", urn=urn),
        "not an event",
    ]
    assert problems("\n".join(lines)) == "c3-namespace: connection refused\nthe program ended\nnot an event"
