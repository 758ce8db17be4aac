"""Open Cluster Management and ACM: cluster sets, placement, GitOps registration, the hub itself.

Fields: `open-cluster-management-io/api` (cluster/v1beta1, v1beta2), `stolostron/multicloud-integrations`
(GitOpsCluster), `stolostron/multiclusterhub-operator` (MultiClusterHub).
"""

from typing import ClassVar, Literal

from kinds.base import LabelSelector, Part, Spec

CLUSTER_SET_LABEL = "cluster.open-cluster-management.io/clusterset"
PLACEMENT_LABEL = "cluster.open-cluster-management.io/placement"
LOCAL_CLUSTER_LABEL = "local-cluster"
UNREACHABLE_TAINT = "cluster.open-cluster-management.io/unreachable"
UNAVAILABLE_TAINT = "cluster.open-cluster-management.io/unavailable"
PLACEMENT_API_VERSION = "cluster.open-cluster-management.io/v1beta1"


class MultiClusterHubSpec(Spec):
    """ACM with its defaults, as in the article."""

    api_version: ClassVar[str] = "operator.open-cluster-management.io/v1"
    kind: ClassVar[str] = "MultiClusterHub"


class ClusterSelector(Part):
    """ACM's webhook accepts only sets that go by the cluster-set label."""

    selector_type: Literal["ExclusiveClusterSetLabel"] = "ExclusiveClusterSetLabel"


class ManagedClusterSetSpec(Spec):
    """A set of managed clusters."""

    api_version: ClassVar[str] = "cluster.open-cluster-management.io/v1beta2"
    kind: ClassVar[str] = "ManagedClusterSet"

    cluster_selector: ClusterSelector = ClusterSelector()


class ManagedClusterSetBindingSpec(Spec):
    """Lets a namespace use a set; the object's name must equal `clusterSet` (webhook)."""

    api_version: ClassVar[str] = "cluster.open-cluster-management.io/v1beta2"
    kind: ClassVar[str] = "ManagedClusterSetBinding"

    cluster_set: str


class ClusterPredicateSelector(Part):
    """Selects by labels of the ManagedCluster."""

    label_selector: LabelSelector


class Predicate(Part):
    """Predicates are ORed; selectors inside one are ANDed."""

    required_cluster_selector: ClusterPredicateSelector


class Toleration(Part):
    """Keeps a cluster selected in spite of a taint."""

    key: str
    operator: Literal["Exists"] = "Exists"


class PlacementSpec(Spec):
    """Which clusters of which sets are selected."""

    api_version: ClassVar[str] = PLACEMENT_API_VERSION
    kind: ClassVar[str] = "Placement"

    cluster_sets: list[str]
    predicates: list[Predicate]
    tolerations: list[Toleration]


class ArgoServer(Part):
    """The Argo CD instance that selected clusters are registered with."""

    argo_namespace: str
    cluster: str


class PlacementReference(Part):
    """The Placement whose decisions are registered."""

    api_version: str = PLACEMENT_API_VERSION
    kind: str = "Placement"
    name: str
    namespace: str


class GitOpsClusterSpec(Spec):
    """Registers the selected clusters with Argo CD."""

    api_version: ClassVar[str] = "apps.open-cluster-management.io/v1beta1"
    kind: ClassVar[str] = "GitOpsCluster"

    argo_server: ArgoServer
    placement_ref: PlacementReference
