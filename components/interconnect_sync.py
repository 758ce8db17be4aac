"""What every burst cluster of a pool gets from Hive before it serves: its site, its link to the hub, a credential."""

from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.advanced_cluster_management import AdvancedClusterManagement
from components.custom import custom_resource, metadata
from components.skupper_controller import PACKAGE
from components.skupper_site import SiteArgs, SkupperSite, site_config, site_spec
from kinds.base import LabelSelector
from kinds.hive import (
    POOL_NAME_LABEL,
    POOL_NAMESPACE_LABEL,
    SecretMapping,
    SecretReference,
    SelectorSyncSetSpec,
)
from kinds.ocm import CLUSTER_SET_LABEL
from kinds.olm import SubscriptionSpec
from kinds.skupper import (
    API_VERSION,
    COST_ANNOTATION,
    SITE_CA,
    SITE_CONFIG_MAP,
    TOKEN,
    TOKEN_REQUEST,
    TYPE_LABEL,
    CertificateSpec,
)
from settings import Interconnect as InterconnectSettings
from settings import Operator as OperatorSettings
from settings import Pool

LINK = "hub"


def credential_name(args: InterconnectSettings, pool: str) -> str:
    """Return the name of a pool's credential, on the hub and in its clusters.

    Version 1 has the link's cost on the credential, and never looks at the cost of one that it has.
    """
    name = f"{args.token}-{pool}"
    return f"{name}-cost-{args.cost}" if args.version == 1 else name


def subscription_manifest(skupper: OperatorSettings) -> dict[str, Any]:
    """Return the Skupper operator's Subscription; approval is automatic, as nobody is there to give it."""
    spec = SubscriptionSpec(
        name=PACKAGE.name,
        source=skupper.source,
        source_namespace=PACKAGE.catalog_namespace,
        channel=skupper.channel,
        install_plan_approval="Automatic",
        starting_csv=skupper.starting_csv,
    )
    return {
        "apiVersion": spec.api_version,
        "kind": spec.kind,
        "metadata": {"name": PACKAGE.name, "namespace": PACKAGE.namespace},
        "spec": spec.render(),
    }


def site_manifests(args: InterconnectSettings, credential: str, endpoints: Any) -> list[dict[str, Any]]:
    """Return the site of a burst cluster, which accepts no links, and with version 2 its link to the hub.

    Args:
        args: version, namespace and cost of the link.
        credential: name of the Secret with the link's certificate.
        endpoints: where the hub's site accepts links (version 2).
    """
    site = SiteArgs(version=args.version, name="burst", namespace=args.namespace, access="none", protect=False)
    place = {"namespace": args.namespace}
    if args.version == 1:
        # Its name is the namespace's, as in the article: no two burst clusters are told apart by it.
        data = site_config(site).data()
        return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SITE_CONFIG_MAP, **place}, "data": data}]
    spec = site_spec(site)
    return [
        {
            "apiVersion": spec.api_version,
            "kind": spec.kind,
            "metadata": {"name": site.name, **place},
            "spec": spec.render(),
        },
        {
            "apiVersion": API_VERSION,
            "kind": "Link",
            "metadata": {"name": LINK, **place},
            "spec": {"endpoints": endpoints, "tlsCredentials": credential, "cost": args.cost},
        },
    ]


def sync_spec(
    args: InterconnectSettings, skupper: OperatorSettings, cluster_set: str, pool: Pool, credential: str
) -> SelectorSyncSetSpec:
    """Return the sync set for the pool's clusters; the site is not in it, as it may hold what the hub answers."""
    token = SecretReference(name=credential, namespace=args.namespace)
    return SelectorSyncSetSpec(
        cluster_deployment_selector=LabelSelector(
            match_labels={
                CLUSTER_SET_LABEL: cluster_set,
                POOL_NAME_LABEL: pool.name,
                POOL_NAMESPACE_LABEL: pool.place,
            }
        ),
        # Sync, not Upsert: what leaves the list, or a cluster that leaves the set, is cleaned up.
        resource_apply_mode="Sync",
        resources=[
            # First: Hive does not make the namespace that a Secret goes to, and stops at the first error.
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": args.namespace}},
            subscription_manifest(skupper),
        ],
        secret_mappings=[SecretMapping(source_ref=token, target_ref=token)],
    )


class InterconnectSync(pulumi.ComponentResource):
    """Keeps site, link and credential in every cluster of a pool, hibernated ones included.

    Pulumi type: `spillway:index:InterconnectSync`. Creates the pool's credential on the hub and a SelectorSyncSet
    (openshift/hive, `apis/hive/v1/syncset_types.go`) that brings it to the clusters. With version 2 the credential is a
    Certificate that the hub's controller issues from the site's authority; with version 1 a Secret that asks for a
    token, which Skupper fills and turns into one. Either way the key goes from the hub's Secret into the clusters' and
    is in no file and in no state. Each pool has an identity of its own, valid for five years: a standby that is resumed
    connects again with what it has.

    Traps:
        - The selector matches clusters that nobody has claimed yet, as their ClusterDeployments carry the labels too.
          That is wanted: a resumed cluster is already linked.
        - Hive reads a changed Secret only every two hours. A cluster-scoped sync set must name the source's namespace,
          which Hive's webhook does not check.
        - Hive copies labels and annotations too. A request of version 1 that reached another cluster unfilled would be
          answered there, with a token to itself: so the sync set waits until it is filled.
        - With version 1 the cost is in the credential's name: a changed one is a new credential, by which Hive replaces
          the old one in the clusters. In both versions it breaks the connections of the link.

    Args:
        name: Pulumi's logical name.
        args: version, namespace, cost, and prefixes of the objects' names.
        pool: the pool whose clusters are joined.
        skupper: source and channel of the operator on the burst clusters.
        cluster_set: name of the cluster set.
        acm: ACM, which brings Hive.
        site: the hub's site.

    Raises:
        ValueError: the hub's site is of another version of Skupper, which cannot talk to the clusters'.
    """

    def __init__(
        self,
        name: str,
        args: InterconnectSettings,
        *,
        pool: Pool,
        skupper: OperatorSettings,
        cluster_set: str,
        acm: AdvancedClusterManagement,
        site: SkupperSite,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:InterconnectSync", name, None, opts)
        if args.version != site.args.version:
            raise ValueError(
                f"{name}: sites of version {args.version} and {site.args.version} cannot talk to each other"
            )
        secret = credential_name(args, pool.name)
        credential = (
            self._request(name, args, secret, site)
            if args.version == 1
            else self._certificate(name, args, secret, pool, site)
        )
        spec = sync_spec(args, skupper, cluster_set, pool, secret)
        rendered = spec.render()
        rendered["resources"] += site_manifests(args, secret, site.endpoints)
        self.sync = pulumi.CustomResource(
            f"kubernetes:{spec.api_version}:{spec.kind}",
            f"{name}-sync",
            {
                "apiVersion": spec.api_version,
                "kind": spec.kind,
                "metadata": metadata(f"{args.sync}-{pool.name}"),
                "spec": rendered,
            },
            pulumi.ResourceOptions(parent=self, depends_on=[acm.hub, credential], delete_before_replace=True),
        )
        self.register_outputs({})

    def _certificate(
        self, name: str, args: InterconnectSettings, secret: str, pool: Pool, site: SkupperSite
    ) -> pulumi.Resource:
        return custom_resource(
            f"{name}-certificate",
            CertificateSpec(ca=SITE_CA, subject=pool.name, client=True),
            metadata(secret, args.namespace, wait_for=["condition=Ready"]),
            parent=self,
            # The controller issues from an authority that is there, and does not try again when it was not.
            depends_on=[site.site],
        )

    def _request(self, name: str, args: InterconnectSettings, secret: str, site: SkupperSite) -> pulumi.Resource:
        return Secret(
            f"{name}-token",
            metadata=metadata(
                secret,
                args.namespace,
                labels={TYPE_LABEL: TOKEN_REQUEST},
                annotations={COST_ANNOTATION: str(args.cost)},
                wait_for=[f"jsonpath={{.metadata.labels['{TYPE_LABEL}']}}={TOKEN}"],
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[site.site],
                # Skupper's from here on: writing the request's label again would make a new certificate.
                ignore_changes=["metadata.labels", "data", "type"],
            ),
        )
