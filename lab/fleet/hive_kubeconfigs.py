"""Plays what Hive keeps of an install: the administrator's kubeconfig of each cluster.

Source: openshift/hive, pkg/installmanager (uploadAdminKubeconfig), pkg/constants (KubeconfigSecretKey).

Keeps: a Secret in the cluster's namespace, by the name that the ClusterDeployment gives, with the kubeconfig. Leaves
out: the raw kubeconfig, the administrator's password. Differs: it is written anew when the cluster is up at another
address, as it may be here after a hibernation.
"""

import base64
from collections.abc import Callable

from lab.cluster import Access, Cluster, Manifest
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock
from lab.kubeconfigs import for_bearer

KEY = "kubeconfig"


def reconcile(spokes: Spokes, cluster: Cluster, _clock: Clock, _say: Callable[[str], None]) -> None:
    """Bring the kubeconfig of every cluster that is up up to date."""
    for deployment in things(cluster, HIVE, "ClusterDeployment"):
        target = spokes(deployment.name) if deployment.spec.get("installed") and not deployment.deleting else None
        if target is not None:
            _keep(cluster, deployment, kubeconfig(deployment.name, target.access()))


def kubeconfig(name: str, access: Access) -> str:
    """Return a kubeconfig with one context, `admin`, as the installer writes it."""
    certificate = base64.b64encode(access.certificate.encode()).decode()
    settings = {"server": access.server, "certificate-authority-data": certificate}
    return for_bearer("admin", access.token, cluster=name, settings=settings)


def _keep(cluster: Cluster, deployment: Thing, text: str) -> None:
    name: str = deployment.spec["clusterMetadata"]["adminKubeconfigSecretRef"]["name"]
    data = {KEY: base64.b64encode(text.encode()).decode()}
    found = cluster.get("v1", "Secret", name, deployment.namespace) or {}
    if found.get("data") != data:
        secret: Manifest = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data}
        cluster.apply({**secret, "metadata": {"name": name, "namespace": deployment.namespace}}, force=True)
