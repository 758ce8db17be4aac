"""Plays ACM's import and lease controllers: a managed cluster joins, reports, and is detached.

Source: stolostron/managedcluster-import-controller (pkg/controller/clusterdeployment, resourcecleanup),
open-cluster-management-io/ocm (pkg/registration/hub/lease).

Keeps: a cluster is imported only when it is installed, claimed and can be reached, and joins after a time; it becomes
Unknown five minutes after its last sign of life; a deleted ManagedCluster stays while an available cluster is cleaned
up, an unavailable one goes at once. From one list it lets the controllers of taints and add-ons look.
Played by a fault: a cluster that cannot be reached.
Leaves out: the klusterlet, ManifestWorks, certificates.
"""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet import acm_addons, acm_taints
from lab.fleet.acm_claims import API, PROVISIONER
from lab.fleet.acm_taints import AVAILABLE
from lab.fleet.faults import FAULT, LOST
from lab.fleet.hive_hibernation import RUNNING
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock

FINALIZER = "managedcluster-import-controller.open-cluster-management.io/manifestwork-cleanup"
JOINED = "ManagedClusterJoined"


def reconcile(spokes: Spokes | None, cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every managed cluster one step on; without `spokes`, a cluster that runs counts as reachable."""
    managed = things(cluster, API, "ManagedCluster")
    deployments = {found.name: found for found in things(cluster, HIVE, "ClusterDeployment")}
    for found in managed:
        deployment = deployments.get(found.name)
        if found.deleting:
            _detach(cluster, found, clock, say)
            continue
        found.set_finalizers([*found.finalizers, FINALIZER])
        alive = deployment is not None and _alive(deployment, spokes)
        if found.condition(JOINED).get("status") == "True":
            _lease(found, clock, say, alive=alive)
        elif deployment and alive and deployment.pool_reference.get("claimedTimestamp"):
            _join(found, clock, say)
        acm_taints.look(found)
        if PROVISIONER in found.annotations and cluster.get("v1", "Namespace", found.name):
            acm_addons.look(cluster, found)


def _alive(deployment: Thing, spokes: Spokes | None) -> bool:
    running = deployment.spec.get("installed") and deployment.status.get("powerState") == RUNNING
    lost = deployment.annotations.get(FAULT) == LOST or deployment.deleting
    return bool(running and not lost and (spokes is None or spokes(deployment.name)))


def _join(found: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    accepted = ("True", "HubClusterAdminAccepted", "Accepted by hub cluster admin")
    found.set_conditions(HubAcceptedManagedCluster=accepted)
    if clock.over(clock.timings.importing, found.since("import")):
        joined = ("True", "ManagedClusterJoined", "Managed cluster joined")
        available = ("True", "ManagedClusterAvailable", "Managed cluster is available")
        found.set_conditions(ManagedClusterJoined=joined, ManagedClusterConditionAvailable=available)
        say(f"{found.name} has joined ACM")


def _lease(found: Thing, clock: Clock, say: Callable[[str], None], *, alive: bool) -> None:
    was = found.condition(AVAILABLE).get("status")
    began = found.since("seen" if alive else "lost")
    if alive:
        available = ("True", "ManagedClusterAvailable", "Managed cluster is available")
        found.set_conditions(ManagedClusterConditionAvailable=available)
    elif clock.over(clock.timings.lease_grace, began):
        message = "Registration agent stopped updating its lease."
        unknown = ("Unknown", "ManagedClusterLeaseUpdateStopped", message)
        found.set_conditions(ManagedClusterConditionAvailable=unknown)
    now = found.condition(AVAILABLE).get("status")
    if now != was:
        say(f"{found.name} is {'available again' if now == 'True' else 'unreachable'} for ACM")


def _detach(cluster: Cluster, found: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    if FINALIZER not in found.finalizers:
        return
    available = found.condition(AVAILABLE).get("status") == "True"
    if not available or clock.over(clock.timings.detach, found.since("detach")):
        cluster.delete(acm_addons.API, "KlusterletAddonConfig", found.name, found.name)
        found.set_finalizers(name for name in found.finalizers if name != FINALIZER)
        say(f"{found.name} is detached from ACM")
