"""Plays the part of Skupper 1's site controller that answers token requests.

Source: skupperproject/skupper 1.9, cmd/site-controller/controller.go.

Keeps: a Secret labelled as a request, in a namespace with a site, is filled in place and its label turned into
`connection-token`. Leaves out: real certificates (the bytes are random), the annotations with hosts and ports, sites,
routers, links.
"""

import base64
import secrets
from collections.abc import Callable

from kinds.skupper import SITE_CONFIG_MAP, TOKEN, TOKEN_REQUEST, TYPE_LABEL
from lab.cluster import Cluster
from lab.fleet.objects import things
from lab.fleet.timing import Clock


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Fill every token that was asked for."""
    for request in things(cluster, "v1", "Secret", selector=f"{TYPE_LABEL}={TOKEN_REQUEST}"):
        site = cluster.get("v1", "ConfigMap", SITE_CONFIG_MAP, request.namespace)
        if site and clock.over(clock.timings.token, request.since("token")):
            data = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in ("ca.crt", "tls.crt", "tls.key")}
            request.merge({"metadata": {"labels": {TYPE_LABEL: TOKEN}}, "data": data})
            say(f"token {request.namespace}/{request.name} filled")
