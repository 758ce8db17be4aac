"""Plays Hive's clusterdeployment controller (openshift/hive, pkg/controller/clusterdeployment): its installs.

Keeps: an install takes its time. From one list of clusters it lets the controllers of an installed cluster look, as
each would list the same. Leaves out: failed installs, machine pools.
"""

import secrets
import string
import uuid
from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet import aws, hive_hibernation, hive_unreachable
from lab.fleet.hive_hibernation import RUNNING
from lab.fleet.objects import HIVE, HIVE_SYNC, STEP, Thing, stamp, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock

DEPROVISION = "hive.openshift.io/deprovision"


def reconcile(spokes: Spokes | None, cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every cluster one step on.

    Args:
        spokes: where the clusters are; without it SyncSets are not played, and a cluster is up when its time is over.
        cluster: the hub.
        clock: the time.
        say: is told what was played.
    """
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
            hive_unreachable.look(deployment, up=up)
            hive_hibernation.look(deployment, clock, say, applied=not spokes or deployment.name in applied, up=up)


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
