"""Alerts on what bursts cost and on bursts that do not come."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.advanced_cluster_management import AdvancedClusterManagement
from components.custom import custom_resource, metadata
from components.watch_rules import hub_spec, pool_spec
from kinds.base import LabelSelector
from kinds.monitoring import Endpoint, NamespaceNames, ServiceMonitorSpec
from settings import Burst, Pool
from settings import Watch as WatchSettings
from settings import Workload as WorkloadSettings

# HiveConfig's default, which MultiClusterEngine leaves as it is.
HIVE_NAMESPACE = "hive"
# OpenShift's Prometheus takes monitors and rules from namespaces with this label.
MONITORED = {"openshift.io/cluster-monitoring": "true"}


def monitor_spec() -> ServiceMonitorSpec:
    """Return what makes Prometheus read Hive's controllers; Hive no longer does that itself (docs/monitoring.md)."""
    return ServiceMonitorSpec(
        endpoints=[Endpoint(port="metrics", interval="30s")],
        namespace_selector=NamespaceNames(match_names=[HIVE_NAMESPACE]),
        selector=LabelSelector(match_labels={"control-plane": "controller-manager"}),
    )


class Watch(pulumi.ComponentResource):
    """Alerts in the hub's own monitoring, and what they need: Hive's metrics.

    Pulumi type: `spillway:index:Watch`. Creates a Namespace that OpenShift's Prometheus looks into, a PrometheusRule
    for the hub, one for each pool, and a ServiceMonitor (prometheus-operator), and in Hive's namespace a Role with its
    RoleBinding by which Prometheus finds Hive's pods. Hive's namespace is not owned or labelled.

    Trap: without Hive's metrics most alerts are silent; `SpillwayHiveSilent` tells so. What no metric covers is in
    `docs/watch.md`, with a runbook for each alert.

    Args:
        name: Pulumi's logical name.
        args: namespace of the alerts; minutes that a claim may wait; days until a standby cluster is to be renewed;
            address of the runbooks.
        pools: the stack's pools, for their names and sizes.
        bursts: the stack's bursts, for when their claims are to be released.
        workload: the application, whose replicas tell that.
        acm: ACM, which brings Hive.
    """

    def __init__(
        self,
        name: str,
        args: WatchSettings,
        *,
        pools: Sequence[Pool],
        bursts: Sequence[Burst],
        workload: WorkloadSettings,
        acm: AdvancedClusterManagement,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:Watch", name, None, opts)
        namespace = Namespace(
            f"{name}-namespace",
            metadata=metadata(args.namespace, labels=MONITORED),
            opts=pulumi.ResourceOptions(parent=self),
        )
        reader = metadata(f"{args.namespace}-prometheus", HIVE_NAMESPACE)
        verbs = ["get", "list", "watch"]
        role = Role(
            f"{name}-reader",
            metadata=reader,
            rules=[
                {"api_groups": [""], "resources": ["services", "endpoints", "pods"], "verbs": verbs},
                {"api_groups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[acm.hub], delete_before_replace=True),
        )
        binding = RoleBinding(
            f"{name}-reader-binding",
            metadata=reader,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": f"{args.namespace}-prometheus"},
            subjects=[{"kind": "ServiceAccount", "name": "prometheus-k8s", "namespace": "openshift-monitoring"}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role], delete_before_replace=True),
        )
        custom_resource(
            f"{name}-hive",
            monitor_spec(),
            metadata("hive-controllers", args.namespace),
            parent=self,
            depends_on=[namespace, binding],
        )
        custom_resource(
            f"{name}-rules",
            hub_spec(args),
            metadata("spillway", args.namespace),
            parent=self,
            depends_on=[namespace],
        )
        for pool in pools:
            custom_resource(
                f"{name}-rules-{pool.name}",
                pool_spec(pool, bursts, workload, args),
                metadata(f"spillway-{pool.name}", args.namespace),
                parent=self,
                depends_on=[namespace],
            )
        self.register_outputs({})
