"""A stack as a tree of components and the objects that they create."""

from collections import Counter
from typing import Any

from preview.recording import STACK_TYPE, Recording
from preview.registration import Registration, Secret

WAIT_FOR = "pulumi.com/waitFor"


def tree(recording: Recording) -> list[str]:
    """Return the lines of the tree, with counts at the end."""
    urns = {found.urn for found in recording.registrations}
    roots = [found for found in recording.registrations if found.parent not in urns]
    lines = [f"{recording.stack} ({STACK_TYPE})"]
    for position, root in enumerate(roots):
        lines += _branch(recording, root, "", position == len(roots) - 1)
    kinds = Counter(_kind(found) for found in recording.registrations if _is_object(found))
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    components = sum(not found.custom for found in recording.registrations)
    return [*lines, "", f"{components} components with {kinds.total()} objects: {counted}"]


def _branch(recording: Recording, node: Registration, indent: str, last: bool) -> list[str]:
    lines = [f"{indent}{'└─ ' if last else '├─ '}{_label(node)}"]
    children = recording.children(node)
    for position, child in enumerate(children):
        lines += _branch(recording, child, indent + ("   " if last else "│  "), position == len(children) - 1)
    return lines


def _is_object(node: Registration) -> bool:
    return node.custom and not node.type.startswith("pulumi:providers:")


def _kind(node: Registration) -> str:
    return node.type.rpartition(":")[2]


def _label(node: Registration) -> str:
    if not node.custom:
        return f"{_kind(node)} {node.name}"
    if not _is_object(node):
        return f"provider {node.name} (context {node.inputs.get('context', 'from its kubeconfig')})"
    metadata: dict[str, Any] = node.inputs.get("metadata", {})
    place = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part) or node.name
    notes: list[str] = []
    annotations: dict[str, str] = metadata.get("annotations", {})
    if WAIT_FOR in annotations:
        notes.append(f"waits for {annotations[WAIT_FOR]}")
    if node.options.protect:
        notes.append("protected")
    notes += [f"{key}: {value!r}" for key, value in node.inputs.items() if isinstance(value, Secret)]
    return f"{_kind(node)} {place}" + (f"  ({'; '.join(notes)})" if notes else "")
