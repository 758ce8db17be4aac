"""What is added, changed and removed between two snapshots."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from preview.snapshot import SECRET, Snapshot
from preview.withhold import withhold


@dataclass(frozen=True)
class Change:
    """A value that differs; None where there is none."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Changes:
    """Objects by type and logical name."""

    added: tuple[str, ...]
    changed: dict[str, tuple[Change, ...]]
    removed: tuple[str, ...]

    @property
    def counted(self) -> str:
        """How many of each."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed"

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.changed or self.removed)


def changes(before: Snapshot | None, after: Snapshot) -> Changes:
    """Compare; without a before, everything is added. Objects are in the order of their names."""
    old: dict[str, Any] = before["objects"] if before else {}
    new: dict[str, Any] = after["objects"]
    both = {key: tuple(_differences("", old[key], new[key])) for key in new if key in old}
    return Changes(
        tuple(sorted(new.keys() - old.keys())),
        {key: found for key, found in sorted(both.items()) if found},
        tuple(sorted(old.keys() - new.keys())),
    )


def shown(value: Any) -> str:
    """Return a value for a report: secrets withheld, long texts cut."""
    if value is None:
        return "none"
    text = str(withhold(_withheld(value)))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _withheld(value: Any) -> Any:
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        return SECRET if set(entries) == {SECRET} else {key: _withheld(entry) for key, entry in entries.items()}
    return [_withheld(item) for item in cast(list[Any], value)] if isinstance(value, list) else value


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and SECRET not in before and SECRET not in after:
        old, new = cast(dict[str, Any], before), cast(dict[str, Any], after)
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(path, cast(list[Any], before), cast(list[Any], after))
    else:
        yield Change(path, before, after)


def _of_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    """Compare entry by entry; lists of different lengths by what only one of them has."""
    if len(before) == len(after):
        for index, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{path}[{index}]", left, right)
        return
    gone = [Change(f"{path}[{index}]", entry, None) for index, entry in enumerate(before) if entry not in after]
    new = [Change(f"{path}[{index}]", None, entry) for index, entry in enumerate(after) if entry not in before]
    # With neither, an entry is there more often than before.
    yield from [*gone, *new] or [Change(path, before, after)]
