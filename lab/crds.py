"""The kinds that OpenShift, ACM and Hive bring to a hub, OpenShift to a burst cluster, Skupper and MetalLB to a mesh.

Without the operators their CRDs are missing, so the lab installs permissive stand-ins: right group, kind, scope and
subresources, no schema. `--crds DIR` takes the upstream CRDs instead for the kinds that the folder has.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.cluster import Cluster, Manifest

CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


@dataclass(frozen=True)
class StandIn:
    """A kind; `status` tells whether it has that subresource."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    status: bool = True

    @property
    def name(self) -> str:
        """The name of its CRD."""
        return f"{self.plural}.{self.group}"

    def manifest(self) -> Manifest:
        """Return a CRD that accepts anything."""
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        return {
            "apiVersion": CRD[0],
            "kind": CRD[1],
            "metadata": {"name": self.name},
            "spec": {
                "group": self.group,
                "scope": "Namespaced" if self.namespaced else "Cluster",
                "names": {"kind": self.kind, "plural": self.plural, "singular": self.kind.lower()},
                "versions": [
                    {
                        "name": self.version,
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}} if self.status else {},
                        "schema": {"openAPIV3Schema": anything},
                    }
                ],
            },
        }


OLM, HIVE, OCM = "operators.coreos.com", "hive.openshift.io", "cluster.open-cluster-management.io"
HIVE_SYNC = "hiveinternal.openshift.io"
ROUTE = "route.openshift.io"
SKUPPER = "skupper.io"

# Version 2; version 1 has none.
SKUPPER_KINDS = tuple(
    StandIn(SKUPPER, "v2alpha1", kind, f"{kind.lower()}s")
    for kind in (
        "Site", "AccessGrant", "AccessToken", "Link", "Certificate", "Connector", "Listener", "MultiKeyListener",
    )
)  # fmt: skip
METALLB_KINDS = (
    StandIn("metallb.io", "v1beta1", "IPAddressPool", "ipaddresspools"),
    StandIn("metallb.io", "v1beta1", "L2Advertisement", "l2advertisements"),
)
# On the clusters of a mesh.
MESH = (*SKUPPER_KINDS, *METALLB_KINDS)
# On the hub.
STAND_INS = (
    StandIn(OLM, "v1alpha1", "Subscription", "subscriptions"),
    StandIn(OLM, "v1alpha1", "ClusterServiceVersion", "clusterserviceversions"),
    StandIn(OLM, "v1alpha1", "InstallPlan", "installplans"),
    StandIn(OLM, "v1", "OperatorGroup", "operatorgroups"),
    StandIn("operator.open-cluster-management.io", "v1", "MultiClusterHub", "multiclusterhubs"),
    StandIn(OCM, "v1", "ManagedCluster", "managedclusters", namespaced=False),
    StandIn(OCM, "v1beta2", "ManagedClusterSet", "managedclustersets", namespaced=False),
    StandIn(OCM, "v1beta2", "ManagedClusterSetBinding", "managedclustersetbindings"),
    StandIn(OCM, "v1beta1", "Placement", "placements"),
    StandIn(OCM, "v1beta1", "PlacementDecision", "placementdecisions"),
    StandIn("apps.open-cluster-management.io", "v1beta1", "GitOpsCluster", "gitopsclusters"),
    StandIn(HIVE, "v1", "ClusterPool", "clusterpools"),
    StandIn(HIVE, "v1", "ClusterClaim", "clusterclaims"),
    StandIn(HIVE, "v1", "ClusterDeployment", "clusterdeployments"),
    StandIn(HIVE, "v1", "ClusterDeprovision", "clusterdeprovisions"),
    StandIn(HIVE, "v1", "ClusterImageSet", "clusterimagesets", namespaced=False),
    StandIn(HIVE, "v1", "SelectorSyncSet", "selectorsyncsets", namespaced=False),
    StandIn(HIVE_SYNC, "v1alpha1", "ClusterSync", "clustersyncs"),
    StandIn(HIVE_SYNC, "v1alpha1", "ClusterSyncLease", "clustersyncleases", status=False),
    StandIn("agent.open-cluster-management.io", "v1", "KlusterletAddonConfig", "klusterletaddonconfigs"),
    StandIn("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules", status=False),
    StandIn("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", status=False),
    StandIn(ROUTE, "v1", "Route", "routes"),
)

# What every OpenShift cluster has, a burst cluster too.
OPENSHIFT = (OLM, ROUTE)
# OpenShift has the first two. The GitOps operator makes the third when it is installed; the program never does.
NAMESPACES = ("openshift-operators", "openshift-marketplace", "openshift-gitops")


def crd_manifests(folder: Path | None, stand_ins: Iterable[StandIn] = STAND_INS) -> list[Manifest]:
    """Return the CRDs to install: the upstream ones of the folder for the stand-ins' kinds, else the stand-ins."""
    upstream: dict[str, Manifest] = {}
    if folder:
        for path in sorted(folder.glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                if document and document["kind"] == CRD[1]:
                    upstream[document["metadata"]["name"]] = document
    return [upstream.get(stand_in.name) or stand_in.manifest() for stand_in in stand_ins]


def install_crds(cluster: Cluster, manifests: list[Manifest]) -> None:
    """Apply CRDs and wait until the API server serves them."""

    def apply(crd: Manifest) -> Manifest:
        return cluster.apply(crd, force=True, strict=False)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(apply, manifests))
    for crd in manifests:
        name = crd["metadata"]["name"]
        cluster.wait_for(f"CRD {name} served", lambda name=name: _established(cluster, name))


def _established(cluster: Cluster, name: str) -> bool:
    crd = cluster.get(*CRD, name) or {}
    conditions: list[Manifest] = crd.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def install(cluster: Cluster, folder: Path | None = None) -> None:
    """Make the API server look like a hub whose operators are about to be installed."""
    install_crds(cluster, crd_manifests(folder))
    _add_namespaces(cluster, NAMESPACES)


def install_spoke(cluster: Cluster) -> None:
    """Make the API server look like a new OpenShift cluster."""
    install_crds(cluster, [stand_in.manifest() for stand_in in STAND_INS if stand_in.group in OPENSHIFT])
    _add_namespaces(cluster, NAMESPACES[:2])


def _add_namespaces(cluster: Cluster, names: Iterable[str]) -> None:
    for name in names:
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
