"""The lab as a whole: a control plane that looks like an OpenShift hub, with Kyverno, and the simulator of the rest."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from lab import crds
from lab.binaries import ensure
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.kyverno import CONTROLLERS, Kyverno
from lab.processes import Process

NODES = 3
FLEET = "fleet"


class Hub:
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
        """The kubeconfig of the administrator; its context is `lab`."""
        return self.folder / "kubeconfig"

    def start(self) -> None:
        """Bring everything up but the simulator; what runs already is left alone."""
        binaries = ensure(self.say)
        self.control_plane = ControlPlane(self.folder, binaries, tied=self._tied)
        self.control_plane.start()
        self.cluster = Cluster(self.kubeconfig)
        crds.install(self.cluster, self._crds)
        self._add_nodes()
        self.kyverno = Kyverno(self.control_plane)
        self.kyverno.install()
        self.kyverno.start()

    def play(self, factor: float) -> None:
        """Start the simulator as a process, with time running `factor` times faster."""
        command = [sys.executable, "-m", "lab.fleet", "--kubeconfig", str(self.kubeconfig), "--factor", str(factor)]
        path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        self.process(FLEET).start(command, {"PYTHONPATH": path})

    def process(self, name: str) -> Process:
        """Return a process of the lab by its name."""
        return Process(name, self.folder, self._tied)

    def running(self) -> dict[str, int | None]:
        """Return the process number of each part, None where it does not run."""
        names = [FLEET, *(f"kyverno-{controller.name}" for controller in reversed(CONTROLLERS))]
        return {name: self.process(name).pid() for name in names} | ControlPlane(self.folder, {}).running()

    def stop(self) -> None:
        """Stop every process, the clients before the API server."""
        for name in (*(name for name in self.running() if name.startswith((FLEET, "kyverno"))),):
            self.process(name).stop()
        ControlPlane(self.folder, {}).stop()

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(f"the lab in {self.folder.name} is gone")

    def how_to_use(self) -> str:
        """Return how to look around and how to stop."""
        return (
            f"look around:  export KUBECONFIG={self.kubeconfig}\n"
            "              kubectl get clusterpools,clusterclaims,clusterdeployments -A\n"
            f"logs:         {self.folder / 'logs'}\n"
            "stop:         make down"
        )

    def _add_nodes(self) -> None:
        for number in range(NODES):
            self.cluster.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {
                        "name": f"node-{number}",
                        "annotations": {"kwok.x-k8s.io/node": "fake"},
                        "labels": {"kubernetes.io/hostname": f"node-{number}"},
                    },
                }
            )
