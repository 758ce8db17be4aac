"""What a site's own status says of its Skupper network, in both versions."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from kinds.skupper import SITE_CONFIG_MAP
from lab.cluster import Cluster
from lab.fleet.skupper1_network import KEY, NAME
from lab.fleet.skupper_world import API


class Member(NamedTuple):
    """A site of a network: its name, whether it is the one that was asked, and the pods that it offers by address."""

    name: str
    own: bool
    pods: Mapping[str, int]


def network(cluster: Cluster, namespace: str) -> list[Member]:
    """Return what the site of a namespace knows of its network; empty before there is any."""
    told = cluster.get("v1", "ConfigMap", NAME, namespace)
    return [*(_version_1(cluster, namespace, told) if told else _version_2(cluster, namespace))]


def served_elsewhere(members: Iterable[Member]) -> int:
    """Return how many pods of other sites a site reaches."""
    return sum(sum(member.pods.values()) for member in members if not member.own)


def _version_1(cluster: Cluster, namespace: str, told: dict[str, Any]) -> Iterator[Member]:
    site = cluster.get("v1", "ConfigMap", SITE_CONFIG_MAP, namespace) or {"metadata": {"uid": ""}}
    for record in json.loads(told["data"][KEY])["siteStatus"]:
        offered = [found["address"] for router in record["routerStatus"] for found in router["connectors"]]
        own = record["site"]["identity"] == site["metadata"]["uid"]
        yield Member(record["site"]["name"], own, Counter(offered))


def _version_2(cluster: Cluster, namespace: str) -> Iterator[Member]:
    try:
        sites = cluster.find(API, "Site", namespace)
    except LookupError:
        return
    for site in sites:
        records: list[dict[str, Any]] = site.get("status", {}).get("network") or []
        for record in records:
            services: list[dict[str, Any]] = record.get("services") or []
            pods = {found["routingKey"]: len(found.get("connectors") or []) for found in services}
            yield Member(record["name"], record["id"] == site["metadata"]["uid"], pods)
