"""Where the CPU time of a command goes, by the program that uses it."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab.binaries import LabError

INTERVAL = 0.1


@dataclass(frozen=True)
class Spent:
    """What a command took.

    Attributes:
        wall: seconds from start to end.
        parts: CPU seconds by part.
    """

    wall: float
    parts: Mapping[str, float]


def spent(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    parts: Mapping[str, str],
    servers: Mapping[str, Sequence[int]],
) -> Spent:
    """Run a command and return where its time went.

    A process counts with what it had used when it was last looked at, a tenth of a second before its end at most.

    Args:
        command: what to run.
        folder: where.
        env: its environment.
        parts: for each part, the words by which its processes' command lines are known; the first that fits counts.
        servers: for each part that it asks, the numbers of its processes, which are not its children.

    Raises:
        LabError: the command failed; the message is the end of what it printed.
    """
    before = _of(servers)
    begin = time.monotonic()
    # To a file: a pipe that nobody reads would hold the command up.
    with tempfile.TemporaryFile("w+") as output:
        running = subprocess.Popen(command, cwd=folder, env=dict(env), stdout=output, stderr=subprocess.STDOUT)
        watched: dict[int, _Look] = {}
        over = threading.Event()

        def watch() -> None:
            root = psutil.Process(running.pid)
            while not over.wait(INTERVAL):
                watched.update(_family(root))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = running.wait()
        over.set()
        watcher.join()
        wall = time.monotonic() - begin
        if code:
            output.seek(0)
            raise LabError(f"{' '.join(command)} failed:\n{output.read()[-2000:]}")
    used = dict.fromkeys(parts, 0.0)
    for look in watched.values():
        part = next((name for name, known_by in parts.items() if known_by in look.words), None)
        if part:
            used[part] += look.seconds
    return Spent(wall, used | {part: seconds - before[part] for part, seconds in _of(servers).items()})


@dataclass(frozen=True)
class _Look:
    words: str
    seconds: float


def _family(root: psutil.Process) -> dict[int, _Look]:
    found: dict[int, _Look] = {}
    try:
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return found
    for member in members:
        try:
            found[member.pid] = _Look(" ".join(member.cmdline()), _seconds(member))
        except psutil.NoSuchProcess:
            continue
    return found


def _of(servers: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {part: sum(_seconds(psutil.Process(pid)) for pid in pids) for part, pids in servers.items()}


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
