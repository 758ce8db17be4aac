"""Plays the site controller of Skupper 1 (skupperproject/skupper 1.9, `cmd/site-controller`).

Keeps: a ConfigMap `skupper-site` makes a site; its authority, router and Services belong to the ConfigMap and go with
it; where links come in is settled once, so that a later change of the ConfigMap does nothing; two Services with an
address each. Leaves out: the Deployments, the console, other settings, and the site that stays half made when its
address comes late.
"""

import json
from collections.abc import Callable
from dataclasses import asdict

from kinds.skupper import SITE_CA, SITE_CONFIG_MAP
from lab.fleet import skupper_router
from lab.fleet.objects import Thing, owner
from lab.fleet.skupper_access import Front, Point, points
from lab.fleet.skupper_credentials import authority
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock

IDENTITY = ("v1", "ConfigMap")
NAME, CA = SITE_CONFIG_MAP, SITE_CA
PORTS = {"inter-router": 55671, "edge": 45671}
CLAIMS = {"claims": 8081}
# Where the lab notes what the real controller has in the certificate's host names.
POINTS = "lab.spillway.io/points"


def reconcile(world: World, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every site one step on."""
    for cluster in world.clusters:
        for site in world.things(cluster, *IDENTITY):
            if site.name == NAME and not site.deleting and not ready(site):
                _step(world, cluster, site, clock, say)


def name(site: Thing) -> str:
    """Return a site's name: that of its settings, else the namespace's."""
    return site.data.get("name") or site.namespace


def ready(site: Thing) -> bool:
    """Tell whether a site is made."""
    return POINTS in site.annotations


def edge(site: Thing) -> bool:
    """Tell whether it is an edge site."""
    return site.data.get("router-mode") == "edge"


def where(site: Thing) -> list[Point]:
    """Return where a site's router is reached from outside."""
    return [Point(**row) for row in json.loads(site.annotations.get(POINTS, "[]"))]


def accepting(site: Thing) -> list[tuple[str, str]]:
    """Return host and port at which a site accepts links; an edge site has none."""
    return [] if edge(site) else [(point.host, point.port) for point in where(site)]


def _step(world: World, cluster: str, site: Thing, clock: Clock, say: Callable[[str], None]) -> None:
    if world.find(cluster, "v1", "Secret", site.namespace, CA) is None:
        metadata = {"name": CA, "namespace": site.namespace, "ownerReferences": [owner(site, *IDENTITY)]}
        world.clusters[cluster].create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": authority()}
        )
    found: list[Point] = []
    how = site.data.get("ingress") or "default"
    if how != "none" and not edge(site):
        mine = owner(site, *IDENTITY)
        found = points(world, cluster, Front(site.namespace, "skupper-router", PORTS, mine), how)
        claims = points(world, cluster, Front(site.namespace, "skupper", CLAIMS, mine), how)
        if not (found and claims):
            return
    if clock.over(clock.timings.site, site.since("start")):
        skupper_router.create(world, cluster, site, *IDENTITY)
        site.merge({"metadata": {"annotations": {POINTS: json.dumps([asdict(point) for point in found])}}})
        say(f"{cluster}: site {name(site)} is ready")
