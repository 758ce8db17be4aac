"""Runs the played controllers: one loop, woken by watches and by the clock."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster
from lab.fleet import acm, hive_claims, hive_deployments, hive_pools, olm, skupper
from lab.fleet.objects import HIVE
from lab.fleet.timing import Timings

WATCHED = (
    (HIVE, "ClusterPool"), (HIVE, "ClusterClaim"), (HIVE, "ClusterDeployment"), (olm.API, "Subscription"),
    (olm.API, "InstallPlan"), (acm.API, "MultiClusterHub"),
)  # fmt: skip
# The longest that a step may be late: what only the clock brings about is looked at this often.
TICK = 0.25


class Fleet:
    """The simulator of a hub, with the administrator's rights.

    Args:
        kubeconfig: the lab's API server.
        factor: how many times faster than in the real world the played parts are.
        say: is told what was played.
    """

    def __init__(self, kubeconfig: Path, factor: float, say: Callable[[str], None] = print):
        self._cluster = Cluster(kubeconfig, "lab-fleet")
        self._timings = Timings(factor)
        self._tell = say
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to play."""
        for kind in WATCHED:
            threading.Thread(target=self._watch, args=kind, daemon=True).start()
        self._thread.start()

    def stop(self) -> None:
        """Stop playing after the step that is under way."""
        self._stopped.set()
        self._thread.join()

    def step(self) -> None:
        """Let every controller look once."""
        now = time.time()
        olm.reconcile(self._cluster, self._timings, now, self._say)
        acm.reconcile(self._cluster, self._timings, now, self._say)
        skupper.reconcile(self._cluster, self._timings, now, self._say)
        hive_claims.reconcile(self._cluster, self._timings, now, self._say)
        hive_pools.reconcile(self._cluster, self._say)
        hive_deployments.reconcile(self._cluster, self._timings, now, self._say)

    def _say(self, text: str) -> None:
        self._tell(f"played: {text}")

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.step()
            except (ApiException, HTTPError, OSError, LookupError):
                # Somebody else was quicker, or the API server is away: look again.
                time.sleep(TICK)
            self._changed.wait(TICK)
            self._changed.clear()

    def _watch(self, api_version: str, kind: str) -> None:
        for _ in self._cluster.watch(api_version, kind):
            self._changed.set()
