"""Plays Hive's clusterpoolnamespace controller (openshift/hive, pkg/controller/clusterpoolnamespace).

Keeps: the namespace of a pool's cluster goes when it has had no ClusterDeployment for a while.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, seconds, things
from lab.fleet.timing import Clock

POOL_LABEL = "hive.openshift.io/cluster-pool-name"


def reconcile(cluster: Cluster, clock: Clock, _say: Callable[[str], None]) -> None:
    """Remove the namespaces of clusters that are gone."""
    # Namespaces first: one that is listed here has its cluster in the later list, unless there is none.
    namespaces = things(cluster, "v1", "Namespace", selector=POOL_LABEL)
    alive = {deployment.namespace for deployment in things(cluster, HIVE, "ClusterDeployment")}
    for namespace in namespaces:
        # A second more: creation timestamps have whole seconds.
        old = clock.over(clock.timings.namespace, seconds(namespace.metadata["creationTimestamp"]) + 1)
        if old and namespace.name not in alive and not namespace.deleting:
            namespace.delete()
