"""Hive: `hive.openshift.io/v1` (openshift/hive, `apis/hive/v1`)."""

from typing import Any, ClassVar, Literal

from kinds.base import LabelSelector, LocalReference, Part, Spec

CLAIM_KIND = "ClusterClaim"
API_VERSION = "hive.openshift.io/v1"
# Hive puts both on the ClusterDeployments that it makes for a pool.
POOL_NAME_LABEL, POOL_NAMESPACE_LABEL = "hive.openshift.io/clusterpool-name", "hive.openshift.io/clusterpool-namespace"


class ClusterImageSetSpec(Spec):
    """The release image that a pool installs."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "ClusterImageSet"

    release_image: str


class AwsPlatform(Part):
    """`platform.aws` of a pool. `userTags` and `privateLink` exist upstream, but Hive does not pass them on."""

    credentials_secret_ref: LocalReference
    region: str


class Platform(Part):
    """Exactly one platform; Hive's webhook refuses none or several."""

    aws: AwsPlatform


class ClaimLifetime(Part):
    """Bounds on the life of a claim, as Go durations in canonical form."""

    default: str
    maximum: str


class HibernationConfig(Part):
    """A cluster that takes longer than this to resume is broken and replaced."""

    resume_timeout: str


class ClusterPoolSpec(Spec):
    """A pool of clusters. `hibernateAfter` is left out: it acts on claimed clusters, hence on those that serve."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "ClusterPool"

    platform: Platform
    base_domain: str
    image_set_ref: LocalReference
    pull_secret_ref: LocalReference
    install_config_secret_template_ref: LocalReference
    size: int
    running_count: int
    max_size: int
    max_concurrent: int
    claim_lifetime: ClaimLifetime
    hibernation_config: HibernationConfig
    install_attempts_limit: int
    skip_machine_pools: bool


class ClusterClaimSpec(Spec):
    """A claim on one cluster of a pool. Hive fills `namespace`; nobody else may."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = CLAIM_KIND

    cluster_pool_name: str
    lifetime: str


class SecretReference(Part):
    """A Secret on the hub (source) or in the cluster (target)."""

    name: str
    namespace: str


class SecretMapping(Part):
    """Copies a Secret of the hub into the cluster, with its labels and annotations."""

    source_ref: SecretReference
    target_ref: SecretReference


class SelectorSyncSetSpec(Spec):
    """What Hive keeps in every cluster that the selector matches, claimed or not."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "SelectorSyncSet"

    cluster_deployment_selector: LabelSelector
    resource_apply_mode: Literal["Upsert", "Sync"]
    resources: list[dict[str, Any]]
    secret_mappings: list[SecretMapping]
