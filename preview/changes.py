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
    """Compare; without a before, everything is added."""
    old: dict[str, Any] = before["objects"] if before else {}
    new: dict[str, Any] = after["objects"]
    both = {key: tuple(_differences("", old[key], new[key])) for key in new if key in old}
    return Changes(
        tuple(key for key in new if key not in old),
        {key: found for key, found in both.items() if found},
        tuple(key for key in old if key not in new),
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
    elif (
        isinstance(before, list)
        and isinstance(after, list)
        and len(cast(list[Any], before)) == len(cast(list[Any], after))
    ):
        for index, (left, right) in enumerate(zip(cast(list[Any], before), cast(list[Any], after), strict=True)):
            yield from _differences(f"{path}[{index}]", left, right)
    else:
        yield Change(path, before, after)
