"""The lab of the mesh stack: a control plane for each of its clusters, and a player of Skupper and MetalLB."""

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from lab import crds
from lab.binaries import ensure
from lab.cluster import Cluster
from lab.controlplane import PARTS, ControlPlane, write_private
from lab.kubeconfigs import merged
from lab.nodes import add_nodes
from lab.processes import Process
from preview.recording import ROOT
from preview.stack_settings import read_any
from settings import MeshSettings

STACK = "mesh"
PLAYER = "fleet"
# What the lab changes in the stack's config: Helm charts and manifests from elsewhere are not installed, because what
# they would bring is played.
PLAYED = {
    "spillway:mesh.controller.install": "existing",
    "spillway:mesh.metalLB.install": "existing",
    "spillway:mesh.clusters[0].console": False,
}
# Where the real releases would be.
NAMESPACES = ("metallb-system", "skupper", "skupper-site-controller")


class MeshLab:
    """The mesh's lab in a folder.

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
        self.settings = cast(MeshSettings, read_any(STACK, ROOT)).mesh
        self.contexts: list[str] = [cluster.context for cluster in self.settings.clusters]
        # Its threads live as long as this: a tied process ends with the thread that started it.
        self._workers = ThreadPoolExecutor(len(self.contexts), thread_name_prefix="mesh")

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig with the stack's contexts."""
        return self.folder / "kubeconfig"

    def control_plane(self, context: str) -> ControlPlane:
        """Return the control plane behind a context; it must have been started once."""
        return ControlPlane(self.folder / context, self._binaries, tied=self._tied)

    def cluster(self, context: str) -> Cluster:
        """Return a client for a context."""
        return Cluster(self.kubeconfig, context=context)

    def start(self) -> None:
        """Bring everything up but the player; what runs already is left alone."""
        self._binaries = ensure(self.say, PARTS)
        list(self._workers.map(ControlPlane.start, map(self.control_plane, self.contexts)))
        write_private(self.kubeconfig, merged({c: self.control_plane(c).kubeconfig for c in self.contexts}))
        list(self._workers.map(self._furnish, self.contexts))

    def play(self, factor: float) -> None:
        """Start the player as a process, with time running `factor` times faster."""
        command = [sys.executable, "-m", "lab.fleet", "--kubeconfig", str(self.kubeconfig), "--factor", str(factor)]
        path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        self._player().start([*command, "--mesh", *self.contexts], {"PYTHONPATH": path})

    def running(self) -> dict[str, int | None]:
        """Return the process number of each part, None where it does not run."""
        planes = {context: ControlPlane(self.folder / context, {}) for context in self.contexts}
        parts = {f"{context}/{name}": pid for context, plane in planes.items() for name, pid in plane.running().items()}
        return {PLAYER: self._player().pid(), **parts}

    def stop(self) -> None:
        """Stop every process, the player before the API servers."""
        self._player().stop()
        list(self._workers.map(ControlPlane.stop, [ControlPlane(self.folder / c, {}) for c in self.contexts]))

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.say(f"the lab in {self.folder.name} is gone")

    def how_to_use(self) -> str:
        """Return how to look around and how to stop."""
        first, namespace = self.contexts[0], self.settings.namespace
        return (
            f"look around:  export KUBECONFIG={self.kubeconfig}\n"
            f"              kubectl --context {first} -n {namespace} get sites,listeners,services\n"
            f"              kubectl --context {self.contexts[-1]} -n {namespace} get links,connectors,pods\n"
            f"logs:         {self.folder / 'logs'}\n"
            "stop:         make down"
        )

    def _player(self) -> Process:
        return Process(PLAYER, self.folder, self._tied)

    def _furnish(self, context: str) -> None:
        cluster = self.cluster(context)
        crds.install_crds(cluster, crds.crd_manifests(self._crds, crds.MESH))
        for name in NAMESPACES:
            cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        add_nodes(cluster, 1)
