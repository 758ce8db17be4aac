"""Runs the played controllers: a loop each, woken by watches and by what is due next."""

import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster
from lab.fleet import (
    acm,
    acm_claims,
    acm_clusters,
    acm_gitops,
    acm_placement,
    acm_pools,
    acm_webhooks,
    aws_machines,
    hive_claims,
    hive_deployments,
    hive_deprovision,
    hive_pools,
    hive_sync,
    olm,
    skupper,
    skupper_network,
)
from lab.fleet.objects import HIVE
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock, Timings

Say = Callable[[str], None]
Reconcile = Callable[[Cluster, Clock, Say], None]

POOL, CLAIM, DEPLOYMENT = (HIVE, "ClusterPool"), (HIVE, "ClusterClaim"), (HIVE, "ClusterDeployment")
MANAGED = (acm_claims.API, "ManagedCluster")
DECISION = (acm_placement.PLACEMENTS, "PlacementDecision")


def controllers(
    spokes: Spokes | None, settle: aws_machines.Settle | None
) -> dict[Reconcile, tuple[tuple[str, str], ...]]:
    """Return each controller, and the kinds whose changes wake it."""
    played: dict[Reconcile, tuple[tuple[str, str], ...]] = {
        olm.reconcile: ((olm.API, "Subscription"), (olm.API, "InstallPlan")),
        acm.reconcile: ((acm.API, "MultiClusterHub"),),
        skupper.reconcile: (("v1", "Secret"),),
        hive_pools.reconcile: (POOL, CLAIM, DEPLOYMENT),
        hive_claims.reconcile: (POOL, CLAIM, DEPLOYMENT),
        partial(hive_deployments.reconcile, spokes): (DEPLOYMENT,),
        hive_deprovision.reconcile: (DEPLOYMENT,),
        acm_pools.reconcile: (POOL,),
        acm_claims.reconcile: (CLAIM, DEPLOYMENT),
        partial(acm_clusters.reconcile, spokes): (MANAGED, DEPLOYMENT),
        acm_placement.reconcile: (MANAGED, (acm_placement.PLACEMENTS, "Placement")),
        partial(acm_gitops.reconcile, spokes): (MANAGED, DECISION),
    }
    if spokes:
        played[partial(hive_sync.reconcile, spokes)] = (DEPLOYMENT, (HIVE, "SelectorSyncSet"))
        played[partial(skupper_network.reconcile, spokes)] = (DEPLOYMENT, MANAGED)
    if settle:
        played[partial(aws_machines.reconcile, settle)] = (DEPLOYMENT,)
    return played


# A controller looks this often even if nothing woke it, in seconds: not all that it reads is watched.
RESYNC = 1.0
PAUSE = 0.1


class Fleet:
    """The simulator of a hub, with the administrator's rights.

    All state is in the API objects, every look starts from what is there: it may end at any point and start again.

    Args:
        kubeconfig: the lab's API server.
        factor: how many times faster than in the real world the played parts are.
        say: is told what was played.
        timings: how long things take in the real world.
        spokes: where the pools' clusters are; without it none has an API server, and nothing is put into them.
        settle: starts and stops the pools' clusters.
    """

    def __init__(
        self,
        kubeconfig: Path,
        factor: float = 120,
        say: Say = print,
        timings: Timings | None = None,
        *,
        spokes: Spokes | None = None,
        settle: aws_machines.Settle | None = None,
    ):
        self._kubeconfig = kubeconfig
        self._factor = factor
        self._tell = say
        self._timings = timings or Timings()
        self._spokes = spokes
        self._settle = settle
        self._stopped = threading.Event()
        self._speaking = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._wakes: list[threading.Event] = []

    def start(self) -> None:
        """Begin to play."""
        # Connections of their own for the watches, which hold them.
        acting, watching = Cluster(self._kubeconfig, "lab-fleet"), Cluster(self._kubeconfig, "lab-fleet")
        acm_webhooks.install(acting)
        woken: dict[tuple[str, str], list[threading.Event]] = defaultdict(list)
        for reconcile, kinds in controllers(self._spokes, self._settle).items():
            wake = threading.Event()
            self._wakes.append(wake)
            for kind in kinds:
                woken[kind].append(wake)
            self._threads.append(threading.Thread(target=self._run, args=(acting, reconcile, wake), daemon=True))
        for thread in self._threads:
            thread.start()
        for kind, events in woken.items():
            threading.Thread(target=self._watch, args=(watching, *kind, events), daemon=True).start()

    def stop(self) -> None:
        """Stop playing after the looks that are under way."""
        self._stopped.set()
        for wake in self._wakes:
            wake.set()
        for thread in self._threads:
            thread.join()

    def _say(self, text: str) -> None:
        with self._speaking:
            self._tell(f"played: {text}")

    def _run(self, cluster: Cluster, reconcile: Reconcile, wake: threading.Event) -> None:
        while not self._stopped.is_set():
            clock = Clock(self._timings, self._factor, time.time())
            try:
                reconcile(cluster, clock, self._say)
            except (ApiException, HTTPError, OSError, LookupError) as error:
                # Somebody else was quicker, or the API server or a kind is away: look again.
                if isinstance(error, KeyError | IndexError):
                    self._tell(traceback.format_exc())
                clock.due = 0
            wake.wait(min(RESYNC, max(PAUSE, clock.due - time.time())))
            wake.clear()

    def _watch(self, cluster: Cluster, api_version: str, kind: str, woken: list[threading.Event]) -> None:
        while not self._stopped.is_set():
            try:
                for _ in cluster.watch(api_version, kind):
                    for event in woken:
                        event.set()
                    if self._stopped.is_set():
                        return
            except LookupError:
                self._stopped.wait(RESYNC)
