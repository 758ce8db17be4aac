"""The lab as a whole: a control plane that looks like an OpenShift hub, with Kyverno, and the simulator of the rest."""

import subprocess

from lab import argocd, crds
from lab.argocd import ArgoCD
from lab.binaries import ensure
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.folder import FLEET, LabFolder
from lab.kyverno import CONTROLLERS, Kyverno
from lab.nodes import add_nodes
from lab.repository import Repository
from lab.spokes import FOLDER, Spokes

NODES = 3


class Hub(LabFolder):
    """The lab of a hub stack; its kubeconfig has the context `lab`."""

    def start(self) -> None:
        """Bring everything up but the simulator; what runs already is left alone."""
        binaries = ensure(self.say)
        self.control_plane = ControlPlane(self.folder, binaries, tied=self._tied)
        self.control_plane.start()
        self.cluster = Cluster(self.kubeconfig)
        crds.install(self.cluster, self._crds)
        add_nodes(self.cluster, NODES)
        self.kyverno = Kyverno(self.control_plane)
        self.kyverno.install()
        self.kyverno.start()
        self.argocd = ArgoCD(self.control_plane)
        self.argocd.install()
        self.argocd.start()

    def _played(self) -> list[str]:
        return ["--spokes", str(self.folder), *(["--tied"] if self._tied else [])]

    @property
    def spokes(self) -> Spokes:
        """The pools' clusters, to look at; the simulator starts and stops them."""
        return Spokes(self.folder, {})

    def memory(self) -> int:
        """Return the resident memory of all processes of the lab, in bytes."""
        pids = [str(pid) for pid in self.running().values() if pid]
        shown = subprocess.run(["ps", "-o", "rss=", "-p", ",".join(pids)], capture_output=True, text=True, check=False)
        return sum(int(line) for line in shown.stdout.split()) * 1024

    @property
    def repository(self) -> Repository:
        """The git repository that Argo CD reads."""
        return Repository(self.folder / "gitops.git")

    def running(self) -> dict[str, int | None]:
        """Return the process number of each part, None where it does not run."""
        own = {name: self.process(name).pid() for name in self._clients()} | ControlPlane(self.folder, {}).running()
        return own | {f"{FOLDER}/{name}": pid for name, pid in self.spokes.running().items()}

    def stop(self) -> None:
        """Stop every process, the clients before the API server."""
        for name in self._clients():
            # The simulator finishes what it has begun to do with a cluster.
            self.process(name).stop(grace=60 if name == FLEET else 10)
        self.spokes.stop_all()
        ControlPlane(self.folder, {}).stop()

    def how_to_use(self) -> str:
        """Return how to look around and how to stop."""
        return (
            f"look around:  export KUBECONFIG={self.kubeconfig}\n"
            "              kubectl get clusterpools,clusterclaims,clusterdeployments,managedclusters,applications -A\n"
            f"a cluster:    kubectl --kubeconfig {self.folder / FOLDER}/<cluster>/kubeconfig get pods -A\n"
            f"logs:         {self.folder / 'logs'}\n"
            "stop:         make down"
        )

    @staticmethod
    def _clients() -> list[str]:
        """Return the processes that talk to the API server, in the order in which they are stopped."""
        return [
            FLEET,
            *(controller.process for controller in reversed(argocd.CONTROLLERS)),
            *(f"kyverno-{controller.name}" for controller in reversed(CONTROLLERS)),
        ]
