"""What every burst cluster gets from Hive before it serves: its site in the Skupper network and the hub's token."""

from typing import Any

import pulumi

from components.advanced_cluster_management import AdvancedClusterManagement
from components.custom import custom_resource, metadata
from components.skupper_site import SITE_CONFIG_MAP, SkupperSite
from kinds.base import LabelSelector
from kinds.hive import SecretMapping, SecretReference, SelectorSyncSetSpec
from kinds.ocm import CLUSTER_SET_LABEL
from kinds.olm import SubscriptionSpec
from settings import Interconnect as InterconnectSettings
from settings import Operator as OperatorSettings


def subscription_manifest(skupper: OperatorSettings) -> dict[str, Any]:
    """Return the Skupper operator's Subscription; approval is automatic, as nobody is there to give it."""
    spec = SubscriptionSpec(
        name="skupper-operator",
        source=skupper.source,
        source_namespace="openshift-marketplace",
        channel=skupper.channel,
        install_plan_approval="Automatic",
        starting_csv=skupper.starting_csv,
    )
    return {
        "apiVersion": spec.api_version,
        "kind": spec.kind,
        "metadata": {"name": "skupper-operator", "namespace": "openshift-operators"},
        "spec": spec.render(),
    }


def sync_spec(args: InterconnectSettings, skupper: OperatorSettings, cluster_set: str) -> SelectorSyncSetSpec:
    """Return the sync set for the clusters of the set."""
    token = SecretReference(name=args.token, namespace=args.namespace)
    return SelectorSyncSetSpec(
        cluster_deployment_selector=LabelSelector(match_labels={CLUSTER_SET_LABEL: cluster_set}),
        # Sync, not Upsert: what leaves the list, or a cluster that leaves the set, is cleaned up.
        resource_apply_mode="Sync",
        resources=[
            # First: Hive does not make the namespace that a Secret goes to, and stops at the first error.
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": args.namespace}},
            subscription_manifest(skupper),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": SITE_CONFIG_MAP, "namespace": args.namespace},
            },
        ],
        secret_mappings=[SecretMapping(source_ref=token, target_ref=token)],
    )


class InterconnectSync(pulumi.ComponentResource):
    """Keeps site and token in every cluster of the set, hibernated ones included.

    Pulumi type: `spillway:index:InterconnectSync`. Creates a SelectorSyncSet (openshift/hive,
    `apis/hive/v1/syncset_types.go`).

    Traps: the selector matches clusters that nobody has claimed yet, as their ClusterDeployments carry the label too.
    That is wanted: a resumed cluster is already linked. Hive reads a changed Secret only every two hours. A cluster-
    scoped sync set must name the source's namespace, which Hive's webhook does not check.

    Args:
        name: Pulumi's logical name.
        args: names of the sync set, the token and the namespace.
        skupper: source and channel of the operator on the burst clusters.
        cluster_set: name of the cluster set.
        acm: ACM, which brings Hive.
        site: the hub's site, whose token must be filled first.
    """

    def __init__(
        self,
        name: str,
        args: InterconnectSettings,
        *,
        skupper: OperatorSettings,
        cluster_set: str,
        acm: AdvancedClusterManagement,
        site: SkupperSite,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:InterconnectSync", name, None, opts)
        custom_resource(
            f"{name}-sync",
            sync_spec(args, skupper, cluster_set),
            metadata(args.sync),
            parent=self,
            depends_on=[acm.hub, site.token],
        )
        self.register_outputs({})
