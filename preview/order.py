"""One order for what a program registered, whatever the timing of its run: a report must not change by itself."""

from collections.abc import Mapping
from dataclasses import replace

from preview.recording import Recording
from preview.registration import Registration


def in_order(recording: Recording) -> Recording:
    """Return the recording with what must come first first, and by URN where that leaves it open."""
    known = {found.urn: found for found in recording.registrations}
    levels: dict[str, int] = {}
    for found in recording.registrations:
        _level(found, known, levels)
    for found in recording.registrations:
        inside = [levels[child.urn] for child in recording.children(found)]
        if not found.custom and inside:
            levels[found.urn] = min(inside)
    ordered = sorted(recording.registrations, key=lambda found: (levels[found.urn], found.urn))
    return replace(recording, registrations=tuple(ordered))


def _level(found: Registration, known: Mapping[str, Registration], levels: dict[str, int]) -> int:
    """Return how many others must come before it, one after the other."""
    if found.urn not in levels:
        first = {*found.dependencies, *(urn for urns in found.property_dependencies.values() for urn in urns)}
        before = [_level(known[urn], known, levels) for urn in sorted(first) if urn in known and urn != found.urn]
        levels[found.urn] = max(before, default=-1) + 1
    return levels[found.urn]
