"""A Mermaid diagram of a stack's components and what each waits for."""

from collections.abc import Mapping

from preview.recording import Recording
from preview.registration import Registration


def diagram(recording: Recording, touched: Mapping[str, str] | None = None) -> list[str]:
    """Return the lines of a flowchart that GitHub renders.

    Args:
        recording: the stack.
        touched: `added` or `changed` by type and logical name of objects; their components are coloured.
    """
    components = [found for found in recording.registrations if not found.custom]
    ids = {component.urn: f"n{index}" for index, component in enumerate(components)}
    owner = {found.urn: found.parent or "" for found in recording.registrations} | {c.urn: c.urn for c in components}
    waits: dict[str, set[str]] = {component.urn: set() for component in components}
    for found in recording.registrations:
        own = owner[found.urn]
        others = {owner.get(urn, "") for urn in found.dependencies} & ids.keys()
        if own in ids:
            waits[own] |= others - {own}
    lines = ["```mermaid", "flowchart LR"]
    for component in components:
        count = len(recording.children(component))
        kind = component.type.rpartition(":")[2]
        objects = f"{count} object{'' if count == 1 else 's'}"
        lines.append(f'  {ids[component.urn]}["{kind}<br/>{component.name}<br/>{objects}"]')
    for urn, first in waits.items():
        lines += [f"  {ids[other]} --> {ids[urn]}" for other in sorted(_direct(first, waits), key=lambda u: ids[u])]
    for state, colour in (("added", "#2da44e"), ("changed", "#bf8700")):
        hit = [ids[c.urn] for c in components if _state(recording, c, touched or {}) == state]
        if hit:
            lines += [f"  classDef {state} stroke:{colour},stroke-width:3px", f"  class {','.join(hit)} {state}"]
    return [*lines, "```"]


def _direct(first: set[str], waits: Mapping[str, set[str]]) -> set[str]:
    """Leave out what is waited for anyway, by way of another."""
    far: set[str] = set()
    left = [urn for one in first for urn in waits[one]]
    while left:
        urn = left.pop()
        if urn not in far:
            far.add(urn)
            left += waits[urn]
    return first - far


def _state(recording: Recording, component: Registration, touched: Mapping[str, str]) -> str | None:
    children = recording.children(component)
    states = [touched.get(f"{child.type} {child.name}") for child in children]
    if states and all(state == "added" for state in states):
        return "added"
    return "changed" if any(states) else None
