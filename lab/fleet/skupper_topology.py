"""Who is joined to whom: the sites of both versions, and the networks that their links make."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lab.fleet import skupper1_sites, skupper_router, skupper_sites
from lab.fleet.objects import Thing
from lab.fleet.skupper_credentials import fingerprint
from lab.fleet.skupper_router import Connection
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock


@dataclass(frozen=True)
class Site:
    """A site whose router runs.

    Attributes:
        cluster: where it is.
        namespace: where it is.
        id: its identity in the network, the uid of its object.
        name: its own.
        version: of Skupper.
        authority: the fingerprint of its authority; empty before there is one.
        endpoints: (host, port) at which it accepts links; none of an edge site.
    """

    cluster: str
    namespace: str
    id: str
    name: str
    version: int
    authority: str
    endpoints: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Link:
    """A connection of a site's router; `to` is None as long as it is not up."""

    site: str
    connection: Connection
    to: Site | None


def target(sites: Iterable[Site], site: Site, connection: Connection) -> Site | None:
    """Return the site that accepts a connection: of the same version, and with the authority of the credential."""
    for other in sites:
        reached = (connection.host, connection.port) in other.endpoints
        if reached and other.version == site.version and other.id != site.id:
            return other if connection.issuer and connection.issuer == other.authority else None
    return None


def networks(sites: Iterable[Site], links: Iterable[Link]) -> dict[str, frozenset[str]]:
    """Return the ids of all sites in the network of each site."""
    joined = {site.id: frozenset({site.id}) for site in sites}
    for link in links:
        if link.to is not None:
            whole = joined[link.site] | joined[link.to.id]
            joined |= dict.fromkeys(whole, whole)
    return joined


class Topology:
    """The networks of a world, as they are now.

    Args:
        world: the clusters.
        clock: the time, for links that are coming up.
    """

    def __init__(self, world: World, clock: Clock):
        routers: list[tuple[Site, Thing]] = [*_sites(world)]
        self.sites = [site for site, _ in routers]
        self.links = [
            Link(site.id, connection, self._up(site, connection, clock))
            for site, router in routers
            for connection in skupper_router.connections(router).values()
        ]
        self._networks = networks(self.sites, self.links)

    def site(self, cluster: str, namespace: str) -> Site | None:
        """Return the site of a namespace, None as long as its router does not run."""
        return next((s for s in self.sites if (s.cluster, s.namespace) == (cluster, namespace)), None)

    def network(self, site: Site) -> list[Site]:
        """Return all sites of a site's network, itself included."""
        return [other for other in self.sites if other.id in self._networks[site.id]]

    def links_of(self, site: Site) -> list[Link]:
        """Return the links that a site makes."""
        return [link for link in self.links if link.site == site.id]

    def _up(self, site: Site, connection: Connection, clock: Clock) -> Site | None:
        there = target(self.sites, site, connection)
        return there if there and clock.over(clock.timings.link, connection.since) else None


def _sites(world: World) -> Iterator[tuple[Site, Thing]]:
    for cluster in world.clusters:
        for version, module in ((1, skupper1_sites), (2, skupper_sites)):
            for site in world.things(cluster, *module.IDENTITY):
                router = None if site.deleting else skupper_router.of(world, cluster, site)
                if router is None or (version == 1 and site.name != skupper1_sites.NAME):
                    continue
                ca = world.find(cluster, "v1", "Secret", site.namespace, module.CA)
                yield (
                    Site(
                        cluster,
                        site.namespace,
                        site.metadata["uid"],
                        module.name(site),
                        version,
                        fingerprint(ca.data) if ca else "",
                        frozenset(module.accepting(site)),
                    ),
                    router,
                )
