"""Plays the site controller of Skupper 2 (skupperproject/skupper 2.2, `internal/kube/site`).

Keeps: one active site in a namespace, the oldest; its authority, router and Service belong to the Site object and go
with it; endpoints once there is an address, a site that accepts links is not ready before; an access type that the
cluster does not have leaves it pending. Leaves out: the router's and controller's Deployments, TLS, routers in pairs,
settings, network policies.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lab.fleet import skupper_router
from lab.fleet.objects import Thing, owner
from lab.fleet.skupper_access import Front, Point, points
from lab.fleet.skupper_credentials import authority
from lab.fleet.skupper_world import API, READY, State, World, error, pending, report
from lab.fleet.timing import Clock

IDENTITY = (API, "Site")
CA = "skupper-site-ca"
PORTS = {"inter-router": 55671, "edge": 45671}


def reconcile(world: World, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every Site one step on."""
    for cluster in world.clusters:
        active: dict[str, Thing] = {}
        for site in world.things(cluster, *IDENTITY):
            if site.deleting:
                continue
            first = active.setdefault(site.namespace, site)
            if first is site:
                _step(world, cluster, site, clock, say)
            else:
                refused = error(f"An active site already exists in the namespace ({first.name})")
                report(site, {"Configured": refused}, ("Configured", "Running"))


def accepts(site: Thing) -> bool:
    """Tell whether a site accepts links."""
    return site.spec.get("linkAccess", "none") not in ("", "none")


def name(site: Thing) -> str:
    """Return a site's name."""
    return site.name


def accepting(site: Thing) -> list[tuple[str, str]]:
    """Return host and port of the endpoints at which a site accepts links; an edge site has none."""
    endpoints: list[dict[str, str]] = [] if site.spec.get("edge") else site.status.get("endpoints") or []
    return [(endpoint["host"], endpoint["port"]) for endpoint in endpoints]


def required(site: Thing) -> tuple[str, ...]:
    """Return the conditions that make a site ready."""
    return ("Configured", "Running", "Resolved") if accepts(site) else ("Configured", "Running")


def _step(world: World, cluster: str, site: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    where = world.clusters[cluster]
    if world.find(cluster, "v1", "Secret", site.namespace, CA) is None:
        metadata = {"name": CA, "namespace": site.namespace, "ownerReferences": [owner(site, *IDENTITY)]}
        where.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": authority()})
    running = clock.over(clock.timings.site, site.since("start"))
    if running:
        skupper_router.create(world, cluster, site, *IDENTITY)
    up = running and skupper_router.of(world, cluster, site) is not None
    states: dict[str, State] = {"Configured": READY, "Running": READY if up else pending("Router pod is not running")}
    fields: dict[str, Any] = {"defaultIssuer": CA}
    if accepts(site):
        front = Front(site.namespace, "skupper-router", PORTS, owner(site, *IDENTITY))
        found = points(world, cluster, front, site.spec["linkAccess"])
        fields["endpoints"] = [_endpoint(point) for point in found]
        states["Resolved"] = READY if found else pending()
    was_ready = site.status.get("status") == "Ready"
    report(site, states, required(site), **fields)
    if not was_ready and site.status.get("status") == "Ready":
        say(f"{cluster}: site {site.name} is ready")


def _endpoint(point: Point) -> dict[str, str]:
    return {**asdict(point), "group": "skupper-router"}
