"""A site's played router: which outgoing connections it really has, as opposed to those that somebody wrote down.

They are kept in a ConfigMap of the site's namespace, `played-router`, which goes with the site. A real router keeps
them in memory.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lab.fleet.objects import Thing, owner
from lab.fleet.skupper_world import World

NAME = "played-router"


@dataclass(frozen=True)
class Connection:
    """A connection to another site's router.

    Attributes:
        name: of the link.
        host: where it goes.
        port: where it goes.
        cost: of the link.
        issuer: the authority that issued its credential.
        since: when the router began to connect, in seconds since the epoch.
    """

    name: str
    host: str
    port: str
    cost: int
    issuer: str
    since: float = 0


Connections = dict[str, Connection]


def configure(
    version: int, live: Mapping[str, Connection], wanted: Mapping[str, Connection], now: float
) -> Connections:
    """Return the connections after a router has been told what is wanted.

    Version 1 compares names only (1.9, `pkg/qdr/qdr.go`, `ConnectorsDifference`, and `cmd/config-sync`): a changed cost
    or credential under the same name is never noticed. Version 2.2 also compares host, port, cost and credential, and
    makes a connection that differs anew, which breaks what goes over it.
    """
    after: Connections = {}
    for name, connection in wanted.items():
        old = live.get(name)
        same = old is not None and (version == 1 or replace(connection, since=old.since) == old)
        after[name] = old if old is not None and same else replace(connection, since=now)
    return after


def create(world: World, cluster: str, site: Thing, api: str, kind: str) -> None:
    """Start a site's router, unless it has one. That of an earlier site of the namespace has to be gone first."""
    if world.find(cluster, "v1", "ConfigMap", site.namespace, NAME) is None:
        metadata = {"name": NAME, "namespace": site.namespace, "ownerReferences": [owner(site, api, kind)]}
        manifest: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        world.clusters[cluster].create({**manifest, "data": {"connections": "[]"}})


def of(world: World, cluster: str, site: Thing) -> Thing | None:
    """Return a site's router, None if it does not run."""
    router = world.find(cluster, "v1", "ConfigMap", site.namespace, NAME)
    owners: list[dict[str, str]] = router.metadata.get("ownerReferences") or [] if router else []
    return router if any(found["uid"] == site.metadata["uid"] for found in owners) else None


def connections(router: Thing) -> Connections:
    """Return what a router is connected to, or tries to be."""
    return {row["name"]: Connection(**row) for row in json.loads(router.data["connections"])}


def tell(router: Thing, version: int, wanted: Mapping[str, Connection], now: float) -> Connections:
    """Tell a router what is wanted; return what it then has."""
    live = connections(router)
    after = configure(version, live, wanted, now)
    if after != live:
        text = json.dumps([asdict(after[name]) for name in sorted(after)])
        router.merge({"data": {"connections": text}})
        router.data["connections"] = text
    return after
