"""The hub: which cluster it is, its operators, and Kyverno."""

from typing import Literal

from pydantic import Field

from settings.section import Section
from settings.values import Name, Text

# The chart of Kyverno 1.19, on which the policies were tried.
KYVERNO_CHART = "3.9.1"


class Operator(Section):
    """An operator from OLM's catalog (operator-framework/api, `SubscriptionSpec`)."""

    channel: Text = Field(description="the catalog's channel; pins what Automatic may install", examples=["stable"])
    approval: Literal["Automatic", "Manual"] = Field(
        default="Automatic",
        description="Automatic installs what the channel brings; Manual installs only `startingCsv`",
    )
    starting_csv: Text | None = Field(
        default=None,
        description="the ClusterServiceVersion to install; required with Manual, where the program approves just that",
        examples=["advanced-cluster-management.v2.15.0"],
    )
    source: Name = Field(default="redhat-operators", description="the CatalogSource in openshift-marketplace")


class Operators(Section):
    """The three operators of the hub."""

    gitops: Operator = Field(default=Operator(channel="gitops-1.18"), description="OpenShift GitOps (Argo CD)")
    acm: Operator = Field(default=Operator(channel="release-2.15"), description="Advanced Cluster Management")
    skupper: Operator | None = Field(
        default=None,
        description="Skupper, here and on the burst clusters; versions 1 and 2 share the package and cannot talk; "
        "default: stable-2.2, or stable-1.9 with `spillway:interconnect.version` 1",
    )


class MultiClusterHub(Section):
    """ACM's own resource."""

    name: Name = Field(default="multiclusterhub", description="name of the MultiClusterHub")
    namespace: Name = Field(default="open-cluster-management", description="ACM's namespace, made by the program")


class Kyverno(Section):
    """Kyverno, by its Helm chart or as it is."""

    install: Literal["chart", "existing"] = Field(
        description="`chart` installs a Helm release; `existing` takes what is there"
    )
    release: Name = Field(
        default="kyverno",
        description="name of the Helm release, also of an existing one: Kyverno's roles aggregate by it",
    )
    namespace: Name = Field(default="kyverno", description="namespace of the release")
    version: Text | None = Field(
        default=None, description="version of the chart; required with `chart`", examples=[KYVERNO_CHART]
    )
    chart: Text = Field(default="kyverno", description="name of the chart in the repository, or a local path")
    repository: Text | None = Field(
        default="https://kyverno.github.io/kyverno/", description="the chart's repository; null for a local path"
    )


class Hub(Section):
    """The cluster that everything is built on."""

    context: Text = Field(
        description="context in the kubeconfig; nothing is sent to any other cluster. The stack knows its cluster by "
        "this name: after another one all is made anew, pools and clusters too",
        examples=["my-hub"],
    )
    kubeconfig: Text | None = Field(
        default=None, description="path of the kubeconfig; default: as kubectl finds it", examples=["~/.kube/config"]
    )
    operators: Operators = Field(default=Operators(), description="operators from OLM's catalog")
    multi_cluster_hub: MultiClusterHub = Field(default=MultiClusterHub(), description="ACM's own resource")
    kyverno: Kyverno = Field(description="the policy engine that claims and releases")


class ClusterSet(Section):
    """The set of burst clusters and how Argo CD gets to know them."""

    name: Name = Field(description="name of the ManagedClusterSet", examples=["interconnect"])
    namespace: Name = Field(default="openshift-gitops", description="namespace of the hub's Argo CD")
    placement: Name = Field(default="interconnect", description="name of the Placement")
    gitops_cluster: Name = Field(default="argo-acm-importer", description="name of the GitOpsCluster")
