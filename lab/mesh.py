"""The lab of the mesh stack: a control plane for each of its clusters, and a player of Skupper and MetalLB."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import cast

from lab import crds
from lab.binaries import ensure
from lab.cluster import Cluster
from lab.controlplane import PARTS, ControlPlane, write_private
from lab.folder import FLEET, LabFolder
from lab.kubeconfigs import merged
from lab.nodes import add_nodes
from preview.recording import ROOT
from preview.stack_settings import read_any
from settings import Mesh, MeshSettings

STACK = "mesh"
# What the lab changes in the stack's config: Helm charts and manifests from elsewhere are not installed, because what
# they would bring is played.
PLAYED = {
    "spillway:mesh.controller.install": "existing",
    "spillway:mesh.metalLB.install": "existing",
    "spillway:mesh.clusters[0].console": False,
}
# Where the real releases would be.
NAMESPACES = ("metallb-system", "skupper", "skupper-site-controller")


class MeshLab(LabFolder):
    """The lab of the mesh stack; its kubeconfig has the stack's contexts."""

    def __init__(self, folder: Path, say: Callable[[str], None], *, crds: Path | None = None, tied: bool = False):
        super().__init__(folder, say, crds=crds, tied=tied)
        # Its threads live as long as this: a tied process ends with the thread that started it.
        self._workers = ThreadPoolExecutor(thread_name_prefix="mesh")

    @cached_property
    def settings(self) -> Mesh:
        """The stack's settings.

        Raises:
            settings.SettingsError: the stack's file is wrong.
        """
        return cast(MeshSettings, read_any(STACK, ROOT)).mesh

    @property
    def contexts(self) -> list[str]:
        """The contexts of the stack's clusters."""
        return [cluster.context for cluster in self.settings.clusters]

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

    def _played(self) -> list[str]:
        return ["--mesh", *self.contexts]

    def running(self) -> dict[str, int | None]:
        """Return the process number of each part, None where it does not run."""
        parts = {f"{p.folder.name}/{name}": pid for p in self._started() for name, pid in p.running().items()}
        return {FLEET: self.process(FLEET).pid(), **parts}

    def stop(self) -> None:
        """Stop every process, the player before the API servers."""
        self.process(FLEET).stop()
        list(self._workers.map(ControlPlane.stop, self._started()))

    def _started(self) -> list[ControlPlane]:
        """Return the control planes that were started once, whatever the stack's file says by now."""
        return [ControlPlane(path.parent, {}) for path in sorted(self.folder.glob("*/certificates"))]

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

    def _furnish(self, context: str) -> None:
        cluster = self.cluster(context)
        crds.install_crds(cluster, crds.crd_manifests(self._crds, crds.MESH))
        for name in NAMESPACES:
            cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        add_nodes(cluster, 1)
