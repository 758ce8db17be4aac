"""Plays ACM's clusterclaims-controller, and the part of its foundation that keeps a claim's cluster-set label.

Source: stolostron/clusterclaims-controller, controllers/clusterclaims; stolostron/multicloud-operators-foundation,
pkg/controllers/clusterset/clusterclaim.

Keeps: a claim that has its cluster gets a ManagedCluster of the cluster's name; its labels are given once, at creation:
the claim's, the region, and the set of the pool's own metadata unless the claim names one; a ManagedCluster that exists
is left alone; the annotation `createmanagedcluster: "false"`, which the controller writes itself, so that a cluster
that somebody detached is not imported again; a claim's own set label follows the ClusterDeployment's; a released claim
takes its ManagedCluster along and is let go at once, while Hive still deprovisions.
Leaves out: adoption of clusters that nobody claimed.
"""

from collections.abc import Callable

from lab.cluster import Cluster, Manifest
from lab.fleet.hive_pools import CLUSTER_SET
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.timing import Clock

API = "cluster.open-cluster-management.io/v1"
ACM_FINALIZER = "clusterclaims-controller.open-cluster-management.io/cleanup"
IMPORT = "cluster.open-cluster-management.io/createmanagedcluster"
PROVISIONER = "cluster.open-cluster-management.io/provisioner"


def reconcile(cluster: Cluster, _clock: Clock, say: Callable[[str], None]) -> None:
    """Bring the import of every claimed cluster one step on."""
    claims = things(cluster, HIVE, "ClusterClaim")
    pools = {(pool.namespace, pool.name): pool for pool in things(cluster, HIVE, "ClusterPool")}
    deployments = {found.name: found for found in things(cluster, HIVE, "ClusterDeployment")}
    for claim in claims:
        name: str = claim.spec.get("namespace", "")
        if claim.deleting:
            if ACM_FINALIZER in claim.finalizers:
                if name and cluster.delete(API, "ManagedCluster", name):
                    say(f"{name} is being detached from ACM")
                claim.set_finalizers(finalizer for finalizer in claim.finalizers if finalizer != ACM_FINALIZER)
        elif deployment := deployments.get(name):
            claim.set_finalizers([*claim.finalizers, ACM_FINALIZER])
            if claim.annotations.get(IMPORT) != "false":
                _import(cluster, claim, deployment, pools.get((claim.namespace, claim.spec["clusterPoolName"])), say)
            _follow(claim, deployment)


def _import(cluster: Cluster, claim: Thing, deployment: Thing, pool: Thing | None, say: Callable[[str], None]) -> None:
    own = pool.labels if pool else dict[str, str]()
    given = {CLUSTER_SET: own[CLUSTER_SET]} if CLUSTER_SET in own else {}
    labels = {
        "vendor": "OpenShift",
        "cloud": "auto-detect",
        "region": deployment.spec["platform"]["aws"]["region"],
        # Whatever has no set gets this one from the webhook, and can then never leave it.
        CLUSTER_SET: "default",
        **given,
        **claim.labels,
    }
    provisioner = f"{claim.name}.{claim.namespace}.ClusterClaim.hive.openshift.io/v1"
    manifest: Manifest = {
        "apiVersion": API,
        "kind": "ManagedCluster",
        "metadata": {"name": deployment.name, "labels": labels, "annotations": {PROVISIONER: provisioner}},
        "spec": {"hubAcceptsClient": True, "leaseDurationSeconds": 60},
    }
    if not cluster.get(API, "ManagedCluster", deployment.name):
        cluster.create(manifest)
        say(f"{deployment.name} is being imported into ACM")
    claim.merge({"metadata": {"annotations": {IMPORT: "false"}}})


def _follow(claim: Thing, deployment: Thing) -> None:
    wanted = deployment.labels.get(CLUSTER_SET)
    if claim.labels.get(CLUSTER_SET) != wanted:
        claim.merge({"metadata": {"labels": {CLUSTER_SET: wanted}}})
