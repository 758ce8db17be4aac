"""Plays the part of Skupper 1's site controller that answers token requests.

Source: skupperproject/skupper 1.9, cmd/site-controller/controller.go.

Keeps: a Secret labelled as a request, in a namespace with a site, is filled in place and its label turned into
`connection-token`. Leaves out: real certificates (the bytes are random), the annotations with hosts and ports, sites,
routers, links.
"""

import base64
import secrets
from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import things
from lab.fleet.timing import Clock

LABEL = "skupper.io/type"
REQUEST, TOKEN = "connection-token-request", "connection-token"


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Fill every token that was asked for."""
    for request in things(cluster, "v1", "Secret", selector=f"{LABEL}={REQUEST}"):
        site = cluster.get("v1", "ConfigMap", "skupper-site", request.namespace)
        if site and clock.over(clock.timings.token, request.since("token")):
            data = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in ("ca.crt", "tls.crt", "tls.key")}
            request.merge({"metadata": {"labels": {LABEL: TOKEN}}, "data": data})
            say(f"token {request.namespace}/{request.name} filled")
