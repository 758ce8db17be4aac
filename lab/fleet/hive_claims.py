"""Plays Hive's clusterclaim controller (openshift/hive, pkg/controller/clusterclaim).

Keeps: the conditions and their reasons; the lifetime, counted from when the claim got its cluster; the finalizer.
A released claim stays until its cluster is gone, and Hive leaves it alone until then. A claim whose cluster vanished
gets no other; one whose cluster is another claim's is pending again. Who strips Hive's finalizer leaks the cluster.
Leaves out: RBAC for the claim's subjects.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.arithmetic import lifetime
from lab.fleet.hive_pools import RELEASED
from lab.fleet.objects import HIVE, Thing, seconds, things
from lab.fleet.timing import Clock
from settings.values import nanoseconds

FINALIZER = "hive.openshift.io/claim"


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every claim one step on."""
    claims = things(cluster, HIVE, "ClusterClaim")
    pools = {(pool.namespace, pool.name): pool for pool in things(cluster, HIVE, "ClusterPool")}
    deployments = {found.name: found for found in things(cluster, HIVE, "ClusterDeployment")}
    for claim in claims:
        deployment = deployments.get(claim.spec.get("namespace", ""))
        if claim.deleting:
            _release(claim, deployment, say)
            continue
        claim.set_finalizers([*claim.finalizers, FINALIZER])
        initial = ("Unknown", "Initialized", "Condition Initialized")
        new = {name: initial for name in ("Pending", "ClusterRunning") if not claim.condition(name)}
        claim.set_conditions(**new)
        if not claim.spec.get("namespace"):
            continue
        if not _expire(claim, pools.get((claim.namespace, claim.spec["clusterPoolName"])), clock, say):
            _report(claim, deployment)


def holds(claim: Thing, deployment: Thing) -> bool:
    """Tell whether the cluster says that it is this claim's."""
    reference = deployment.pool_reference
    return (reference.get("namespace"), reference.get("claimName")) == (claim.namespace, claim.name)


def _report(claim: Thing, deployment: Thing | None) -> None:
    if deployment is None:
        claim.set_conditions(ClusterRunning=("False", "ClusterDeleted", "Assigned cluster has been deleted"))
    elif deployment.deleting or RELEASED in deployment.annotations:
        message = "Assigned cluster has been marked for deletion"
        claim.set_conditions(ClusterRunning=("False", "ClusterDeleting", message))
    elif holds(claim, deployment):
        running = ("False", "Resuming", "Waiting for cluster to be running")
        if deployment.status.get("powerState") == "Running":
            running = ("True", "Running", "Cluster is running")
        claim.set_conditions(Pending=("False", "ClusterClaimed", "Cluster claimed"), ClusterRunning=running)
    elif deployment.pool_reference.get("claimName"):
        message = "Assigned cluster was claimed by a different ClusterClaim"
        claim.set_conditions(Pending=("True", "AssignmentConflict", message))
        claim.merge({"spec": {"namespace": None}})


def _expire(claim: Thing, pool: Thing | None, clock: Clock, say: Callable[[str], None]) -> bool:
    bounds: dict[str, str] = (pool.spec.get("claimLifetime") if pool else None) or {}
    allowed = lifetime(claim.spec.get("lifetime"), bounds.get("default"), bounds.get("maximum"))
    if allowed is None:
        return False
    claim.set_status(lifetime=allowed)
    pending = claim.condition("Pending")
    ended = pending["status"] == "False" and clock.over(
        nanoseconds(allowed) / 1e9, seconds(pending["lastTransitionTime"])
    )
    if ended:
        claim.delete()
        say(f"claim {claim.name} has reached the end of its lifetime, {allowed}")
    return ended


def _release(claim: Thing, deployment: Thing | None, say: Callable[[str], None]) -> None:
    if FINALIZER not in claim.finalizers:
        return
    if deployment is None or not holds(claim, deployment):
        claim.set_finalizers(name for name in claim.finalizers if name != FINALIZER)
        say(f"claim {claim.name} is let go, nothing is left of it")
    elif not deployment.deleting and RELEASED not in deployment.annotations:
        deployment.merge({"metadata": {"annotations": {RELEASED: "true"}}})
        say(f"claim {claim.name} is released, {deployment.name} is to be deleted")
