"""The mesh stack: clusters that exist already, their Skupper network, and an application that several of them serve."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import Namespace

from components.address_pool import AddressPool
from components.custom import metadata
from components.kyverno import Kyverno
from components.mesh_application import MeshApplication
from components.metal_lb import MetalLB
from components.skupper_controller import SkupperController
from components.skupper_link import LinkEnd, SkupperLink
from components.skupper_service import ServiceArgs, SkupperService
from components.skupper_site import SiteArgs, SkupperSite
from components.skupper_weights import SkupperWeights
from settings import Mesh, MeshCluster


def mesh(settings: Mesh) -> dict[str, Any]:
    """Create the mesh stack and return its outputs.

    Each cluster has one explicit provider, and everything on it is named after it: whatever fails names its cluster.
    Only links join the objects of two clusters, so a cluster that is away stops nothing but its own.
    """
    members = {cluster.name: _member(settings, cluster) for cluster in settings.clusters}
    for link in settings.links:
        accepting, linking = members[link.to].end, members[link.from_].end
        SkupperLink(f"{link.from_}-{link.to}", link, accepting=accepting, linking=linking)
    for cluster in settings.clusters:
        _service(settings, cluster, members[cluster.name])
    return {
        "version": settings.version,
        "clusters": {cluster.name: cluster.context for cluster in settings.clusters},
        "links": [f"{link.from_} -> {link.to} (cost {link.cost})" for link in settings.links],
        "service": f"{settings.application.name}:{settings.application.port}",
        "exposedTo": list(settings.application.exposed_to),
    }


@dataclass(frozen=True)
class _Member:
    """A cluster's end of its links, what installs Skupper there, and the application's Deployment if it is there."""

    end: LinkEnd
    controller: SkupperController
    deployment: pulumi.Resource | None = None


def _member(settings: Mesh, cluster: MeshCluster) -> _Member:
    """Create what a cluster has by itself: controller, addresses, site and application."""
    provider = _provider(cluster.name, settings, cluster)
    on_cluster = pulumi.ResourceOptions(provider=provider)
    namespace = Namespace(f"{cluster.name}-namespace", metadata=metadata(settings.namespace), opts=on_cluster)
    controller = SkupperController(
        f"{cluster.name}-skupper",
        settings.controller,
        version=settings.version,
        release=settings.release,
        operator=settings.operator,
        opts=on_cluster,
    )
    after = [namespace, *controller.ready]
    if cluster.addresses:
        metal_lb = MetalLB(f"{cluster.name}-metallb", settings.metal_lb, opts=on_cluster)
        pool = AddressPool(
            f"{cluster.name}-addresses",
            cluster.addresses,
            namespace=settings.metal_lb.namespace,
            metal_lb=metal_lb,
            opts=on_cluster,
        )
        after += pool.ready
    args = SiteArgs(
        version=settings.version,
        name=cluster.name,
        namespace=settings.namespace,
        access=cluster.access,
        edge=cluster.edge,
        console=cluster.console,
        router_logging=cluster.router_logging,
        protect=settings.protect,
        observer=settings.release,
    )
    site = SkupperSite(f"{cluster.name}-site", args, after=after, opts=on_cluster)
    deployment: pulumi.Resource | None = None
    if cluster.replicas is not None:
        deployment = MeshApplication(
            f"{cluster.name}-application",
            settings.application,
            namespace=settings.namespace,
            replicas=cluster.replicas,
            version=settings.version,
            after=[namespace],
            opts=on_cluster,
        ).deployment
    linking = settings.version == 2 and any(link.from_ == cluster.name for link in settings.links)
    adopter = _provider(f"{cluster.name}-adopter", settings, cluster, upsert=True) if linking else None
    return _Member(LinkEnd(site, provider, adopter), controller, deployment)


def _provider(name: str, settings: Mesh, cluster: MeshCluster, *, upsert: bool | None = None) -> kubernetes.Provider:
    """Create a provider; with `upsert` it takes over objects that exist, which no other may."""
    return kubernetes.Provider(
        name,
        context=cluster.context,
        kubeconfig=settings.kubeconfig,
        cluster_identifier=cluster.context,
        upsert_existing_objects=upsert,
    )


def _service(settings: Mesh, cluster: MeshCluster, member: _Member) -> None:
    application, serving = settings.application, member.deployment
    if serving is None and cluster.name not in application.exposed_to:
        return
    balance, on_cluster = application.balance, pulumi.ResourceOptions(provider=member.end.provider)
    pods = {f"{application.name}.{c.name}": c.replicas for c in settings.clusters if c.replicas is not None}
    service = SkupperService(
        f"{cluster.name}-service",
        ServiceArgs(
            name=application.name,
            port=application.port,
            serves=serving is not None,
            routing_key=application.name if balance == "connections" else f"{application.name}.{cluster.name}",
            reached=cluster.name in application.exposed_to,
            weights=pods if balance == "pods" else {},
            priority=tuple(pods) if balance == "priority" else (),
        ),
        site=member.end.site,
        after=[serving] if serving else [],
        opts=on_cluster,
    )
    if service.listener and balance == "pods":
        kyverno = Kyverno(f"{cluster.name}-kyverno", settings.kyverno, after=member.controller.ready, opts=on_cluster)
        SkupperWeights(f"{cluster.name}-weights", service=service, kyverno=kyverno, opts=on_cluster)
