"""An operator from a catalog of the Operator Lifecycle Manager (OLM)."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResourcePatch
from pulumi_kubernetes.core.v1 import Namespace

from components.custom import FORCE, WAIT_FOR, StatusResource, custom_resource, metadata
from kinds.olm import InstallPlanApproval, OperatorGroupSpec, SubscriptionSpec
from settings import Operator as OperatorSettings

INSTALL_TIMEOUT = "30m"


@dataclass(frozen=True)
class Package:
    """Where an operator comes from and where it lives.

    `namespace` is one that OpenShift owns, unless `own_namespace` is set: then the component makes the namespace and
    its OperatorGroup. A second OperatorGroup in a namespace stops every operator in it, so none is made elsewhere.
    """

    name: str
    namespace: str = "openshift-operators"
    own_namespace: bool = False
    catalog_namespace: str = "openshift-marketplace"


def offered_or_installed(pinned: str) -> str:
    """Return what a Subscription waits for: OLM has a plan for the pinned version, or has installed it.

    It stays true when OLM goes on to offer a later version: then `status.currentCSV` and the plan are the later one's.
    """
    return f"jsonpath={{$[?@.currentCSV=='{pinned}' || @.installedCSV=='{pinned}'].installPlanRef.name}}"


def install_plan_of(status: dict[str, Any] | None, pinned: str) -> str:
    """Return the name of the InstallPlan for the pinned version.

    If OLM's present plan is for another version, which nobody has agreed to, it is a name that no plan has: whoever has
    the right plan's name keeps it, and whoever has not fails with a message that names the version. So it is too when
    OLM has never offered anything, hence has written no status: `up` has waited in vain, and the state has none.
    """
    if not status or status.get("currentCSV") != pinned:
        return f"no-plan-for-{pinned}"
    return str(status["installPlanRef"]["name"])


class Operator(pulumi.ComponentResource):
    """Installs an operator and ends when OLM has installed it.

    Pulumi type: `spillway:index:Operator`. Creates a Subscription; a Namespace and an OperatorGroup where the package
    has a namespace of its own; with manual approval also a patch that approves the plan of the pinned version, so that
    `pulumi up` never waits for a person unawares.

    Fields: operator-framework/api, `pkg/operators/v1alpha1/subscription_types.go`. With approval Automatic the wait is
    for `status.state` AtLatestKnown, which OLM sets once the ClusterServiceVersion of the channel's head is there;
    with Manual it is for OLM's plan of the pinned version, then for that plan's phase Complete. A new pin is a new
    approval. A version that OLM offers later is left alone.

    Deleting the Subscription leaves the ClusterServiceVersion, hence the operator, running: OLM does so on purpose.

    Traps, with Manual (read in operator-lifecycle-manager, `pkg/controller/operators/catalog/operator.go` and
    `pkg/controller/registry/resolver/resolver.go`):
        - `startingCSV` counts until a version is installed. Then OLM offers what replaces the installed version, and
          nothing else while that plan is open. So `up` waits for a pin further on until somebody approves those
          before it, and never gets one that is older or not in the channel: it gives up after INSTALL_TIMEOUT.
        - A plan may be for all Subscriptions of a namespace, and one of them with Manual makes all wait for approval:
          a pin approves its neighbours' versions with its own, and a neighbour with Automatic waits for a person. The
          settings refuse that mix for the program's own operators.

    Args:
        name: Pulumi's logical name.
        package: the package in the catalog and its namespace.
        args: channel, approval and version.
    """

    def __init__(
        self, name: str, package: Package, args: OperatorSettings, *, opts: pulumi.ResourceOptions | None = None
    ):
        super().__init__("spillway:index:Operator", name, None, opts)
        before: list[pulumi.Resource] = []
        if package.own_namespace:
            namespace = Namespace(
                f"{name}-namespace", metadata=metadata(package.namespace), opts=pulumi.ResourceOptions(parent=self)
            )
            group = custom_resource(
                f"{name}-group",
                OperatorGroupSpec(target_namespaces=[package.namespace]),
                metadata(package.namespace, package.namespace),
                parent=self,
                depends_on=[namespace],
            )
            before = [namespace, group]
        pinned = args.starting_csv if args.approval == "Manual" else None
        self.subscription = StatusResource(
            f"{name}-subscription",
            SubscriptionSpec(
                name=package.name,
                source=args.source,
                source_namespace=package.catalog_namespace,
                channel=args.channel,
                install_plan_approval=args.approval,
                starting_csv=args.starting_csv,
            ),
            metadata(
                package.name,
                package.namespace,
                wait_for=[offered_or_installed(pinned) if pinned else "jsonpath={.status.state}=AtLatestKnown"],
            ),
            pulumi.ResourceOptions(
                parent=self,
                depends_on=before,
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create=INSTALL_TIMEOUT, update=INSTALL_TIMEOUT),
            ),
        )
        self.ready: list[pulumi.Resource] = [self.subscription]
        if pinned:
            self.ready.append(self._approve(name, package, pinned))
        self.register_outputs({})

    def _approve(self, name: str, package: Package, pinned: str) -> pulumi.Resource:
        approval = InstallPlanApproval()
        plan: pulumi.Input[str] = self.subscription.status.apply(lambda status: install_plan_of(status, pinned))
        if pulumi.runtime.is_dry_run():
            # OLM has made none yet, and the provider refuses a patch whose name is unknown.
            plan = f"plan-of-{pinned}"
        # The version is in the logical name: a new pin is a new approval. The plan's name is kept once it is approved,
        # because the subscription soon refers to the plan of a later version, which must not be approved with it.
        return CustomResourcePatch(
            f"{name}-approve-{pinned}",
            api_version=approval.api_version,
            kind=approval.kind,
            metadata={
                "name": plan,
                "namespace": package.namespace,
                # OLM has written that it is not approved.
                "annotations": {WAIT_FOR: "jsonpath={.status.phase}=Complete", FORCE: "true"},
            },
            spec=approval.render(),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["metadata.name"],
                retain_on_delete=True,
                custom_timeouts=pulumi.CustomTimeouts(create=INSTALL_TIMEOUT),
            ),
        )
