"""Plays ACM's MultiClusterHub operator (stolostron/multiclusterhub-operator).

Keeps: the phase that a program waits for, and Hive's namespace, which is there by then. Leaves out: everything that ACM
then runs, and the refusals of its webhooks.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import things
from lab.fleet.timing import Clock

API = "operator.open-cluster-management.io/v1"
HIVE_NAMESPACE = "hive"


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every MultiClusterHub one step on."""
    for hub in things(cluster, API, "MultiClusterHub"):
        if hub.status.get("phase") == "Running":
            continue
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HIVE_NAMESPACE}})
        running = clock.over(clock.timings.multi_cluster_hub, hub.since("install"))
        hub.set_status(phase="Running" if running else "Installing")
        if running:
            say(f"MultiClusterHub {hub.name} is running")
