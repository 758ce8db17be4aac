"""The set of burst clusters, and how Argo CD gets to know its members."""

import pulumi

from components.advanced_cluster_management import AdvancedClusterManagement
from components.custom import custom_resource, metadata
from components.operator import Operator
from kinds.base import LabelExpression, LabelSelector
from kinds.ocm import (
    LOCAL_CLUSTER_LABEL,
    UNAVAILABLE_TAINT,
    UNREACHABLE_TAINT,
    ArgoServer,
    ClusterPredicateSelector,
    GitOpsClusterSpec,
    ManagedClusterSetBindingSpec,
    ManagedClusterSetSpec,
    PlacementReference,
    PlacementSpec,
    Predicate,
    Toleration,
)
from settings import ClusterSet as ClusterSetSettings


def placement_spec(cluster_set: str) -> PlacementSpec:
    """Return a Placement of the set's clusters and no others.

    The article's selects `vendor In [OpenShift]` in every bound set, which takes the hub too as soon as the `default`
    or `global` set is bound. And it has no tolerations: five minutes without contact would delete the application from
    a cluster that still serves.
    """
    return PlacementSpec(
        cluster_sets=[cluster_set],
        predicates=[
            Predicate(
                required_cluster_selector=ClusterPredicateSelector(
                    label_selector=LabelSelector(
                        match_expressions=[
                            LabelExpression(key="vendor", operator="In", values=["OpenShift"]),
                            LabelExpression(key=LOCAL_CLUSTER_LABEL, operator="DoesNotExist"),
                        ]
                    )
                )
            )
        ],
        tolerations=[Toleration(key=UNREACHABLE_TAINT), Toleration(key=UNAVAILABLE_TAINT)],
    )


class ClusterSet(pulumi.ComponentResource):
    """A cluster set whose members are registered with the hub's Argo CD.

    Pulumi type: `spillway:index:ClusterSet`. Creates ManagedClusterSet, ManagedClusterSetBinding, Placement and
    GitOpsCluster. Nothing waits for a decision: a set without clusters is the normal state between bursts, and
    `PlacementSatisfied` is then False.

    The GitOpsCluster controller makes the ConfigMap `acm-placement` and the cluster Secrets of Argo CD; they are not
    written here.

    Args:
        name: Pulumi's logical name.
        args: names of the set and the objects, and the namespace of Argo CD.
        acm: ACM, which serves these kinds.
        gitops: the GitOps operator, which makes the namespace of Argo CD.
    """

    def __init__(
        self,
        name: str,
        args: ClusterSetSettings,
        *,
        acm: AdvancedClusterManagement,
        gitops: Operator,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:ClusterSet", name, None, opts)
        self.set = custom_resource(
            # Its logical name and the binding's change with the set's: the new ones come first, then the pools are made
            # anew in the new set, and the old ones go last.
            f"{name}-{args.name}",
            ManagedClusterSetSpec(),
            metadata(args.name),
            parent=self,
            depends_on=[acm.hub],
        )
        binding = custom_resource(
            f"{name}-{args.name}-binding",
            ManagedClusterSetBindingSpec(cluster_set=args.name),
            # ACM's webhook wants the binding to be named like the set.
            metadata(args.name, args.namespace),
            parent=self,
            depends_on=[self.set, *gitops.ready],
        )
        self.placement = custom_resource(
            f"{name}-placement",
            placement_spec(args.name),
            metadata(args.placement, args.namespace),
            parent=self,
            depends_on=[binding],
        )
        self.gitops_cluster = custom_resource(
            f"{name}-gitops-cluster",
            GitOpsClusterSpec(
                # ACM's documentation asks for `local-cluster`; the article names a namespace here.
                argo_server=ArgoServer(argo_namespace=args.namespace, cluster="local-cluster"),
                placement_ref=PlacementReference(name=args.placement, namespace=args.namespace),
            ),
            metadata(args.gitops_cluster, args.namespace),
            parent=self,
            depends_on=[self.placement],
        )
        self.register_outputs({})
