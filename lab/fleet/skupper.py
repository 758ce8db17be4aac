"""Plays the part of Skupper 1's site controller that answers token requests.

Source: skupperproject/skupper 1.9, cmd/site-controller/controller.go.

Keeps: a Secret labelled as a request, in a namespace with a site, is filled in place and its label turned into
`connection-token`. Leaves out: real certificates (the bytes are random), sites, routers, links.
"""

import base64
import secrets
from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import merge, since
from lab.fleet.timing import Timings

LABEL = "skupper.io/type"
REQUEST, TOKEN = "connection-token-request", "connection-token"


def reconcile(cluster: Cluster, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    """Fill every token that was asked for."""
    for request in cluster.find("v1", "Secret", selector=f"{LABEL}={REQUEST}"):
        name, namespace = request["metadata"]["name"], request["metadata"]["namespace"]
        site = cluster.get("v1", "ConfigMap", "skupper-site", namespace)
        if site and timings.over(timings.token, since(request), now):
            data = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in ("ca.crt", "tls.crt", "tls.key")}
            merge(cluster, request, {"metadata": {"labels": {LABEL: TOKEN}}, "data": data})
            say(f"token {namespace}/{name} filled")
