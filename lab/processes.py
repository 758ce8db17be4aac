"""Host processes of the lab: started once, found again after a crash, and stopped without leaving any behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def _started(pid: int) -> str | None:
    """Return something that tells this process from a later one with the same number; None if there is none."""
    try:
        if sys.platform == "linux":
            # After the command, which may hold spaces, field 20 is the start time in clock ticks; field 1 the state.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip() or None
    except (OSError, IndexError):
        return None


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True)
class Process:
    """A program of a lab with its log and its note of the process that runs it.

    Args:
        name: names the log and the note.
        folder: the lab's state folder.
        tied: end with the program that started it (for tests); otherwise it outlives it.
    """

    name: str
    folder: Path
    tied: bool = False

    @property
    def log(self) -> Path:
        """The file with what the program printed."""
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def _note(self) -> Path:
        return self.folder / "run" / self.name

    def pid(self) -> int | None:
        """Return the number of the running process."""
        try:
            number, started = self._note.read_text().split(" ", 1)
        except (OSError, ValueError):
            return None
        return int(number) if _started(int(number)) == started else None

    def start(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Start the program unless it runs."""
        if self.pid():
            return
        for path in (self.log, self._note):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=not self.tied,
                preexec_fn=_die_with_parent if self.tied else None,  # noqa: PLW1509
            )
        self._note.write_text(f"{process.pid} {_started(process.pid)}")

    def stop(self, number: signal.Signals = signal.SIGTERM, grace: float = 10) -> None:
        """Stop the program; with SIGKILL after `grace` seconds."""
        pid = self.pid()
        if pid:
            os.kill(pid, number)
            if not self._gone(pid, grace):
                os.kill(pid, signal.SIGKILL)
                self._gone(pid, grace)
        self._note.unlink(missing_ok=True)

    def _gone(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            if self.pid() != pid:
                # A child that has ended stays in the table of processes until its parent has asked how; and its
                # threads may end after it.
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
