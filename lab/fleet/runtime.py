"""Plays a hub: OLM, ACM, Hive, the machines of its pools, and Skupper on it and on its pools' clusters."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

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
    hive_kubeconfigs,
    hive_namespaces,
    hive_pools,
    hive_sync,
    olm,
    skupper,
)
from lab.fleet.objects import HIVE
from lab.fleet.player import Kind, Player, Reconcile, Say
from lab.fleet.spokes import Spokes, nowhere
from lab.fleet.timing import Clock, Timings

POOL, CLAIM, DEPLOYMENT = (HIVE, "ClusterPool"), (HIVE, "ClusterClaim"), (HIVE, "ClusterDeployment")
MANAGED = (acm_claims.API, "ManagedCluster")
DECISION = (acm_placement.PLACEMENTS, "PlacementDecision")
Controller = Callable[[Cluster, Clock, Say], None]


def controllers(
    cluster: Cluster, spokes: Spokes | None, settle: aws_machines.Settle | None
) -> dict[Reconcile, tuple[Kind, ...]]:
    """Return each controller of a hub, and the kinds whose changes wake it."""
    there = spokes or nowhere
    of_acm: dict[Controller, tuple[Kind, ...]] = {
        hive_pools.reconcile: (POOL, CLAIM, DEPLOYMENT),
        hive_claims.reconcile: (POOL, CLAIM, DEPLOYMENT),
        partial(hive_deployments.reconcile, spokes): (DEPLOYMENT,),
        hive_namespaces.reconcile: (DEPLOYMENT,),
        hive_deprovision.reconcile: (DEPLOYMENT,),
        acm_pools.reconcile: (POOL,),
        acm_claims.reconcile: (CLAIM, DEPLOYMENT),
        partial(acm_clusters.reconcile, spokes): (MANAGED, DEPLOYMENT),
        acm_placement.reconcile: (MANAGED, (acm_placement.PLACEMENTS, "Placement")),
        partial(acm_gitops.reconcile, spokes): (MANAGED, DECISION),
    }
    if spokes:
        of_acm[partial(hive_sync.reconcile, spokes)] = (DEPLOYMENT, (HIVE, "SelectorSyncSet"))
        of_acm[partial(hive_kubeconfigs.reconcile, spokes)] = (DEPLOYMENT,)
    played: dict[Controller, tuple[Kind, ...]] = {
        partial(olm.reconcile, there): ((olm.API, "Subscription"), (olm.API, "InstallPlan"), DEPLOYMENT),
        acm.reconcile: ((acm.API, "MultiClusterHub"),),
        partial(skupper.on_hub, there): (*skupper.WATCHED, DEPLOYMENT),
        **{partial(_with_acm, reconcile): kinds for reconcile, kinds in of_acm.items()},
    }
    if settle:
        played[partial(aws_machines.reconcile, settle)] = (DEPLOYMENT,)
    return {partial(reconcile, cluster): kinds for reconcile, kinds in played.items()}


def _with_acm(reconcile: Controller, cluster: Cluster, clock: Clock, say: Say) -> None:
    if acm.present(cluster):
        reconcile(cluster, clock, say)


class Fleet(Player):
    """The simulator of a hub, with the administrator's rights.

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
        super().__init__(factor, say, timings)
        self._kubeconfig = kubeconfig
        self._spokes = spokes
        self._settle = settle

    def start(self) -> None:
        """Begin to play."""
        # Connections of their own for the watches, which hold them.
        acting, watching = Cluster(self._kubeconfig, "lab-fleet"), Cluster(self._kubeconfig, "lab-fleet")
        acm_webhooks.install(acting)
        self.play(controllers(acting, self._spokes, self._settle), [lambda: watching])
