"""Everything that is known of a stack without an engine."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preview.changes import Changes, changes
from preview.guardrails import Verdict, pack_config, verdicts
from preview.order import in_order
from preview.recording import ProgramError, Recording, record
from preview.resources import prices
from preview.revision import snapshot_at
from preview.snapshot import Snapshot, snapshot


@dataclass(frozen=True)
class Evaluation:
    """A stack's recording and verdicts, or the error with which the settings refused it.

    `before` is the snapshot of the revision `against`; None if that has no such stack.
    """

    stack: str
    recording: Recording | None = None
    error: str | None = None
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    against: str | None = None
    before: Snapshot | None = None
    after: Snapshot = field(default_factory=dict[str, Any])
    price_table: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def failed(self) -> bool:
        """Whether the stack is refused, by its settings or by a mandatory rule."""
        return self.recording is None or any(verdict.failed for verdict in self.verdicts)

    @property
    def changes(self) -> Changes:
        """What differs from the other revision."""
        return changes(self.before, self.after)


def evaluate(stack: str, root: Path, against: str | None = None) -> Evaluation:
    """Record a stack, judge it, and compare it with another git revision.

    Raises:
        RevisionError: the other revision cannot be read.
    """
    try:
        recording = in_order(record(stack, root=root))
    except ProgramError as error:
        return Evaluation(stack, error=str(error), against=against)
    return Evaluation(
        stack,
        recording,
        verdicts=verdicts(recording, pack_config(stack, root)),
        against=against,
        before=snapshot_at(against, stack, root) if against else None,
        after=snapshot(recording),
        price_table=prices(),
    )
