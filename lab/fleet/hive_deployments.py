"""Plays Hive's installer, hibernation and deprovision controllers and its reaper of namespaces.

Source: openshift/hive, pkg/controller/{clusterdeployment,hibernation,clusterdeprovision,clusterpoolnamespace}.

Keeps: an install takes its time; power states with their way in between; a deleted cluster stays until AWS is
cleaned up; its namespace goes after it. Leaves out: failed installs and resumes, missing credentials, SyncSets.
"""

from collections.abc import Callable

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import (
    HIVE,
    SINCE,
    deleting,
    finalizers,
    merge,
    seconds,
    set_finalizers,
    set_status,
    since,
    stamp,
    status,
)
from lab.fleet.timing import Timings

FINALIZER = "hive.openshift.io/deprovision"
POOL_LABEL = "hive.openshift.io/cluster-pool-name"
# What is on the way, where it leads, and what that is called.
TRANSITIONS = {"Resuming": ("Running", "resumed"), "Stopping": ("Hibernating", "hibernated")}
BEGIN = {"Running": "Resuming", "Hibernating": "Stopping"}


def reconcile(cluster: Cluster, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    """Bring every cluster one step on, and remove the namespaces of clusters that are gone."""
    deployments = cluster.find(HIVE, "ClusterDeployment")
    for deployment in deployments:
        if deleting(deployment):
            _deprovision(cluster, deployment, timings, now, say)
        elif not deployment["spec"].get("installed"):
            if timings.over(timings.install, since(deployment), now):
                made = {"annotations": {"lab.spillway.io/made": str(since(deployment)), SINCE: stamp(now)}}
                merge(cluster, deployment, {"metadata": made, "spec": {"installed": True}})
                set_status(cluster, deployment, {"powerState": "Running"})
                say(f"{deployment['metadata']['name']} installed")
        else:
            _power(cluster, deployment, timings, now, say)
    alive = {deployment["metadata"]["name"] for deployment in deployments}
    for namespace in cluster.find("v1", "Namespace", selector=POOL_LABEL):
        name = namespace["metadata"]["name"]
        # A namespace is there before its cluster: Hive waits five minutes before it reaps one.
        old = timings.over(300, since(namespace), now - 1)
        if name not in alive and old and not deleting(namespace):
            cluster.delete("v1", "Namespace", name)


def _power(cluster: Cluster, deployment: Manifest, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    wanted = deployment["spec"].get("powerState", "Running")
    state = status(deployment).get("powerState") or "Running"
    if state in TRANSITIONS:
        target, done = TRANSITIONS[state]
        takes = timings.resume if target == "Running" else timings.hibernate
        if timings.over(takes, since(deployment), now):
            set_status(cluster, deployment, {"powerState": target})
            say(f"{deployment['metadata']['name']} {done}")
    elif state != wanted:
        merge(cluster, deployment, {"metadata": {"annotations": {SINCE: stamp(now)}}})
        set_status(cluster, deployment, {"powerState": BEGIN[wanted]})


def _deprovision(
    cluster: Cluster, deployment: Manifest, timings: Timings, now: float, say: Callable[[str], None]
) -> None:
    began = status(deployment).get("deprovisionStarted")
    if not began:
        set_status(cluster, deployment, {"deprovisionStarted": stamp(now)})
    elif timings.over(timings.deprovision, seconds(began), now) and FINALIZER in finalizers(deployment):
        set_finalizers(cluster, deployment, [name for name in finalizers(deployment) if name != FINALIZER])
        say(f"{deployment['metadata']['name']} is gone from AWS")
