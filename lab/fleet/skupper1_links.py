"""Plays how Skupper 1 makes links of tokens (1.9, `cmd/service-controller/token_handler.go`, `cmd/config-sync`).

Keeps: a token of another site makes a connection with the Secret's name and the annotated cost; one of the own site
makes none; the router compares names only, so that a changed cost or credential does nothing; a cost that is no number
makes no link. Leaves out: claims, and the link that two tokens to one site are refused.
"""

from collections.abc import Callable

from kinds.skupper import COST_ANNOTATION, TOKEN, TYPE_LABEL
from lab.fleet import skupper1_sites, skupper_router
from lab.fleet.objects import Thing
from lab.fleet.skupper1_tokens import ISSUED_BY
from lab.fleet.skupper_credentials import issuer
from lab.fleet.skupper_router import Connection
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock


def wanted(site: Thing, token: Thing) -> Connection | None:
    """Return the connection that a token asks for, None if it asks for none."""
    notes = token.annotations
    if token.labels.get(TYPE_LABEL) != TOKEN or notes.get(ISSUED_BY) == site.metadata["uid"] or token.deleting:
        return None
    role = "edge" if skupper1_sites.edge(site) else "inter-router"
    cost = notes.get(COST_ANNOTATION, "1")
    if not cost.isdigit() or f"{role}-host" not in notes:
        return None
    # Not set is 1, and so is 0.
    return Connection(
        token.name, notes[f"{role}-host"], notes.get(f"{role}-port", ""), int(cost) or 1, issuer(token.data)
    )


def reconcile(world: World, clock: Clock, _say: Callable[[str], None]) -> None:
    """Tell every router of version 1 its links."""
    for cluster in world.clusters:
        for site in world.things(cluster, *skupper1_sites.IDENTITY):
            router = skupper_router.of(world, cluster, site) if site.name == skupper1_sites.NAME else None
            if router is None or site.deleting:
                continue
            tokens = [t for t in world.things(cluster, "v1", "Secret") if t.namespace == site.namespace]
            connections = [found for token in tokens if (found := wanted(site, token))]
            skupper_router.tell(router, 1, {found.name: found for found in connections}, clock.now)
