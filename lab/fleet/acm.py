"""Plays ACM's MultiClusterHub operator (stolostron/multiclusterhub-operator).

Keeps: the phase that a program waits for, and Hive's namespace, which is there by then. Hive and the rest of ACM are
there because of it (controllers/finalizers.go removes the MultiClusterEngine, which runs them): without one their
controllers do nothing, and no finalizer of theirs leaves.
Leaves out: everything that ACM then runs, how long a removal takes, and what holds one back: its webhook refuses while
there are ManagedClusters, and that of the MultiClusterEngine (stolostron/backplane-operator,
api/v1/multiclusterengine_webhook.go) while there are ClusterPools. Here it goes at once, so that a destroy in a wrong
order shows what they are for.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import things
from lab.fleet.timing import Clock

API = "operator.open-cluster-management.io/v1"
HIVE_NAMESPACE = "hive"


def present(cluster: Cluster) -> bool:
    """Tell whether there is an ACM, and with it Hive."""
    return bool(cluster.find(API, "MultiClusterHub"))


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
