"""The clusters of the pools, each a real control plane of its own: etcd, API server, controllers, scheduler, KWOK.

A cluster's processes run while Hive says that its machines do. Its data outlives a hibernation, and goes with the
ClusterDeployment. All that there is to know about a cluster is in its folder, so that the simulator may be killed and
started again, and anybody else can look at the cluster meanwhile.
"""

import shutil
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from lab import crds
from lab.binaries import Say
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.nodes import add_nodes

FOLDER = "spokes"
WORKERS = 3
# While these start or end, more wait: an API server takes a core for five seconds to come up.
AT_ONCE = 4


class Spokes:
    """The pools' clusters of a lab.

    Args:
        folder: the lab's state folder; each cluster has a folder below `spokes` in it.
        binaries: the programs, from `lab.binaries.ensure`; none are needed to look, to stop and to remove.
        tied: end with the program that started them (for tests).
        say: is told what failed in the background.
    """

    def __init__(self, folder: Path, binaries: Mapping[str, Path], *, tied: bool = False, say: Say = print):
        self._folder = folder / FOLDER
        self._binaries = binaries
        self._tied = tied
        self._say = say
        self._jobs: dict[str, Future[None]] = {}
        self._clients: dict[str, tuple[int, Cluster]] = {}
        # Its threads live as long as this: a tied process ends with the thread that started it.
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="spokes")

    def control_plane(self, name: str) -> ControlPlane:
        """Return the control plane of a cluster, running or not."""
        return ControlPlane(self._folder / name, self._binaries, tied=self._tied)

    def names(self) -> list[str]:
        """Return the clusters that have data, running or not."""
        return sorted(path.name for path in self._folder.iterdir()) if self._folder.is_dir() else []

    def running(self) -> dict[str, int]:
        """Return every process of every cluster by `<cluster>/<program>`."""
        return {
            f"{name}/{part}": pid
            for name in self.names()
            for part, pid in self.control_plane(name).running().items()
            if pid
        }

    def spoke(self, name: str) -> Cluster | None:
        """Return a cluster that is up and furnished, or None."""
        server = self.control_plane(name).process("kube-apiserver").pid()
        if not server or self._furnished(name) != server:
            return None
        if self._clients.get(name, (0,))[0] != server:
            # After another start it may have another port.
            self._clients[name] = server, Cluster(self.control_plane(name).kubeconfig)
        return self._clients[name][1]

    def start(self, name: str) -> Cluster:
        """Bring a cluster up, with what an OpenShift cluster has, and wait until it is.

        Raises:
            lab.binaries.LabError: a program ended, or the API server does not answer.
        """
        control_plane = self.control_plane(name)
        control_plane.start()
        cluster = Cluster(control_plane.kubeconfig)
        crds.install_spoke(cluster)
        add_nodes(cluster, WORKERS)
        server = control_plane.process("kube-apiserver").pid() or 0
        self._clients[name] = server, cluster
        (self._folder / name / "furnished").write_text(str(server))
        return cluster

    def stop(self, name: str) -> None:
        """Stop a cluster's processes; its data stays."""
        (self._folder / name / "furnished").unlink(missing_ok=True)
        self.control_plane(name).stop()
        self._clients.pop(name, None)

    def remove(self, name: str) -> None:
        """Stop a cluster and remove its data."""
        self.stop(name)
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def settle(self, wanted: Mapping[str, bool | None]) -> None:
        """Begin to start, stop and remove clusters until they are as wanted, one step a cluster; returns at once.

        Args:
            wanted: the clusters that exist, and whether they run; None leaves one as it is. Others are removed.
        """
        for name in {*wanted, *self.names()}:
            job = self._jobs.get(name)
            if (job and not job.done()) or wanted.get(name, False) is None:
                continue
            # All of its programs, as one of them may have been killed.
            pids = self.control_plane(name).running().values()
            if name not in wanted:
                self._begin(name, self.remove)
            elif wanted[name] and not (self._furnished(name) and all(pids)):
                self._begin(name, self.start)
            elif not wanted[name] and any(pids):
                self._begin(name, self.stop)

    def wait(self) -> None:
        """Wait for what was begun."""
        for job in list(self._jobs.values()):
            job.result()

    def stop_all(self) -> None:
        """Stop every process of every cluster, after what was begun."""
        self.wait()
        list(self._workers.map(self.stop, self.names()))

    def _begin(self, name: str, step: Callable[[str], object]) -> None:
        def run() -> None:
            try:
                step(name)
            except Exception:
                # Seen and tried again at the next look; the simulator goes on.
                self._say(f"{name}: {traceback.format_exc(limit=1)}")

        self._jobs[name] = self._workers.submit(run)

    def _furnished(self, name: str) -> int | None:
        try:
            return int((self._folder / name / "furnished").read_text())
        except (OSError, ValueError):
            return None
