"""Delivery of the application to every claimed cluster, by Argo CD."""

from collections.abc import Sequence
from typing import Literal

import pulumi

from components.cluster_set import ClusterSet
from components.custom import FORCE, custom_resource, metadata
from kinds.argocd import (
    ApplicationDestination,
    ApplicationMetadata,
    ApplicationSetSpec,
    ApplicationSetSyncPolicy,
    ApplicationSource,
    ApplicationSpec,
    ApplicationTemplate,
    AppProjectSpec,
    AutomatedSync,
    ClusterDecisionResource,
    Generator,
    GroupKind,
    IgnoredDifference,
    ProjectDestination,
    Retry,
    RetryBackoff,
    SyncPolicy,
)
from kinds.base import LabelSelector
from kinds.ocm import PLACEMENT_LABEL
from kinds.route import RouteSpec
from kinds.skupper import ConnectorSpec
from settings import ClusterSet as ClusterSetSettings
from settings import Delivery as DeliverySettings
from settings import Pool
from settings import Workload as WorkloadSettings

# Hive names a pool's clusters <pool>-<five characters>, and ACM keeps the name.
POOL_OF_CLUSTER = '{{ regexReplaceAll "-[a-z0-9]{5}$" .name "" }}'
# The ConfigMap that the GitOpsCluster controller makes; it tells Argo CD how to read placement decisions.
DECISIONS_CONFIG_MAP = "acm-placement"


def project_spec(
    delivery: DeliverySettings, pools: Sequence[Pool], namespace: str, skupper: Literal[1, 2]
) -> AppProjectSpec:
    """Return a project for the application's kinds, from its repository, in its namespace, on the pools' clusters.

    It allows no cluster-scoped kind: the namespace is in the burst clusters already, by Hive. What comes with the
    Deployment depends on Skupper's version (`components/burst_workload.py`).
    """
    beside = GroupKind(group=RouteSpec.api_version.split("/")[0], kind=RouteSpec.kind)
    if skupper == 2:
        beside = GroupKind(group=ConnectorSpec.api_version.split("/")[0], kind=ConnectorSpec.kind)
    return AppProjectSpec(
        source_repos=[delivery.repository],
        # By the clusters' names: their addresses are known only when they are claimed.
        destinations=[ProjectDestination(name=f"{pool.name}-*", namespace=namespace) for pool in pools],
        namespace_resource_whitelist=[
            GroupKind(group="apps", kind="Deployment"),
            beside,
        ],
    )


def application_set_spec(
    delivery: DeliverySettings, cluster_set: ClusterSetSettings, namespace: str
) -> ApplicationSetSpec:
    """Return an ApplicationSet that follows the placement's decisions."""
    return ApplicationSetSpec(
        go_template=True,
        # A parameter that is misspelt is an error, and not "<no value>" in the name of a folder.
        go_template_options=["missingkey=error"],
        generators=[
            Generator(
                cluster_decision_resource=ClusterDecisionResource(
                    config_map_ref=DECISIONS_CONFIG_MAP,
                    label_selector=LabelSelector(match_labels={PLACEMENT_LABEL: cluster_set.placement}),
                    requeue_after_seconds=delivery.requeue_after,
                )
            )
        ],
        template=ApplicationTemplate(
            metadata=ApplicationMetadata(name=f"{delivery.name}-{{{{ .name }}}}"),
            spec=ApplicationSpec(
                project=delivery.project,
                destination=ApplicationDestination(server="{{ .server }}", namespace=namespace),
                source=ApplicationSource(
                    repo_url=delivery.repository,
                    path=f"{delivery.path}/{POOL_OF_CLUSTER}",
                    target_revision=delivery.revision,
                ),
                ignore_differences=[
                    IgnoredDifference(group="apps", kind="Deployment", json_pointers=["/spec/replicas"])
                ],
                sync_policy=SyncPolicy(
                    automated=AutomatedSync(self_heal=True, prune=True),
                    # Without RespectIgnoreDifferences a sync would still reset the replicas.
                    sync_options=["RespectIgnoreDifferences=true"],
                    # Seventeen minutes. By default Argo CD gives up after five attempts in three minutes and then waits
                    # for another commit; a resumed cluster may be longer without its API or its namespace.
                    retry=Retry(limit=20, backoff=RetryBackoff(duration="5s", factor=2, max_duration="1m")),
                ),
            ),
        ),
        # A released cluster is destroyed: waiting for a cascade into it would only leave the application stuck.
        sync_policy=ApplicationSetSyncPolicy(preserve_resources_on_deletion=True),
    )


class Delivery(pulumi.ComponentResource):
    """Delivers a folder of a git repository to every cluster of the set.

    Pulumi type: `spillway:index:Delivery`. Creates an AppProject and an ApplicationSet (argoproj/argo-cd,
    `pkg/apis/application/v1alpha1`) in the namespace of the hub's Argo CD. Each cluster gets the subfolder of its pool,
    which `preview/gitops.py` renders.

    Traps: the generator polls and does not watch, hence a short requeue. Deleting the Placement before the
    ApplicationSet would leave applications behind (argoproj/argo-cd#11939), so the order of deletion matters. After a
    refresh Argo CD writes the ApplicationSet back and owns its generators, so the program takes them back.

    Args:
        name: Pulumi's logical name.
        args: repository, path, revision, names, and the poll interval in seconds.
        cluster_set: the set whose decisions are followed.
        set_args: its names and the namespace of Argo CD.
        pools: the pools whose clusters the application may go to.
        workload: the application, for its namespace.
        skupper: Skupper's version; with version 2 the application comes with a Connector.
        after: the pools' objects; so a destroy stops the delivery before it removes clusters.
    """

    def __init__(
        self,
        name: str,
        args: DeliverySettings,
        *,
        cluster_set: ClusterSet,
        set_args: ClusterSetSettings,
        pools: Sequence[Pool],
        workload: WorkloadSettings,
        skupper: Literal[1, 2],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:Delivery", name, None, opts)
        project = custom_resource(
            f"{name}-project",
            project_spec(args, pools, workload.namespace, skupper),
            metadata(args.project, set_args.namespace),
            parent=self,
            depends_on=[cluster_set.gitops_cluster],
        )
        custom_resource(
            f"{name}-application-set",
            application_set_spec(args, set_args, workload.namespace),
            metadata(args.name, set_args.namespace, annotations={FORCE: "true"}),
            parent=self,
            depends_on=[project, cluster_set.placement, cluster_set.gitops_cluster, *after],
        )
        self.register_outputs({})
