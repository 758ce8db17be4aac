"""Plays how Skupper 2 matches listeners and connectors (2.2, `internal/kube/site`, `internal/network`).

Keeps: a connector offers the ready pods that its selector finds, none is "No pods match selector"; a listener matches
when a connector with its key has a pod anywhere in the network, and makes a Service with a port of its own name,
unless there is one of that name already; a listener of several keys says which can be reached; what every site knows
about the network is in its status, with a connector for each pod, `<connector>@<address>`. Leaves out: TLS, pods by
name, attached connectors, observers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.cluster import Manifest
from lab.fleet import skupper_sites
from lab.fleet.objects import Thing
from lab.fleet.skupper_exposed import Exposed, foreign, keep
from lab.fleet.skupper_pods import labels_of, ready_pods
from lab.fleet.skupper_topology import Site, Topology
from lab.fleet.skupper_world import API, READY, World, error, pending, report
from lab.fleet.timing import Clock

CONNECTOR, LISTENER, MULTI = "Connector", "Listener", "MultiKeyListener"


@dataclass
class Service:
    """What a site offers and takes of one routing key."""

    connectors: list[str] = field(default_factory=list[str])
    listeners: list[str] = field(default_factory=list[str])


Services = dict[str, Service]


def reconcile(world: World, clock: Clock, _say: Callable[[str], None]) -> None:
    """Bring all connectors, listeners and sites' views of the network up to date."""
    topology = Topology(world, clock)
    sites = [site for site in topology.sites if site.version == 2]
    offered = {site.id: _services(world, site) for site in sites}
    for cluster in world.clusters:
        wanted: dict[tuple[str, str], Exposed] = {}
        for kind in (CONNECTOR, LISTENER, MULTI):
            for thing in world.things(cluster, API, kind):
                site = topology.site(cluster, thing.namespace)
                if site is None:
                    report(thing, {"Configured": error("No active site in namespace")}, ("Configured",))
                    continue
                network = [offered[other.id] for other in topology.network(site) if other.id in offered]
                _report(world, cluster, thing, kind, network)
                if kind != CONNECTOR and not thing.deleting:
                    host = thing.spec["host"]
                    wanted[thing.namespace, host] = Exposed(thing.namespace, host, thing.name, thing.spec["port"])
        keep(world, cluster, wanted, 2)
    for site in sites:
        _network(world, topology, site, offered)


def keys(thing: Thing, kind: str) -> list[str]:
    """Return the routing keys of a listener."""
    if kind == LISTENER:
        return [thing.spec["routingKey"]]
    strategy: dict[str, Any] = thing.spec["strategy"]
    chosen: dict[str, Any] = strategy.get("weighted") or strategy.get("priority") or {}
    return list(chosen["routingKeys"])


def _services(world: World, site: Site) -> Services:
    found: Services = {}
    for kind in (LISTENER, MULTI):
        for listener in _of(world, site, kind):
            for key in keys(listener, kind):
                found.setdefault(key, Service()).listeners.append(listener.name)
    for connector in _of(world, site, CONNECTOR):
        pods = ready_pods(world, site.cluster, site.namespace, labels_of(connector.spec.get("selector", "")))
        names = [f"{connector.name}@{pod.status['podIP']}" for pod in pods]
        if names:
            found.setdefault(connector.spec["routingKey"], Service()).connectors += names
        chosen = [{"name": pod.name, "ip": pod.status["podIP"]} for pod in pods]
        connector.set_status(selectedPods=chosen)
    return found


def _of(world: World, site: Site, kind: str) -> list[Thing]:
    found = world.things(site.cluster, API, kind)
    return [thing for thing in found if thing.namespace == site.namespace and not thing.deleting]


def _report(world: World, cluster: str, thing: Thing, kind: str, network: list[Services]) -> None:
    if kind == CONNECTOR:
        matched = any(found[key].listeners for found in network if (key := thing.spec["routingKey"]) in found)
        pods = thing.status.get("selectedPods")
        states = {
            "Configured": READY if pods else error("No pods match selector"),
            "Matched": READY if matched else pending("No matching listeners"),
        }
        report(thing, states, ("Configured", "Matched"), hasMatchingListener=matched)
        return
    reachable = [key for key in keys(thing, kind) if any(s[key].connectors for s in network if key in s)]
    host = thing.spec["host"]
    taken = foreign(world, cluster, thing.namespace, host)
    configured = error(f"Service {host} already exists in namespace") if taken else READY
    if kind == LISTENER:
        states = {"Configured": configured, "Matched": READY if reachable else pending("No matching connectors")}
        report(thing, states, ("Configured", "Matched"), hasMatchingConnector=bool(reachable))
        return
    states = {"Configured": configured, "Operational": READY if reachable else pending("No matching connectors")}
    report(thing, states, ("Configured", "Operational"), hasDestination=bool(reachable))
    thing.set_status(strategy=_reachable(thing.spec["strategy"], reachable))


def _reachable(strategy: dict[str, Any], reachable: list[str]) -> Manifest:
    if "priority" in strategy:
        return {"priority": {"routingKeysReachable": reachable}}
    weights: dict[str, int] = strategy["weighted"]["routingKeys"]
    # In a merge patch a key that is gone has to be taken off.
    return {"weighted": {"routingKeysReachable": {key: weights[key] if key in reachable else None for key in weights}}}


def _network(world: World, topology: Topology, site: Site, offered: dict[str, Services]) -> None:
    own = next(s for s in world.things(site.cluster, *skupper_sites.IDENTITY) if s.metadata["uid"] == site.id)
    network = [_record(other, topology, offered.get(other.id, {})) for other in topology.network(site)]
    own.set_status(network=network, sitesInNetwork=len(network))


def _record(site: Site, topology: Topology, services: Services) -> Manifest:
    record: Manifest = {"id": site.id, "name": site.name, "namespace": site.namespace, "platform": "kubernetes"}
    links = [
        {"name": k.connection.name, "remoteSiteId": k.to.id, "remoteSiteName": k.to.name, "operational": True}
        for k in topology.links_of(site)
        if k.to
    ]
    found = [
        {"routingKey": key, "connectors": services[key].connectors, "listeners": services[key].listeners}
        for key in sorted(services)
    ]
    # Like Skupper's, an empty list is left out.
    lists = {"links": links, "services": [{k: v for k, v in row.items() if v} for row in found]}
    return record | {key: value for key, value in lists.items() if value}
