"""Plays ACM's MultiClusterHub operator (stolostron/multiclusterhub-operator).

Keeps: the phase that a program waits for. Leaves out: everything that ACM then runs, and the refusals of its webhooks.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import (
    set_status,
    since,
    status,
)
from lab.fleet.timing import Timings

API = "operator.open-cluster-management.io/v1"


def reconcile(cluster: Cluster, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    """Bring every MultiClusterHub one step on."""
    for hub in cluster.find(API, "MultiClusterHub"):
        running = timings.over(timings.multi_cluster_hub, since(hub), now)
        if running and status(hub).get("phase") != "Running":
            say("ACM is running")
        set_status(cluster, hub, {"phase": "Running" if running else "Installing"})
