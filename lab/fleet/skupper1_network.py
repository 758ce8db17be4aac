"""Plays what Skupper 1 tells of the network (1.9, `pkg/network/types.go`): a ConfigMap at each of its sites.

Keeps: every site of the network, with a connector for each of its pods. Leaves out: the processes, routers, links and
flows behind them.
"""

import json
from collections import Counter
from collections.abc import Callable

from lab.cluster import Manifest
from lab.fleet import skupper1_sites
from lab.fleet.objects import owner
from lab.fleet.skupper1_services import definitions
from lab.fleet.skupper_topology import Site, Topology
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock

NAME, KEY = "skupper-network-status", "NetworkStatus"


def reconcile(world: World, clock: Clock, _say: Callable[[str], None]) -> None:
    """Bring what every site of version 1 knows up to date."""
    topology = Topology(world, clock)
    for site in topology.sites:
        if site.version == 1:
            _publish(world, site, [_record(world, other) for other in topology.network(site)])


def _record(world: World, site: Site) -> Manifest:
    offered = [f"{found.address}:{found.port}" for found in definitions(world, site) for _ in range(found.pods)]
    return {
        "site": {"identity": site.id, "name": site.name, "namespace": site.namespace},
        "routerStatus": [{"connectors": [{"address": address} for address in offered]}],
    }


def _publish(world: World, site: Site, records: list[Manifest]) -> None:
    counts = Counter(one["address"] for record in records for one in record["routerStatus"][0]["connectors"])
    addresses = [{"name": name, "connectorCount": count} for name, count in sorted(counts.items())]
    data = {KEY: json.dumps({"addresses": addresses, "siteStatus": records})}
    present = world.find(site.cluster, "v1", "ConfigMap", site.namespace, NAME)
    if present is None:
        own = world.find(site.cluster, *skupper1_sites.IDENTITY, site.namespace, skupper1_sites.NAME)
        owners = [owner(own, *skupper1_sites.IDENTITY)] if own else []
        metadata = {"name": NAME, "namespace": site.namespace, "ownerReferences": owners}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        world.clusters[site.cluster].create(manifest)
    elif present.data != data:
        present.merge({"data": data})
