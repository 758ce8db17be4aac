"""The direct engine's memory: which objects are the stack's, in the order in which they came."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """An object of the stack, or fields of an object that is somebody else's (`patch`).

    `context` names its cluster in the kubeconfig.
    """

    context: str
    api_version: str
    kind: str
    namespace: str | None
    name: str
    protect: bool = False
    retain: bool = False
    patch: bool = False
    delete_timeout: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str | None, str]:
        """What makes two entries the same object."""
        return self.context, self.api_version, self.kind, self.namespace, self.name

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"


class Inventory:
    """Entries in a file that survives a kill at any moment.

    An object is noted before it is created, so that none is ever forgotten. The file is written anew, synced, and put
    in place in one step.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path):
        self._path = path
        self._lock = threading.Lock()
        rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        self._entries = {entry.key: entry for entry in (Entry(**row) for row in rows)}

    def __contains__(self, entry: Entry) -> bool:
        return entry.key in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def note(self, entry: Entry) -> None:
        """Add an entry, or replace that of the same object."""
        with self._lock:
            if self._entries.get(entry.key) != entry:
                self._entries[entry.key] = entry
                self._write()

    def forget(self, entry: Entry) -> None:
        """Remove an entry."""
        with self._lock:
            self._entries.pop(entry.key, None)
            self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._path.with_name(self._path.name + ".partial")
        with partial.open("w") as file:
            json.dump([asdict(entry) for entry in self._entries.values()], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._path)
