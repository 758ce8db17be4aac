"""The hub stack: one hub, its pools of hibernated clusters, the triggers, delivery and the network."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.advanced_cluster_management import AdvancedClusterManagement
from components.burst_policies import BurstContext
from components.burst_trigger import BurstTrigger
from components.cluster_pool import ClusterPool
from components.cluster_set import ClusterSet
from components.delivery import Delivery
from components.drain_hooks import drain_hooks
from components.interconnect_sync import InterconnectSync
from components.kyverno import Kyverno
from components.operator import Operator, Package
from components.skupper_controller import PACKAGE as SKUPPER
from components.skupper_service import ServiceArgs, SkupperService
from components.skupper_site import SiteArgs, SkupperSite
from components.watch import Watch
from components.workload import Workload
from settings import Credentials, Settings
from stacks.aws import aws_account

GITOPS = Package("openshift-gitops-operator")


def hub(settings: Settings, credentials: Credentials | None) -> dict[str, Any]:
    """Create the hub stack and return its outputs.

    Everything goes to explicit providers, so that nothing ever reaches whatever cluster kubectl points at. The hub's
    identity is the context's name: a kubeconfig with new credentials replaces nothing.
    """
    provider = kubernetes.Provider(
        "hub",
        context=settings.hub.context,
        kubeconfig=settings.hub.kubeconfig,
        cluster_identifier=settings.hub.context,
    )
    on_hub = pulumi.ResourceOptions(provider=provider)
    operators = settings.hub.operators
    acm_package = Package("advanced-cluster-management", settings.hub.multi_cluster_hub.namespace, own_namespace=True)

    gitops = Operator("gitops", GITOPS, operators.gitops, opts=on_hub)
    skupper = Operator("skupper", SKUPPER, settings.skupper, opts=on_hub)
    acm = AdvancedClusterManagement(
        "acm",
        settings.hub.multi_cluster_hub,
        operator=Operator("acm-operator", acm_package, operators.acm, opts=on_hub),
        opts=on_hub,
    )
    # After ACM, which brings Hive and its kinds.
    kyverno = Kyverno("kyverno", settings.hub.kyverno, after=[acm.hub], opts=on_hub)
    cluster_set = ClusterSet("cluster-set", settings.cluster_set, acm=acm, gitops=gitops, opts=on_hub)

    interconnect = settings.interconnect
    workload = Workload("workload", settings.workload, skupper=interconnect.version, opts=on_hub)
    site = SkupperSite(
        "site",
        SiteArgs(
            version=interconnect.version,
            name=interconnect.site,
            namespace=interconnect.namespace,
            protect=interconnect.protect,
        ),
        after=[*skupper.ready, workload.namespace],
        opts=on_hub,
    )
    SkupperService(
        "service",
        ServiceArgs(
            name=settings.workload.name,
            port=settings.workload.port,
            serves=True,
            routing_key=settings.workload.name,
            reached=True,
        ),
        site=site,
        after=[workload.deployment],
        opts=on_hub,
    )
    syncs = {
        pool.name: InterconnectSync(
            f"interconnect-{pool.name}",
            interconnect,
            pool=pool,
            skupper=settings.skupper,
            cluster_set=settings.cluster_set.name,
            acm=acm,
            site=site,
            opts=on_hub,
        )
        for pool in settings.pools
    }

    account = aws_account(settings)
    hooks = drain_hooks(settings.hub.context, settings.hub.kubeconfig, settings.workload)
    pools = {
        pool.name: ClusterPool(
            f"pool-{pool.name}",
            pool,
            credentials=credentials,
            identity=account.identity if pool.credentials.source == "identity" else None,
            zone=account.zones.get(pool.base_domain),
            acm=acm,
            cluster_set=cluster_set,
            set_name=settings.cluster_set.name,
            sync=syncs[pool.name],
            hooks=hooks,
            opts=on_hub,
        )
        for pool in settings.pools
    }
    pool_settings = {pool.name: pool for pool in settings.pools}
    for burst in settings.bursts:
        context = BurstContext(burst, pool_settings[burst.pool], settings.workload)
        BurstTrigger(f"burst-{context.name}", context, kyverno=kyverno, pool=pools[burst.pool], opts=on_hub)

    Delivery(
        "delivery",
        settings.delivery,
        cluster_set=cluster_set,
        set_args=settings.cluster_set,
        pools=settings.pools,
        workload=settings.workload,
        skupper=interconnect.version,
        after=[pool.pool for pool in pools.values()],
        opts=on_hub,
    )
    Watch(
        "watch",
        settings.watch,
        pools=settings.pools,
        bursts=settings.bursts,
        workload=settings.workload,
        acm=acm,
        opts=on_hub,
    )
    return {
        "context": settings.hub.context,
        "clusterSet": settings.cluster_set.name,
        "pools": [f"{pool.place}/{pool.name}" for pool in settings.pools],
        "bursts": {
            burst.name: {"pool": burst.pool, "claimAt": burst.claim_at, "releaseAt": burst.release_at}
            for burst in settings.bursts
        },
        **account.outputs(),
    }
