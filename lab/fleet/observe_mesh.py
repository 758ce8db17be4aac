"""What a played Skupper network looks like from outside, in both versions."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from lab.cluster import Cluster
from lab.fleet import skupper_services
from lab.fleet.skupper1_services import definitions
from lab.fleet.skupper_pods import labels_of, ready_pods
from lab.fleet.skupper_topology import Site, Topology
from lab.fleet.skupper_world import API, World
from lab.fleet.timing import Clock, Timings


@dataclass(frozen=True)
class SeenLink:
    """A link as the router of its site has it, which is not always what was written down."""

    name: str
    to: str | None
    cost: int


@dataclass(frozen=True)
class SeenSite:
    """A site: its links, the pods that it offers to the network by routing key, and the Services that it made.

    `services` are names with the name of their port; `network` are the names of all sites in its network.
    """

    name: str
    links: tuple[SeenLink, ...]
    pods: Mapping[str, int]
    services: Mapping[str, str]
    network: tuple[str, ...]


def sites(clusters: Mapping[str, Cluster], factor: float) -> dict[str, SeenSite]:
    """Return the sites whose routers run, by cluster.

    Args:
        clusters: by name.
        factor: how many times faster than real they are played.
    """
    world = World(clusters)
    topology = Topology(world, Clock(Timings(), factor, time.time()))
    return {site.cluster: _seen(world, topology, site) for site in topology.sites}


def _seen(world: World, topology: Topology, site: Site) -> SeenSite:
    links = [
        SeenLink(link.connection.name, link.to.name if link.to else None, link.connection.cost)
        for link in topology.links_of(site)
    ]
    services = {
        service.name: service.spec["ports"][0]["name"]
        for service in world.things(site.cluster, "v1", "Service")
        if service.namespace == site.namespace and "internal.skupper.io/listener" in service.labels
    }
    network = sorted(other.name for other in topology.network(site))
    return SeenSite(site.name, tuple(links), _pods(world, site), services, tuple(network))


def _pods(world: World, site: Site) -> dict[str, int]:
    if site.version == 1:
        return {found.address: found.pods for found in definitions(world, site)}
    return {
        connector.spec["routingKey"]: len(
            ready_pods(world, site.cluster, site.namespace, labels_of(connector.spec["selector"]))
        )
        for connector in world.things(site.cluster, API, skupper_services.CONNECTOR)
        if connector.namespace == site.namespace
    }
