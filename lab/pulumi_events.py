"""What the Pulumi CLI tells with `--json`: one engine event a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

# Operations that change neither an object nor the state.
IDLE = frozenset({"same", "refresh", "read"})


@dataclass(frozen=True, order=True)
class Operation:
    """What the engine does, or would do, with one resource.

    Attributes:
        op: the engine's word, such as create, update, delete, replace.
        name: the logical name.
        type: the type, such as `kubernetes:core/v1:Secret`.
        begun: the number of the event with which it began.
        ended: the number of the event with which it ended; None if it did not.
    """

    op: str
    name: str
    type: str
    begun: int = field(compare=False)
    ended: int | None = field(compare=False)

    def __str__(self) -> str:
        return f"{self.op} {self.name}"


def operations(output: str) -> list[Operation]:
    """Return what was changed, in the order in which it began."""
    events = list(_events(output))
    ended = {
        (step["op"], step["urn"]): event["sequence"]
        for event in events
        if (step := event.get("resOutputsEvent", {}).get("metadata"))
    }
    return [
        Operation(
            step["op"],
            _name(step["urn"]),
            step["type"],
            event["sequence"],
            ended.get((step["op"], step["urn"])),
        )
        for event in events
        if (step := event.get("resourcePreEvent", {}).get("metadata")) and step["op"] not in IDLE
    ]


def problems(output: str) -> str:
    """Return the errors that were told, each after the logical name of its resource, and all told in another form."""
    told = [event["diagnosticEvent"] for event in _events(output) if "diagnosticEvent" in event]
    # Some errors are of no resource.
    errors = [
        f"{_name(entry['urn'])}: {entry['message']}" if "urn" in entry else str(entry["message"])
        for entry in told
        if entry["severity"] == "error"
    ]
    plain = [line for line in output.splitlines() if not line.startswith("{")]
    return "".join(errors) + "\n".join(plain)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _events(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        if line.startswith("{"):
            yield cast(dict[str, Any], json.loads(line))
