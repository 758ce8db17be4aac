"""Plays ACM's GitOpsCluster controller (stolostron/multicloud-integrations, pkg/controller/gitopscluster).

Keeps: the ConfigMap `acm-placement`, which tells Argo CD's generator where decisions are, and the right to list them
for the ApplicationSet controller, whose account it finds by its labels; a cluster Secret for each
selected cluster that has joined, with the ManagedCluster's labels; the Secret stays when the Placement drops the
cluster, and goes when the ManagedCluster is gone.
Leaves out: the cluster proxy and the ManagedServiceAccount (the Secret has the cluster's own address and
administrator's token; where clusters have no API server, an address that nobody has), the Argo CD agent, policies; that
an Argo CD without a Service is refused, one in another namespace needs that namespace's label, and a cluster Secret
which somebody else made blocks its own.
"""

import base64
import json
from collections.abc import Callable

from kubernetes.client.exceptions import ApiException

from lab.cluster import Access, Cluster, Manifest
from lab.fleet.acm_claims import API
from lab.fleet.acm_clusters import JOINED
from lab.fleet.acm_placement import PLACEMENT_LABEL, PLACEMENTS, selected
from lab.fleet.objects import Thing, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock

GITOPS = "apps.open-cluster-management.io/v1beta1"
OWN_LABEL = "apps.open-cluster-management.io/acm-cluster"
GENERATOR = {
    "apiVersion": PLACEMENTS,
    "kind": "placementdecisions",
    "statusListKey": "decisions",
    "matchKey": "clusterName",
}
RBAC_GROUP = "rbac.authorization.k8s.io"
RBAC = f"{RBAC_GROUP}/v1"
# How the ApplicationSet controller's account is found; by its name in OpenShift GitOps if there is none.
APPLICATION_SETS = "app.kubernetes.io/part-of=argocd,app.kubernetes.io/component=applicationset-controller"
EXISTS = 409


def reconcile(spokes: Spokes | None, cluster: Cluster, _clock: Clock, say: Callable[[str], None]) -> None:
    """Bring what Argo CD knows of the clusters up to date; without `spokes`, by an address that nobody has."""
    managed = {found.name: found for found in things(cluster, API, "ManagedCluster")}
    for gitops in things(cluster, GITOPS, "GitOpsCluster"):
        if gitops.deleting:
            continue
        place: str = gitops.spec["argoServer"]["argoNamespace"]
        reference = gitops.spec["placementRef"]
        _generator(cluster, place)
        _permit(cluster, place)
        selector = f"{PLACEMENT_LABEL}={reference['name']}"
        decisions = things(cluster, PLACEMENTS, "PlacementDecision", reference["namespace"], selector)
        chosen = selected(decisions)
        missing = [name for name in chosen if not _tell(cluster, place, managed.get(name), spokes, say)]
        status = {"phase": "successful", "message": "Cluster secrets are up to date"}
        if missing:
            status = {"phase": "failed", "message": f"not ready: {', '.join(missing)}"}
        gitops.set_status(**status)
    for secret in things(cluster, "v1", "Secret", selector=f"{OWN_LABEL}=true"):
        # Asked again: the list above may be older than the cluster.
        name = secret.labels["apps.open-cluster-management.io/cluster-name"]
        if name not in managed and not cluster.get(API, "ManagedCluster", name):
            secret.delete()
            say(f"Argo CD is told no more of {name}")


def _generator(cluster: Cluster, place: str) -> None:
    metadata = {"name": "acm-placement", "namespace": place}
    try:
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": GENERATOR})
    except ApiException as error:
        if error.status != EXISTS:  # pyright: ignore[reportUnknownMemberType]
            raise


def _permit(cluster: Cluster, place: str) -> None:
    accounts = things(cluster, "v1", "ServiceAccount", place, APPLICATION_SETS)
    account = accounts[0].name if accounts else "openshift-gitops-applicationset-controller"
    metadata = {"name": f"{place}-applicationset-controller-placement", "namespace": place}
    rule = {"apiGroups": [PLACEMENTS.split("/", maxsplit=1)[0]], "resources": ["placementdecisions"], "verbs": ["list"]}
    cluster.apply({"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": [rule]}, force=True)
    binding: Manifest = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "Role", "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": place}],
    }
    cluster.apply(binding, force=True)


def _tell(cluster: Cluster, place: str, found: Thing | None, spokes: Spokes | None, say: Callable[[str], None]) -> bool:
    """Write a cluster's Secret; False if it cannot be told yet."""
    if found is None or found.condition(JOINED).get("status") != "True":
        return False
    name = f"{found.name}-application-manager-cluster-secret"
    target = spokes(found.name) if spokes else None
    if spokes and target is None:
        # What was told stays: a cluster that is away for a while comes back under the same name.
        return cluster.get("v1", "Secret", name, place) is not None
    access = target.access() if target else Access(f"https://{found.name}.invalid:6443", "", "")
    config = {
        "bearerToken": access.token,
        "tlsClientConfig": {"insecure": False, "caData": base64.b64encode(access.certificate.encode()).decode()},
    }
    wanted = {"name": found.name, "server": access.server, "config": json.dumps(config)}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in wanted.items()}
    before = cluster.get("v1", "Secret", name, place)
    if before and before.get("data") == data:
        return True
    manifest: Manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": place,
            "labels": {
                **found.labels,
                "argocd.argoproj.io/secret-type": "cluster",
                OWN_LABEL: "true",
                "apps.open-cluster-management.io/cluster-name": found.name,
                "apps.open-cluster-management.io/cluster-server": access.server.split("//")[1].replace(":", "_"),
            },
        },
        "type": "Opaque",
        "data": data,
    }
    cluster.apply(manifest, force=True)
    say(f"Argo CD is told of {found.name}")
    return True
