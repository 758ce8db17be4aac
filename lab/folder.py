"""What the labs have in common: a folder with their state, processes in it, and a simulator."""

import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from lab.processes import Process
from preview.recording import ROOT

FLEET = "fleet"


class LabFolder(ABC):
    """A lab in a folder.

    Args:
        folder: its state; made on start, removed by `remove`.
        say: is told about long steps.
        crds: a folder with upstream CRDs.
        tied: end with the program that started it (for tests).
    """

    def __init__(self, folder: Path, say: Callable[[str], None], *, crds: Path | None = None, tied: bool = False):
        self.folder = folder
        self.say = say
        self._crds = crds
        self._tied = tied

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the administrator."""
        return self.folder / "kubeconfig"

    def process(self, name: str) -> Process:
        """Return a process of the lab by its name."""
        return Process(name, self.folder, self._tied)

    def play(self, factor: float) -> None:
        """Start the simulator as a process, with time running `factor` times faster."""
        command = [sys.executable, "-m", "lab.fleet", "--kubeconfig", str(self.kubeconfig), "--factor", str(factor)]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self.process(FLEET).start([*command, *self._played()], {"PYTHONPATH": path})

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(f"the lab in {self.folder.name} is gone")

    @abstractmethod
    def stop(self) -> None:
        """Stop every process, the clients before the API servers."""

    @abstractmethod
    def _played(self) -> list[str]:
        """Return what tells the simulator what to play."""
