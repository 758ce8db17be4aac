"""How links come in: a Service of type LoadBalancer with an address, or OpenShift's Routes."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.cluster import Manifest
from lab.fleet.metallb import address
from lab.fleet.skupper_world import ROUTE, World


@dataclass(frozen=True)
class Point:
    """Where something listens."""

    name: str
    host: str
    port: str


@dataclass(frozen=True)
class Front:
    """A Service in front of something, and what it goes with.

    Attributes:
        namespace: the Service's.
        name: the Service's.
        ports: port numbers by name.
        owner: the reference to its owner.
    """

    namespace: str
    name: str
    ports: Mapping[str, int]
    owner: Manifest


def points(world: World, cluster: str, front: Front, how: str) -> list[Point]:
    """Return where ports are reached from outside, making the Service; empty as long as that is not known.

    Args:
        world: the clusters.
        cluster: which of them.
        front: the Service.
        how: `route`, `loadbalancer`, or `default`: a Route where the cluster knows that kind.
    """
    openshift = world.has(cluster, *ROUTE)
    if how == "route" and not openshift:
        return []
    by_route = how == "route" or (how == "default" and openshift)
    found = world.find(cluster, "v1", "Service", front.namespace, front.name)
    if found is None:
        world.clusters[cluster].create(_service(front, "ClusterIP" if by_route else "LoadBalancer"))
        return []
    if by_route:
        domain = f"{front.namespace}.apps.{cluster}.example.com"
        return [Point(name, f"{front.name}-{name}-{domain}", "443") for name in front.ports]
    host = address(found)
    return [Point(name, host, str(port)) for name, port in front.ports.items()] if host else []


def _service(front: Front, type_: str) -> Manifest:
    metadata = {"name": front.name, "namespace": front.namespace, "ownerReferences": [front.owner]}
    spec = {
        "type": type_,
        "selector": {"skupper.io/component": "router"},
        "ports": [{"name": port, "port": number} for port, number in front.ports.items()],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
