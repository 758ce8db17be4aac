"""Plays Hive's installer, hibernation and deprovision controllers and its reaper of namespaces.

Source: openshift/hive, pkg/controller/{clusterdeployment,hibernation,clusterdeprovision,clusterpoolnamespace}.

Keeps: an install takes its time; power states with their way in between (one state for Hive's five on the way up); a
deleted cluster stays until AWS is cleaned up; its namespace goes after it. Leaves out: failed installs and resumes,
missing credentials, machine pools, SyncSets, idle clusters that go to sleep by `hibernateAfter`, a namespace that is
deleted before its cluster.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, Thing, seconds, things
from lab.fleet.timing import Clock

DEPROVISION = "hive.openshift.io/deprovision"
POOL_LABEL = "hive.openshift.io/cluster-pool-name"
RUNNING, HIBERNATING, RESUMING, STOPPING = "Running", "Hibernating", "StartingMachines", "Stopping"
# Where what is under way leads.
ENDS = {RESUMING: RUNNING, STOPPING: HIBERNATING}


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


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every cluster one step on, and remove the namespaces of clusters that are gone."""
    # Namespaces first: one that is listed here has its cluster in the later list, unless there is none.
    namespaces = things(cluster, "v1", "Namespace", selector=POOL_LABEL)
    deployments = things(cluster, HIVE, "ClusterDeployment")
    for deployment in deployments:
        if deployment.deleting:
            _deprovision(deployment, clock, say)
        elif not deployment.spec.get("installed"):
            if clock.over(clock.timings.install, deployment.since("install")):
                # In this order: a crash in between must not leave an installed cluster without a state.
                deployment.set_status(powerState=RUNNING)
                deployment.merge({"spec": {"installed": True}})
                say(f"{deployment.name} installed")
        else:
            _power(deployment, clock, say)
    alive = {deployment.namespace for deployment in deployments}
    for namespace in namespaces:
        # A second more: creation timestamps have whole seconds.
        old = clock.over(clock.timings.namespace, seconds(namespace.metadata["creationTimestamp"]) + 1)
        if old and namespace.name not in alive and not namespace.deleting:
            namespace.delete()


def _power(deployment: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    state = deployment.status.get("powerState") or RUNNING
    duration = clock.timings.resume if state == RESUMING else clock.timings.hibernate
    over = state in ENDS and clock.over(duration, deployment.since(state))
    after = next_power(state, deployment.spec.get("powerState") or RUNNING, over=over)
    deployment.set_status(powerState=after)
    if after == ENDS.get(state):
        say(f"{deployment.name} {'resumed' if after == RUNNING else 'hibernated'}")


def _deprovision(deployment: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    if DEPROVISION not in deployment.finalizers:
        return
    if clock.over(clock.timings.deprovision, deployment.since("deprovision")):
        deployment.set_finalizers(name for name in deployment.finalizers if name != DEPROVISION)
        say(f"{deployment.name} deprovisioned")
