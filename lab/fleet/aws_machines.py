"""Plays the machines on AWS: a pool's clusters are real control planes, which run while Hive says that they do.

Source: openshift/hive, pkg/controller/hibernation (aws_actuator.go stops and starts the machines of an infraID).

Keeps: machines run from the end of the install, stop while Hive hibernates the cluster, start while it resumes, and are
gone with the ClusterDeployment; what AWS has and the hub knows nothing of stays as it is: nobody stops or removes it.
A cluster out of reach is left as it is, too: what ended there is started again when it is back.
Leaves out: the machines one by one, and the install itself: a cluster's API answers when it is over.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from lab.cluster import Cluster
from lab.fleet import aws
from lab.fleet.faults import FAULT, LOST
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.timing import Clock

# Power states (openshift/hive, apis/hive/v1/clusterdeployment_types.go) in which the machines are off, or on the way.
OFF = ("Stopping", "Hibernating")
# Begins to make the clusters so: running, stopped, or left as they are (None); removes all others. Returns at once.
Settle = Callable[[Mapping[str, bool | None]], None]


def reconcile(settle: Settle, cluster: Cluster, _clock: Clock, _say: Callable[[str], None]) -> None:
    """Begin to start, stop and remove clusters."""
    # Looked at before and after the hub: what is made or removed meanwhile is no leak.
    before = aws.present(cluster)
    deployments = things(cluster, HIVE, "ClusterDeployment")
    settle(powered(deployments, before & aws.present(cluster)))


def powered(deployments: Iterable[Thing], present: Collection[str]) -> dict[str, bool | None]:
    """Return each cluster that has machines, and whether they run; None is as they are.

    Args:
        deployments: the ClusterDeployments. One without an installed cluster is left out. One that is being removed
            has no running machine: the uninstaller terminates them first.
        present: the clusters that AWS has, whatever the hub knows of them.
    """
    found = list(deployments)
    known = {deployment.name for deployment in found}
    return {name: None for name in present if name not in known} | {
        deployment.name: _runs(deployment) for deployment in found if deployment.spec.get("installed")
    }


def _runs(deployment: Thing) -> bool | None:
    runs = not deployment.deleting and deployment.status.get("powerState") not in OFF
    return None if runs and deployment.annotations.get(FAULT) == LOST else runs
