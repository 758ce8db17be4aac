"""Plays the answers of Skupper 1's site controller to token requests.

Source: skupperproject/skupper 1.9, `cmd/site-controller/controller.go`, `client/connector_token_create.go`.

Keeps: a Secret labelled as a request, in a namespace with a site that accepts links, is filled in place with a
credential of the site's authority, annotated with where the site is, and its label turned into `connection-token`; an
edge site refuses. Leaves out: claims, and real certificates (the bytes are random).
"""

from collections.abc import Callable

from kinds.skupper import TOKEN, TOKEN_REQUEST, TYPE_LABEL
from lab.fleet import skupper1_sites
from lab.fleet.objects import Thing
from lab.fleet.skupper_credentials import issue
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock

ISSUED_BY = "skupper.io/generated-by"
VERSION = "1.9.6"


def annotations(site: Thing) -> dict[str, str]:
    """Return what a token says about the site that it leads to."""
    hosts = {f"{point.name}-host": point.host for point in skupper1_sites.where(site)}
    ports = {f"{point.name}-port": point.port for point in skupper1_sites.where(site)}
    return {**hosts, **ports, ISSUED_BY: site.metadata["uid"], "skupper.io/site-version": VERSION}


def reconcile(world: World, clock: Clock, say: Callable[[str], None]) -> None:
    """Fill every token that was asked for."""
    for cluster in world.clusters:
        for request in world.things(cluster, "v1", "Secret"):
            if request.labels.get(TYPE_LABEL) != TOKEN_REQUEST:
                continue
            site = world.find(cluster, *skupper1_sites.IDENTITY, request.namespace, skupper1_sites.NAME)
            ca = world.find(cluster, "v1", "Secret", request.namespace, skupper1_sites.CA)
            if site is None or ca is None or not skupper1_sites.accepting(site):
                continue
            if clock.over(clock.timings.token, request.since("token")):
                metadata = {"labels": {TYPE_LABEL: TOKEN}, "annotations": annotations(site)}
                request.merge({"metadata": metadata, "data": issue(ca.data, request.name)})
                say(f"{cluster}: token {request.namespace}/{request.name} filled")
