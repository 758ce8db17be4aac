"""A stack as a tree of components and the objects that they create."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from preview.recording import STACK_TYPE, Recording
from preview.registration import Registration, Secret

WAIT_FOR = "pulumi.com/waitFor"
# More components alike than this are drawn once, and then a line each.
ALIKE = 3

Shape = tuple[Any, ...]


def tree(recording: Recording) -> list[str]:
    """Return the lines of the tree, with counts and what an engine will look up at the end."""
    urns = {found.urn for found in recording.registrations}
    roots = [found for found in recording.registrations if found.parent not in urns]
    looked_up = sorted({f"{_function(call.token)} {call.arguments.get('name', '')}" for call in recording.calls})
    return [
        f"{recording.stack} ({STACK_TYPE})",
        *_branches(recording, roots, ""),
        "",
        counted(recording),
        *(f"not looked up here, an engine asks for it: {call}" for call in looked_up),
    ]


def counted(recording: Recording) -> str:
    """Return how many components and objects there are, by kind."""
    kinds = Counter(_kind(found) for found in recording.registrations if _is_object(found))
    each = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    components = sum(not found.custom for found in recording.registrations)
    return f"{components} components with {kinds.total()} objects: {each}"


def _branches(recording: Recording, nodes: Sequence[Registration], indent: str) -> Iterator[str]:
    shapes = {node.urn: _shape(recording, node) for node in nodes}
    alike = Counter(shapes.values())
    drawn: dict[Shape, str] = {}
    for position, node in enumerate(nodes):
        last = position == len(nodes) - 1
        branch, shape = f"{indent}{'└─ ' if last else '├─ '}", shapes[node.urn]
        children = recording.children(node)
        if shape in drawn and alike[shape] > ALIKE and children:
            own = [note for child in children for note in _own_notes(child)]
            yield f"{branch}{_label(node)}  ({'; '.join([*own, f'as {drawn[shape]}'])})"
            continue
        drawn.setdefault(shape, node.name)
        yield f"{branch}{_label(node)}"
        yield from _branches(recording, children, indent + ("   " if last else "│  "))


def _shape(recording: Recording, node: Registration) -> Shape:
    """Return what makes two branches alike: types, protection and waits; names and sizes may differ."""
    # Sorted: what depends on nothing in common registers in any order.
    inner = tuple(sorted((_shape(recording, child) for child in recording.children(node)), key=repr))
    return (node.type, node.options.protect, tuple(_notes(node)), inner)


def _is_object(node: Registration) -> bool:
    return node.custom and not node.type.startswith("pulumi:providers:")


def _kind(node: Registration) -> str:
    return node.type.rpartition(":")[2]


def _function(token: str) -> str:
    return token.rpartition(":")[2]


def _label(node: Registration) -> str:
    if not node.custom:
        return f"{_kind(node)} {node.name}"
    if not _is_object(node):
        return f"provider {node.name} ({_target(node)})"
    metadata: dict[str, Any] = node.inputs.get("metadata", {})
    place = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
    notes = [*_own_notes(node), *_notes(node)]
    name = place or node.inputs.get("name") or node.name
    return f"{_kind(node)} {name}" + (f"  ({'; '.join(notes)})" if notes else "")


def _target(provider: Registration) -> str:
    """Return where a provider sends things; its inputs are JSON on the wire."""
    accounts = provider.inputs.get("allowedAccountIds")
    if accounts:
        return f"account {', '.join(json.loads(accounts))}"
    return f"context {provider.inputs.get('context', 'from its kubeconfig')}"


def _own_notes(node: Registration) -> list[str]:
    """Return what tells an object from others alike."""
    if _kind(node) != "ClusterPool" or not node.custom:
        return []
    spec: dict[str, Any] = node.inputs["spec"]
    sizes = ", ".join(f"{key} {spec[key]}" for key in ("size", "runningCount", "maxSize"))
    return [f"{spec['platform']['aws']['region']}: {sizes}"]


def _notes(node: Registration) -> list[str]:
    notes: list[str] = []
    annotations: dict[str, str] = node.inputs.get("metadata", {}).get("annotations", {})
    if WAIT_FOR in annotations:
        notes.append(f"waits for {annotations[WAIT_FOR]}")
    if node.options.protect:
        notes.append("protected")
    return [*notes, *(f"{key}: {value!r}" for key, value in node.inputs.items() if isinstance(value, Secret))]
