"""Plays the redemption of AccessTokens (skupperproject/skupper 2.2, `internal/kube/grants/redeem.go`).

Keeps: a token is redeemed once a site is in its namespace, and never again; what is refused is tried again after five
minutes; the Secret and the Link belong to the Site, not to the token; a Secret of that name which exists is an error,
and the redemption is spent all the same (#1919); tokens of a deleted site count as redeemed.
Leaves out: the request over TLS to the grant server, and the authority that the token names for it; one Link per
endpoint group.
"""

from collections.abc import Callable

from kubernetes.client.exceptions import ApiException

from lab.cluster import Manifest
from lab.fleet.objects import Thing, owner
from lab.fleet.skupper_grants import Credential, RefusedError, redeem, secret_manifest
from lab.fleet.skupper_sites import IDENTITY
from lab.fleet.skupper_world import API, READY, State, World, error, report
from lab.fleet.timing import Clock

KIND = "AccessToken"
DELETED = State(True, "Error", "Already redeemed for a deleted site")


def reconcile(world: World, clock: Clock, say: Callable[[str], None]) -> None:
    """Redeem every token that is to be redeemed."""
    for cluster in world.clusters:
        sites = {site.namespace: site for site in world.things(cluster, *IDENTITY) if not site.deleting}
        for token in world.things(cluster, API, KIND):
            site = sites.get(token.namespace)
            if token.deleting or token.status.get("redeemed"):
                if token.status.get("redeemed") and site is None:
                    report(token, {"Redeemed": DELETED}, redeemed=True)
                continue
            if site is None:
                continue
            refused = token.status.get("status") == "Error"
            if refused and not clock.over(clock.timings.resync, token.since("refused")):
                continue
            state = _redeem(world, cluster, token, site, clock)
            if refused and not state.ready:
                token.begin("refused")
            report(token, {"Redeemed": state}, redeemed=state.ready)
            say(f"{cluster}: token {token.name}: {'redeemed' if state.ready else state.message}")


def _redeem(world: World, cluster: str, token: Thing, site: Thing, clock: Clock) -> State:
    reference = owner(site, *IDENTITY)
    try:
        credential = redeem(world, token, site.metadata["uid"], clock.now)
    except RefusedError as refused:
        return error(str(refused))
    try:
        where = world.clusters[cluster]
        where.create(secret_manifest(token.name, token.namespace, credential, reference))
        where.create(_link(token, credential, reference))
    except ApiException as failed:
        message = f'secrets "{token.name}" already exists' if _status(failed) == 409 else "the API server refused it"
        return error(f"Controller could not create received secret: {message}")
    return READY


def _status(failed: ApiException) -> int:
    return int(failed.status or 0)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _link(token: Thing, credential: Credential, reference: Manifest) -> Manifest:
    cost = token.spec.get("linkCost") or 0
    spec = {"endpoints": credential.endpoints, "tlsCredentials": token.name} | ({"cost": cost} if cost > 0 else {})
    metadata = {"name": token.name, "namespace": token.namespace, "ownerReferences": [reference]}
    return {"apiVersion": API, "kind": "Link", "metadata": metadata, "spec": spec}
