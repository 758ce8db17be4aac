"""Plays how Skupper 1 exposes annotated Deployments (1.9, `cmd/service-controller/definition_monitor.go`).

Keeps: a Deployment with `skupper.io/proxy` makes a Service of its address at every site of the network, with a port
`port<number>`; each ready pod is a target of its own site's router. Leaves out: annotated Services, headless sets, TLS,
and that a definition outlives its site for a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.fleet.objects import Thing
from lab.fleet.skupper_exposed import Exposed, keep
from lab.fleet.skupper_pods import ready_pods
from lab.fleet.skupper_topology import Site, Topology
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock


@dataclass(frozen=True)
class Definition:
    """An address in the network, and how many pods a site has for it."""

    address: str
    port: int
    pods: int


def definition(deployment: Thing, pods: int) -> Definition | None:
    """Return what a Deployment's annotations expose, None if nothing."""
    notes = deployment.annotations
    if "skupper.io/proxy" not in notes or "skupper.io/port" not in notes:
        return None
    return Definition(notes.get("skupper.io/address", deployment.name), int(notes["skupper.io/port"]), pods)


def definitions(world: World, site: Site) -> list[Definition]:
    """Return what a site exposes."""
    found: list[Definition] = []
    for deployment in world.things(site.cluster, "apps/v1", "Deployment"):
        if deployment.namespace == site.namespace and not deployment.deleting:
            labels: dict[str, str] = deployment.spec["selector"].get("matchLabels") or {}
            exposed = definition(deployment, len(ready_pods(world, site.cluster, site.namespace, labels)))
            found += [exposed] if exposed else []
    return found


def reconcile(world: World, clock: Clock, _say: Callable[[str], None]) -> None:
    """Make the Services of every site of version 1."""
    topology = Topology(world, clock)
    for cluster in world.clusters:
        wanted: dict[tuple[str, str], Exposed] = {}
        for site in topology.sites:
            if site.cluster != cluster or site.version != 1:
                continue
            for other in topology.network(site):
                for found in definitions(world, other):
                    exposed = Exposed(site.namespace, found.address, f"port{found.port}", found.port)
                    wanted[site.namespace, found.address] = exposed
        keep(world, cluster, wanted, 1)
