"""Plays Hive's installer, its hibernation and reachability controllers, and its reaper of namespaces.

Source: openshift/hive, pkg/controller/{clusterdeployment,hibernation,unreachable,clusterpoolnamespace}.

Keeps: an install takes its time; power states with their way in between (one state for Hive's five on the way up) and
the conditions Hibernating, Ready and Unreachable; a resumed cluster runs when its API answers; `hibernateAfter`, for
claimed clusters only; a cluster whose SyncSets are not applied waits ten minutes before its first hibernation; a
deleted cluster's namespace goes after it.
Played by a fault, an annotation on the ClusterDeployment: machines that fail to stop or to start, a cluster that cannot
be reached. Leaves out: failed installs, machine pools, the growing pauses between looks at a cluster out of reach.
"""

import secrets
import string
import uuid
from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet import aws
from lab.fleet.objects import HIVE, HIVE_SYNC, STEP, Thing, seconds, stamp, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock
from settings.values import nanoseconds

DEPROVISION = "hive.openshift.io/deprovision"
POOL_LABEL = "hive.openshift.io/cluster-pool-name"
RUNNING, HIBERNATING, RESUMING, STOPPING = "Running", "Hibernating", "StartingMachines", "Stopping"
WAITING = "SyncSetsNotApplied"
# Where what is under way leads.
ENDS = {RESUMING: RUNNING, STOPPING: HIBERNATING}
# Where it gets stuck; Hive goes on trying.
FAILED = {"FailedToStartMachines": RESUMING, "FailedToStop": STOPPING}
# What is to go wrong with a cluster: a power state of FAILED, or LOST: it cannot be reached, though it runs.
FAULT = "lab.spillway.io/fault"
LOST = "Unreachable"


def set_fault(cluster: Cluster, name: str, fault: str | None) -> None:
    """Let something go wrong with a cluster, or with None nothing any more."""
    cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"annotations": {FAULT: fault}}}, name)


def next_power(state: str, wanted: str, *, over: bool) -> str:
    """Return the power state that follows; what is under way is finished before the other way begins.

    Args:
        state: the present power state.
        wanted: Running or Hibernating.
        over: whether what is under way has had its time.
    """
    if state in ENDS:
        return ENDS[state] if over else state
    if state == wanted:
        return state
    return RESUMING if wanted == RUNNING else STOPPING


def reconcile(spokes: Spokes | None, cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every cluster one step on, and remove the namespaces of clusters that are gone.

    Args:
        spokes: where the clusters are; without it SyncSets are not played, and a cluster is up when its time is over.
        cluster: the hub.
        clock: the time.
        say: is told what was played.
    """
    # Namespaces first: one that is listed here has its cluster in the later list, unless there is none.
    namespaces = things(cluster, "v1", "Namespace", selector=POOL_LABEL)
    deployments = things(cluster, HIVE, "ClusterDeployment")
    syncs = things(cluster, HIVE_SYNC, "ClusterSync") if spokes else []
    applied = {sync.name for sync in syncs if sync.status.get("firstSuccessTime")}
    for deployment in deployments:
        if deployment.deleting:
            continue
        if not deployment.spec.get("installed"):
            _install(cluster, deployment, clock, say)
        else:
            up = spokes is None or spokes(deployment.name) is not None
            _reach(deployment, up=up)
            _power(deployment, clock, say, applied=not spokes or deployment.name in applied, up=up)
    alive = {deployment.namespace for deployment in deployments}
    for namespace in namespaces:
        # A second more: creation timestamps have whole seconds.
        old = clock.over(clock.timings.namespace, seconds(namespace.metadata["creationTimestamp"]) + 1)
        if old and namespace.name not in alive and not namespace.deleting:
            namespace.delete()


def _install(cluster: Cluster, deployment: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    if STEP not in deployment.annotations:
        aws.launch(cluster, deployment.name)
    if not clock.over(clock.timings.install, deployment.since("install")):
        return
    infra = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(5))
    metadata = {
        "clusterID": str(uuid.uuid4()),
        # The installer cuts the name to 21 characters.
        "infraID": f"{deployment.name[:21].rstrip('-')}-{infra}",
        "adminKubeconfigSecretRef": {"name": f"{deployment.name}-admin-kubeconfig"},
    }
    # In this order: a crash in between must not leave an installed cluster without a state.
    deployment.set_status(powerState=RUNNING, installedTimestamp=stamp())
    deployment.merge({"spec": {"installed": True, "clusterMetadata": metadata}})
    say(f"{deployment.name} installed")


def _reach(deployment: Thing, *, up: bool) -> None:
    reachable = ("False", "ClusterReachable", "cluster is reachable")
    if not up or deployment.annotations.get(FAULT) == LOST:
        reachable = ("True", "ErrorConnectingToCluster", "no answer")
    deployment.set_conditions(Unreachable=reachable)


def _power(deployment: Thing, clock: Clock, say: Callable[[str], None], *, applied: bool, up: bool) -> None:
    state = deployment.status.get("powerState") or RUNNING
    wanted = deployment.spec.get("powerState") or RUNNING
    if wanted == RUNNING and _idle(deployment, clock):
        deployment.merge({"spec": {"powerState": HIBERNATING}})
        say(f"{deployment.name} has run for its hibernateAfter, {deployment.spec['hibernateAfter']}")
        return
    installed = deployment.status.get("installedTimestamp")
    fresh = installed and not applied and not clock.over(clock.timings.sync_sets, seconds(installed))
    if fresh and wanted == HIBERNATING and state in (RUNNING, WAITING):
        deployment.set_status(powerState=WAITING)
        return
    way = RUNNING if state == WAITING else FAILED.get(state, state)
    duration = clock.timings.resume if way == RESUMING else clock.timings.hibernate
    over = way in ENDS and clock.over(duration, deployment.since(way)) and (up or way != RESUMING)
    after = next_power(way, wanted, over=over)
    fault = deployment.annotations.get(FAULT, "")
    if over and FAILED.get(fault) == way:
        after = fault
    deployment.set_status(powerState=after)
    _report(deployment, after)
    if after == ENDS.get(way):
        say(f"{deployment.name} {'resumed' if after == RUNNING else 'hibernated'}")


def _idle(deployment: Thing, clock: Clock) -> bool:
    """Tell whether a claimed cluster has run for its `hibernateAfter`."""
    after, claimed = deployment.spec.get("hibernateAfter"), deployment.pool_reference.get("claimedTimestamp")
    ready = deployment.condition("Ready")
    if not (after and claimed and ready.get("status") == "True"):
        return False
    since = [claimed, ready["lastTransitionTime"], deployment.status.get("installedTimestamp") or claimed]
    return clock.over(nanoseconds(after) / 1e9, max(map(seconds, since)))


def _report(deployment: Thing, state: str) -> None:
    stopping = FAILED.get(state, state) == STOPPING
    reason = state if stopping or state == HIBERNATING else "ResumingOrRunning"
    off = "True" if state == HIBERNATING else "False"
    ready = "StoppingOrHibernating" if stopping or state == HIBERNATING else state
    deployment.set_conditions(
        Hibernating=(off, reason, f"power state {state}"),
        Ready=("True" if state == RUNNING else "False", ready, f"power state {state}"),
    )
