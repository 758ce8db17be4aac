"""Plays Hive's removal of a cluster from AWS.

Source: openshift/hive, pkg/controller/clusterdeployment (ensureClusterDeprovisioned) and pkg/controller/
clusterdeprovision.

Keeps: a deleted cluster stays until AWS is cleaned up; the keys are those in the cluster's own namespace, and without
them the ClusterDeprovision reports AuthenticationFailure, the ClusterDeployment DeprovisionLaunchError and
Provisioned=False/DeprovisionFailed, until they are back; a namespace that is deleted before the cluster makes Hive
give up, which leaks what is on AWS.
Leaves out: the job and its deadline, keys that exist and are wrong, `preserveOnDelete`, delete protection.
"""

from collections.abc import Callable

from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster, Manifest
from lab.fleet import aws
from lab.fleet.hive_deployments import DEPROVISION
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.timing import Clock

TRYING = ("False", "Deprovisioning", "Cluster is deprovisioning")
FAILED = ("False", "DeprovisionFailed", "Cluster deprovision failed")
REFUSED = ("True", "AuthenticationFailed", "Credential check failed")
ACCEPTED = ("False", "AuthenticationSucceeded", "Credential check succeeded")


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring the removal of every deleted cluster one step on."""
    requests = {found.namespace: found for found in things(cluster, HIVE, "ClusterDeprovision")}
    for deployment in things(cluster, HIVE, "ClusterDeployment"):
        if not (deployment.deleting and DEPROVISION in deployment.finalizers):
            continue
        if request := requests.get(deployment.namespace):
            _remove(cluster, deployment, request, clock, say)
        elif not _request(cluster, deployment):
            _let_go(deployment)
            say(f"{deployment.name}: its namespace was deleted first, giving up; what is on AWS stays there")


def _request(cluster: Cluster, deployment: Thing) -> bool:
    """Ask for a removal; False if the namespace is on its way out and takes no new object."""
    owner: Manifest = {
        "apiVersion": HIVE,
        "kind": "ClusterDeployment",
        "name": deployment.name,
        "uid": deployment.metadata["uid"],
        "controller": True,
    }
    known = deployment.spec.get("clusterMetadata") or {"infraID": deployment.name}
    request: Manifest = {
        "apiVersion": HIVE,
        "kind": "ClusterDeprovision",
        "metadata": {"name": deployment.name, "namespace": deployment.namespace, "ownerReferences": [owner]},
        "spec": {"infraID": known["infraID"], "platform": {"aws": deployment.spec["platform"]["aws"]}},
    }
    try:
        cluster.create(request)
    except ApiException:
        namespace = cluster.get("v1", "Namespace", deployment.namespace)
        if namespace and "deletionTimestamp" in namespace["metadata"]:
            return False
        raise
    return True


def _remove(cluster: Cluster, deployment: Thing, request: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    keys = deployment.spec["platform"]["aws"]["credentialsSecretRef"]["name"]
    if not cluster.get("v1", "Secret", keys, deployment.namespace):
        request.set_conditions(AuthenticationFailure=REFUSED)
        deployment.set_conditions(DeprovisionLaunchError=REFUSED, Provisioned=FAILED)
        return
    request.set_conditions(AuthenticationFailure=ACCEPTED)
    deployment.set_conditions(DeprovisionLaunchError=ACCEPTED, Provisioned=TRYING)
    if clock.over(clock.timings.deprovision, deployment.since("deprovision")):
        aws.terminate(cluster, deployment.name)
        request.set_status(completed=True)
        _let_go(deployment)
        say(f"{deployment.name} deprovisioned")


def _let_go(deployment: Thing) -> None:
    deployment.set_finalizers(name for name in deployment.finalizers if name != DEPROVISION)
