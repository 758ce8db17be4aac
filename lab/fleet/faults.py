"""What is to go wrong with a cluster: an annotation on its ClusterDeployment, which the played controllers look at."""

from lab.cluster import Cluster
from lab.fleet.objects import HIVE

# Its value is a power state in which a cluster gets stuck (`hive_hibernation.FAILED`), or LOST.
FAULT = "lab.spillway.io/fault"
# The cluster cannot be reached, though it runs.
LOST = "Unreachable"


def set_fault(cluster: Cluster, name: str, fault: str | None) -> None:
    """Let something go wrong with a cluster, or with None nothing any more."""
    cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"annotations": {FAULT: fault}}}, name)
