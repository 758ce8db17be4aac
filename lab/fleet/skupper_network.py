"""Plays the network between the sites of Skupper 1: who is linked to the hub, and what is offered to it.

Source: skupperproject/skupper 1.9, pkg/network/types.go (what is in the ConfigMap), cmd/service-controller.

Keeps: a site needs its operator's Subscription and its ConfigMap; a cluster's link is up while it runs, has a token of
the hub's site, and that token is the hub's still; every ready pod of a Deployment that is annotated with an address is
a connector for it; the ConfigMap `skupper-network-status`, on the hub and on every linked site.
Leaves out: routers, traffic, costs, flows, the Service that Skupper makes, gateways, version 2's Links and Listeners.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from kinds.skupper import SITE_CONFIG_MAP, TOKEN, TYPE_LABEL
from lab.cluster import Cluster, Manifest
from lab.fleet.objects import HIVE, things
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock

STATUS, KEY = "skupper-network-status", "NetworkStatus"
OLM = "operators.coreos.com/v1alpha1"
ADDRESS, PORT = "skupper.io/address", "skupper.io/port"
TOKENS = f"{TYPE_LABEL}={TOKEN}"
Network = dict[str, Any]


def reconcile(spokes: Spokes, cluster: Cluster, _clock: Clock, say: Callable[[str], None]) -> None:
    """Bring the network of every site of the hub up to date."""
    deployments = things(cluster, HIVE, "ClusterDeployment")
    for site in cluster.find("v1", "ConfigMap"):
        if site["metadata"]["name"] != SITE_CONFIG_MAP:
            continue
        namespace: str = site["metadata"]["namespace"]
        tokens = [found.get("data") for found in cluster.find("v1", "Secret", namespace, TOKENS)]
        running = ((found.name, spokes(found.name)) for found in deployments if not found.deleting)
        members = [(name, spoke) for name, spoke in running if spoke and _linked(spoke, namespace, tokens)]
        before = {found["site"]["identity"] for found in network(cluster, namespace).get("siteStatus", [])}
        status = _status(cluster, namespace, members)
        after = {found["site"]["identity"] for found in status["siteStatus"]}
        for _, member in [("hub", cluster), *members]:
            _publish(member, namespace, status)
        if before != after:
            say(f"site {namespace} is linked with {', '.join(name for name, _ in members) or 'none'}")


def network(cluster: Cluster, namespace: str) -> Network:
    """Return what a site knows of its network; empty before there is any."""
    found = cluster.get("v1", "ConfigMap", STATUS, namespace)
    return json.loads(found["data"][KEY]) if found else {}


def served_elsewhere(status: Network) -> int:
    """Return how many pods of other sites the hub's site reaches."""
    others: list[Network] = status.get("siteStatus", [])[1:]
    return sum(len(router["connectors"]) for site in others for router in site["routerStatus"])


def _linked(spoke: Cluster, namespace: str, tokens: list[Any]) -> bool:
    try:
        operators = [found["spec"]["name"] for found in spoke.find(OLM, "Subscription")]
        own = [found.get("data") for found in spoke.find("v1", "Secret", namespace, TOKENS)]
        site = spoke.get("v1", "ConfigMap", SITE_CONFIG_MAP, namespace)
    except (ApiException, HTTPError, OSError, LookupError):
        return False
    return bool(site and "skupper-operator" in operators and any(data and data in tokens for data in own))


def _status(hub: Cluster, namespace: str, members: list[tuple[str, Cluster]]) -> Network:
    connectors: Counter[str] = Counter()
    sites: list[Network] = []
    for cluster in [hub, *(member for _, member in members)]:
        site = cluster.get("v1", "ConfigMap", SITE_CONFIG_MAP, namespace) or {"metadata": {"uid": ""}}
        offered = list(_connectors(cluster, namespace))
        connectors.update(connector["address"] for connector in offered)
        links = [] if cluster is hub else [{"name": "hub", "mode": "interior", "direction": "outgoing"}]
        identity = {"identity": site["metadata"]["uid"], "name": namespace, "namespace": namespace}
        sites.append({"site": identity, "routerStatus": [{"links": links, "connectors": offered}]})
    addresses = [
        {"name": name, "listenerCount": len(sites), "connectorCount": count} for name, count in connectors.items()
    ]
    return {"addresses": addresses, "siteStatus": sites}


def _connectors(cluster: Cluster, namespace: str) -> Iterator[dict[str, str]]:
    for found in cluster.find("apps/v1", "Deployment", namespace):
        annotations: dict[str, str] = found["metadata"].get("annotations") or {}
        if ADDRESS not in annotations:
            continue
        labels = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
        for pod in cluster.find("v1", "Pod", namespace, labels):
            conditions: list[Manifest] = pod["status"].get("conditions") or []
            if any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
                yield {
                    "address": f"{annotations[ADDRESS]}:{annotations[PORT]}",
                    "process": pod["metadata"]["name"],
                }


def _publish(cluster: Cluster, namespace: str, status: Network) -> None:
    if network(cluster, namespace) == status:
        return
    metadata = {"name": STATUS, "namespace": namespace}
    manifest: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    cluster.apply({**manifest, "data": {KEY: json.dumps(status)}}, force=True)
