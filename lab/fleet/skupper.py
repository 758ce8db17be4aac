"""Plays Skupper, both versions, in several clusters: the parts in `lab/fleet/skupper*` say what they keep."""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.crds import SKUPPER_KINDS
from lab.fleet import (
    olm,
    skupper1_links,
    skupper1_network,
    skupper1_services,
    skupper1_sites,
    skupper1_tokens,
    skupper_certificates,
    skupper_grants,
    skupper_links,
    skupper_services,
    skupper_sites,
    skupper_tokens,
)
from lab.fleet.player import Say, look
from lab.fleet.skupper_world import API, World
from lab.fleet.spokes import Spokes, everywhere
from lab.fleet.timing import Clock

# In the order in which one waits for another, so that one look takes a network far.
CONTROLLERS: tuple[Callable[[World, Clock, Say], None], ...] = (
    skupper_sites.reconcile,
    skupper1_sites.reconcile,
    skupper_certificates.reconcile,
    skupper_grants.reconcile,
    skupper_tokens.reconcile,
    skupper1_tokens.reconcile,
    skupper_links.reconcile,
    skupper1_links.reconcile,
    skupper_services.reconcile,
    skupper1_services.reconcile,
    skupper1_network.reconcile,
)
# What wakes it.
WATCHED = (
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    *((API, found.kind) for found in SKUPPER_KINDS),
)


def reconcile(world: World, clock: Clock, say: Say) -> None:
    """Bring the sites of all clusters one step on; what fails in one part keeps no other from its work."""
    for controller in CONTROLLERS:
        with look(clock, say):
            controller(world, clock, say)


def on_hub(spokes: Spokes, hub: Cluster, clock: Clock, say: Say) -> None:
    """Play it on a hub and on those of its pools' clusters that run, wherever OLM has installed it."""
    world = World(everywhere(spokes, hub))
    for name in list(world.clusters):
        if not olm.installed(world.things(name, olm.API, "Subscription"), olm.SKUPPER):
            del world.clusters[name]
    reconcile(world, clock, say)
