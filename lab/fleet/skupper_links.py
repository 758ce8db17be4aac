"""Plays how Skupper 2 makes links (skupperproject/skupper 2.2, `internal/kube/site`, `internal/qdr`).

Keeps: a Link makes a connection to its endpoint for routers, with the credential that it names; a changed cost makes
the connection anew, so that the link is down for a moment; operational when the other site accepts it. Leaves out:
proxies, link access by more than one group of endpoints.
"""

from collections.abc import Callable

from lab.fleet import skupper_router, skupper_sites
from lab.fleet.objects import Thing
from lab.fleet.skupper_credentials import issuer
from lab.fleet.skupper_router import Connection
from lab.fleet.skupper_topology import Topology
from lab.fleet.skupper_world import API, READY, World, error, pending, report
from lab.fleet.timing import Clock

KIND = "Link"
REQUIRED = ("Configured", "Operational")


def wanted(site: Thing, link: Thing, credential: Thing | None) -> Connection | None:
    """Return the connection that a Link asks for, None if it leads nowhere."""
    role = "edge" if site.spec.get("edge") else "inter-router"
    endpoints: list[dict[str, str]] = link.spec.get("endpoints") or []
    endpoint = next((found for found in endpoints if found["name"] == role), None)
    if endpoint is None or credential is None:
        return None
    cost = link.spec.get("cost") or 1
    return Connection(link.name, endpoint["host"], endpoint["port"], cost, issuer(credential.data))


def reconcile(world: World, clock: Clock, say: Callable[[str], None]) -> None:
    """Tell every router of version 2 its links."""
    for cluster in world.clusters:
        for site in world.things(cluster, *skupper_sites.IDENTITY):
            router = None if site.deleting else skupper_router.of(world, cluster, site)
            if router is None:
                continue
            connections: dict[str, Connection] = {}
            for link in _links(world, cluster, site):
                credential = world.find(cluster, "v1", "Secret", site.namespace, link.spec.get("tlsCredentials", ""))
                if found := wanted(site, link, credential):
                    connections[link.name] = found
            skupper_router.tell(router, 2, connections, clock.now)
    _report(world, Topology(world, clock), say)


def _links(world: World, cluster: str, site: Thing) -> list[Thing]:
    return [k for k in world.things(cluster, API, KIND) if k.namespace == site.namespace and not k.deleting]


def _report(world: World, topology: Topology, say: Callable[[str], None]) -> None:
    for cluster in world.clusters:
        for link in world.things(cluster, API, KIND):
            site = topology.site(cluster, link.namespace)
            if site is None:
                report(link, {"Configured": error("No active site in namespace")}, REQUIRED)
                continue
            there = next((k.to for k in topology.links_of(site) if k.connection.name == link.name), None)
            before = link.status.get("status")
            remote = {"remoteSiteId": there.id, "remoteSiteName": there.name} if there else {}
            states = {"Configured": READY, "Operational": READY if there else pending("Not Operational")}
            report(link, states, REQUIRED, **remote)
            if before != link.status.get("status"):
                state = f"up, to {there.name}, cost {link.spec.get('cost') or 1}" if there else "down"
                say(f"{cluster}: link {link.name} is {state}")
