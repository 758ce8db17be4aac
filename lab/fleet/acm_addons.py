"""Plays ACM's import of add-ons (stolostron/managedcluster-import-controller, stolostron/klusterlet-addon-controller).

Keeps: the KlusterletAddonConfig of a claimed cluster. Leaves out: the add-ons and their health.
"""

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import Thing

API = "agent.open-cluster-management.io/v1"


def look(cluster: Cluster, found: Thing) -> None:
    """Let a managed cluster have its KlusterletAddonConfig."""
    if cluster.get(API, "KlusterletAddonConfig", found.name, found.name):
        return
    enabled = ("applicationManager", "certPolicyController", "policyController", "searchCollector")
    manifest: Manifest = {
        "apiVersion": API,
        "kind": "KlusterletAddonConfig",
        "metadata": {"name": found.name, "namespace": found.name},
        "spec": {
            "clusterName": found.name,
            "clusterNamespace": found.name,
            "clusterLabels": found.labels,
            **{name: {"enabled": True} for name in enabled},
        },
    }
    cluster.create(manifest)
