"""Plays the grants of Skupper 2 (skupperproject/skupper 2.2, `internal/kube/grants`).

Keeps: a grant server with an address of its own, made with the first grant; url, ca, code and expiry, which is counted
from when the grant is first seen; a redemption is counted before anything else can fail; expired and spent grants
answer as if there were none. Leaves out: TLS, grants found by their name.
"""

import base64
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.cluster import Manifest
from lab.fleet.objects import Thing, owner, seconds
from lab.fleet.skupper_access import Front, points
from lab.fleet.skupper_credentials import authority, issue
from lab.fleet.skupper_sites import CA, IDENTITY
from lab.fleet.skupper_world import API, READY, World, error, pending, report
from lab.fleet.timing import Clock
from settings.values import nanoseconds

KIND = "AccessGrant"
SERVER, SERVER_PORT = "skupper-grant-server", {"grants": 9090}
# Where the controller is: by chart or manifest, or by OLM.
CONTROLLER = ("skupper", "openshift-operators")


class RefusedError(Exception):
    """The grant server's answer, as the redeeming controller writes it down."""


@dataclass(frozen=True)
class Credential:
    """What a redemption gives: a Secret's data, and where the link goes."""

    data: dict[str, str]
    endpoints: list[dict[str, str]]


def reconcile(world: World, _clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every grant one step on."""
    for cluster in world.clusters:
        grants = [grant for grant in world.things(cluster, API, KIND) if not grant.deleting]
        if not grants:
            continue
        url, ca = _server(world, cluster)
        for grant in grants:
            if not grant.spec.get("redemptionsAllowed"):
                grant.merge({"spec": {"redemptionsAllowed": 1}})
            _report(grant, url, ca, say, cluster)


def _server(world: World, cluster: str) -> tuple[str, str]:
    namespaces = {found.name: found for found in world.things(cluster, "v1", "Namespace")}
    place = next((namespaces[name] for name in CONTROLLER if name in namespaces), None)
    if place is None:
        return "", ""
    ca = world.find(cluster, "v1", "Secret", place.name, f"{SERVER}-ca")
    if ca is None:
        metadata = {"name": f"{SERVER}-ca", "namespace": place.name}
        world.clusters[cluster].create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": authority()}
        )
        return "", ""
    front = Front(place.name, SERVER, SERVER_PORT, owner(place, "v1", "Namespace"))
    found = points(world, cluster, front, "default")
    return (f"{found[0].host}:{found[0].port}" if found else ""), base64.b64decode(ca.data["tls.crt"]).decode()


def _report(grant: Thing, url: str, ca: str, say: Callable[[str], None], cluster: str) -> None:
    fields: dict[str, Any] = {
        "url": f"https://{url}/{grant.metadata['uid']}" if url else "",
        "ca": ca,
        "code": grant.status.get("code") or grant.spec.get("code") or _code(),
    }
    states = {"Processed": READY, "Resolved": READY if url and ca else pending()}
    if "expirationTime" not in grant.status:
        try:
            fields["expirationTime"] = expiry(grant.spec.get("expirationWindow") or "10m")
        except ValueError as invalid:
            states["Processed"] = error(str(invalid))
    was_ready = grant.status.get("status") == "Ready"
    report(grant, states, ("Processed", "Resolved"), **fields)
    if not was_ready and grant.status.get("status") == "Ready":
        say(f"{cluster}: grant {grant.name} is ready, until {grant.status['expirationTime']}")


def expiry(window: str) -> str:
    """Return when a window that begins now ends, in whole seconds as Skupper writes it."""
    end = datetime.now(UTC) + timedelta(microseconds=nanoseconds(window) / 1000)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def _code() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))


def redeem(world: World, token: Thing, subject: str, now: float) -> Credential:
    """Redeem a token at the grant server that its url names.

    Args:
        world: the clusters.
        token: the AccessToken.
        subject: the redeeming site's id.
        now: seconds since the epoch.

    Raises:
        RefusedError: why not; the grant's secrets are not in it.
    """
    server = token.spec["url"].rpartition("/")[0]
    answering = False
    for cluster in world.clusters:
        for grant in world.things(cluster, API, KIND):
            answering = answering or grant.status.get("url", "").rpartition("/")[0] == server
            if grant.status.get("url") == token.spec["url"]:
                _check(grant, token, now)
                # Counted first, whatever fails afterwards.
                grant.set_status(redemptions=grant.status.get("redemptions", 0) + 1)
                return _credential(world, cluster, grant, token.name, subject)
    if not answering:
        raise RefusedError(f'Controller got error: Post "{token.spec["url"]}": connect: connection refused')
    raise _failed(404, "Not Found", "No such claim")


def _check(grant: Thing, token: Thing, now: float) -> None:
    if seconds(grant.status["expirationTime"]) < now:
        raise _failed(404, "Not Found", "No such claim")
    if grant.spec["redemptionsAllowed"] <= grant.status.get("redemptions", 0):
        raise _failed(404, "Not Found", "No such access granted")
    if grant.status["code"] != token.spec["code"]:
        raise _failed(403, "Forbidden", "Redemption of access token refused")


def _failed(code: int, text: str, message: str) -> RefusedError:
    return RefusedError(f"Controller got failed response: {code} ({text}) {message}")


def _credential(world: World, cluster: str, grant: Thing, name: str, subject: str) -> Credential:
    site = next((s for s in world.things(cluster, *IDENTITY) if s.namespace == grant.namespace), None)
    ca = world.find(cluster, "v1", "Secret", grant.namespace, CA)
    if site is None or ca is None:
        raise _failed(500, "Internal Server Error", "Could not get issuer for requested certificate")
    endpoints: list[dict[str, str]] = site.status.get("endpoints") or []
    if not endpoints:
        raise _failed(500, "Internal Server Error", "No valid endpoints found for site")
    return Credential(issue(ca.data, f"{name}/{subject}"), endpoints)


def secret_manifest(name: str, namespace: str, credential: Credential, reference: Manifest) -> Manifest:
    """Return the Secret of a redeemed token."""
    metadata = {"name": name, "namespace": namespace, "ownerReferences": [reference]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": credential.data}
