"""Plays Hive's clusterclaim controller (openshift/hive, pkg/controller/clusterclaim).

Keeps: the finalizer, `spec.namespace`, the conditions and their reasons, the lifetime (the shorter of the claim's and
the pool's maximum, counted from when the claim got its cluster), and that a released claim stays, with its status kept,
until its cluster is gone. Leaves out: RBAC for the claim's subjects, assignment conflicts.
"""

from collections.abc import Callable

from lab.cluster import Cluster, Manifest
from lab.fleet.hive_pools import RELEASED
from lab.fleet.objects import (
    HIVE,
    annotations,
    condition,
    deleting,
    finalizers,
    merge,
    pool_reference,
    seconds,
    set_finalizers,
    set_status,
    status,
    with_conditions,
)
from lab.fleet.timing import Timings
from settings.values import nanoseconds

FINALIZER = "hive.openshift.io/claim"


def lifetime(claim: str | None, default: str | None, maximum: str | None) -> float | None:
    """Return the seconds that a claim may live, or None for ever."""
    bounds = [nanoseconds(text) / 1e9 for text in (claim or default, maximum) if text]
    return min(bounds) if bounds else None


def reconcile(cluster: Cluster, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    """Bring every claim one step on."""
    deployments = {
        (reference["namespace"], reference["claimName"]): found
        for found in cluster.find(HIVE, "ClusterDeployment")
        if "claimName" in (reference := pool_reference(found))
    }
    for claim in cluster.find(HIVE, "ClusterClaim"):
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        deployment = deployments.get((namespace, name))
        if deleting(claim):
            _release(cluster, claim, deployment)
            continue
        set_finalizers(cluster, claim, dict.fromkeys([*finalizers(claim), FINALIZER]))
        _report(cluster, claim, deployment)
        pool = cluster.get(HIVE, "ClusterPool", claim["spec"]["clusterPoolName"], namespace)
        bounds: dict[str, str] = pool["spec"].get("claimLifetime", {}) if pool else {}
        allowed = lifetime(claim["spec"].get("lifetime"), bounds.get("default"), bounds.get("maximum"))
        pending = condition(claim, "Pending")
        counts = allowed is not None and pending.get("status") == "False"
        if counts and timings.over(allowed or 0, seconds(pending["lastTransitionTime"]), now):
            cluster.delete(HIVE, "ClusterClaim", name, namespace)
            say(f"claim {name} has reached the end of its lifetime")


def _report(cluster: Cluster, claim: Manifest, deployment: Manifest | None) -> None:
    if deployment is None:
        # A claim that had a cluster does not get another one.
        had = bool(claim["spec"].get("namespace"))
        pending, running = ("False", "ClusterClaimed"), ("False", "ClusterDeleted")
        if not had:
            pending, running = ("True", "NoClusters"), ("Unknown", "Initialized")
    else:
        if not claim["spec"].get("namespace"):
            merge(cluster, claim, {"spec": {"namespace": deployment["metadata"]["name"]}})
        up = status(deployment).get("powerState") == "Running"
        pending = ("False", "ClusterClaimed")
        running = ("True", "Running") if up else ("False", "Resuming")
        if deleting(deployment):
            running = ("False", "ClusterDeleting")
    set_status(cluster, claim, {"conditions": with_conditions(claim, Pending=pending, ClusterRunning=running)})


def _release(cluster: Cluster, claim: Manifest, deployment: Manifest | None) -> None:
    if deployment is None:
        set_finalizers(cluster, claim, [name for name in finalizers(claim) if name != FINALIZER])
        return
    if RELEASED not in annotations(deployment):
        merge(cluster, deployment, {"metadata": {"annotations": {RELEASED: "true"}}})
    conditions = with_conditions(claim, ClusterRunning=("False", "ClusterDeleting"))
    set_status(cluster, claim, {"conditions": conditions})
