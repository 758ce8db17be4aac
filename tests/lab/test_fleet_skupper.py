"""Skupper as the simulator plays it, one look at a time: each test is named after what the real one does.

Two namespaces of the lab's API server stand for two clusters: the hub, and one that joins its network.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab.cluster import Manifest
from lab.crds import SKUPPER_KINDS, crd_manifests, install_crds
from lab.fleet import skupper
from lab.fleet.observe_network import network
from lab.fleet.skupper_world import API
from lab.fleet.skupper_world import World as Network
from lab.fleet.timing import Clock, Timings
from lab.hub import Hub
from tests.lab.world import World

TYPE = "skupper.io/type"
REQUEST = {"labels": {TYPE: "connection-token-request"}, "annotations": {"skupper.io/cost": "3"}}


class Sites:
    """Two namespaces for sites."""

    def __init__(self, world: World):
        self.world, self.cluster = world, world.cluster
        self.hub, self.spoke = world.name, f"{world.name}-spoke"
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.spoke}})
        self.later = 0

    def settle(self, looks: int = 6) -> None:
        """Let Skupper look, each time a minute later."""
        for _ in range(looks):
            self.later += 60
            clock = Clock(Timings(), 1, time.time() + self.later)
            skupper.reconcile(Network({"lab": self.cluster}), clock, lambda _: None)

    def apply(self, where: str, api: str, kind: str, name: str, **rest: Any) -> None:
        metadata = {"name": name, "namespace": where, **rest.pop("metadata", {})}
        self.cluster.apply({"apiVersion": api, "kind": kind, "metadata": metadata, **rest}, force=True)

    def get(self, where: str, kind: str, name: str, api: str = API) -> Manifest:
        return self.cluster.get(api, kind, name, where) or {}

    def secret(self, where: str, name: str) -> Manifest:
        return self.get(where, "Secret", name, "v1")

    def links(self, where: str) -> list[tuple[str, int]]:
        """Return name and cost of what a site's router is connected to."""
        router = self.get(where, "ConfigMap", "played-router", "v1")
        return [(row["name"], row["cost"]) for row in json.loads(router["data"]["connections"])]

    def members(self, where: str) -> set[str]:
        return {member.name for member in network(self.cluster, where)}

    def pod(self) -> None:
        """Let a pod `app=x` be ready in the spoke."""
        account = ("v1", "ServiceAccount", "default", self.spoke)
        self.world.until("its account", lambda: self.cluster.get(*account))
        spec = {"containers": [{"name": "app", "image": "quay.io/example/app:1"}]}
        self.apply(self.spoke, "v1", "Pod", "app", metadata={"labels": {"app": "x"}}, spec=spec)

        def ready() -> bool:
            status = self.get(self.spoke, "Pod", "app", "v1").get("status", {})
            up = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or [])
            return up and "podIP" in status

        self.world.until("a ready pod", ready)


@pytest.fixture
def sites(lab: Hub, world: World) -> Iterator[Sites]:
    install_crds(lab.cluster, crd_manifests(None, SKUPPER_KINDS))
    sites = Sites(world)
    yield sites
    for kind in ("Link", "Listener", "Connector", "Certificate", "Site"):
        for where in (sites.hub, sites.spoke):
            for found in lab.cluster.find(API, kind, where):
                lab.cluster.delete(API, kind, found["metadata"]["name"], where)
    for where in (sites.hub, sites.spoke):
        lab.cluster.delete("v1", "ConfigMap", "skupper-site", where)
        lab.cluster.delete("v1", "Namespace", where)


def test_a_token_request_is_filled_in_place_where_a_site_accepts_links(sites: Sites) -> None:
    sites.apply(sites.hub, "v1", "Secret", "token", metadata=REQUEST)
    sites.apply(sites.spoke, "v1", "Secret", "token", metadata=REQUEST)
    sites.apply(sites.spoke, "v1", "ConfigMap", "skupper-site", data={"name": "spoke", "router-mode": "edge"})
    asked = sites.secret(sites.hub, "token")["metadata"]["uid"]
    sites.settle()
    assert sites.secret(sites.hub, "token")["metadata"]["labels"] == REQUEST["labels"], "there is no site"
    sites.apply(sites.hub, "v1", "ConfigMap", "skupper-site", data={"name": "hub"})
    sites.settle()
    assert sites.secret(sites.spoke, "token")["metadata"]["labels"] == REQUEST["labels"], "an edge site accepts none"
    filled = sites.secret(sites.hub, "token")
    metadata = filled["metadata"]
    assert (metadata["uid"], metadata["labels"]) == (asked, {TYPE: "connection-token"})
    assert set(filled["data"]) == {"ca.crt", "tls.crt", "tls.key"}
    site = sites.get(sites.hub, "ConfigMap", "skupper-site", "v1")["metadata"]["uid"]
    told = {"skupper.io/cost": "3", "skupper.io/generated-by": site, "inter-router-port": "443", "edge-port": "443"}
    assert told.items() <= metadata["annotations"].items()
    assert {"inter-router-host", "edge-host"} <= set(metadata["annotations"])


def test_a_token_of_the_hub_makes_a_link_on_the_cluster(sites: Sites) -> None:
    for where, name in ((sites.hub, "hub"), (sites.spoke, "spoke")):
        sites.apply(where, "v1", "ConfigMap", "skupper-site", data={"name": name})
    sites.apply(sites.hub, "v1", "Secret", "token", metadata=REQUEST)
    sites.settle()
    assert sites.links(sites.hub) == [], "a token to itself is no link"
    token = sites.secret(sites.hub, "token")
    carried = {key: token["metadata"][key] for key in ("labels", "annotations")}
    sites.apply(sites.spoke, "v1", "Secret", "token", metadata=carried, data=token["data"])
    sites.settle()
    assert sites.links(sites.spoke) == [("token", 3)]
    assert sites.members(sites.hub) == sites.members(sites.spoke) == {"hub", "spoke"}
    sites.cluster.delete("v1", "Secret", "token", sites.spoke)
    sites.settle()
    assert sites.links(sites.spoke) == []
    assert sites.members(sites.hub) == {"hub"}


def test_a_listener_matches_a_connector_of_its_key_with_a_pod_anywhere_in_the_network(sites: Sites) -> None:
    """And no other: a connector without pods, of another key, or behind a link that is down serves nobody."""
    sites.apply(sites.hub, API, "Site", "hub", spec={"linkAccess": "default"})
    sites.apply(sites.spoke, API, "Site", "spoke", spec={})
    sites.apply(sites.hub, API, "Listener", "app", spec={"host": "app", "port": 8080, "routingKey": "app"})
    sites.apply(sites.spoke, API, "Connector", "other", spec={"selector": "app=x", "port": 80, "routingKey": "other"})
    sites.apply(sites.hub, API, "Certificate", "token", spec={"ca": "skupper-site-ca", "subject": "spoke"})
    sites.pod()
    sites.settle()

    def matched() -> tuple[bool, str]:
        status = sites.get(sites.hub, "Listener", "app")["status"]
        return status["hasMatchingConnector"], status["message"]

    def link() -> None:
        spec = {"endpoints": sites.get(sites.hub, "Site", "hub")["status"]["endpoints"], "tlsCredentials": "token"}
        sites.apply(sites.spoke, "v1", "Secret", "token", data=sites.secret(sites.hub, "token")["data"])
        sites.apply(sites.spoke, API, "Link", "hub", spec={**spec, "cost": 3})

    service = sites.get(sites.hub, "Service", "app", "v1")
    assert [(port["name"], port["port"]) for port in service["spec"]["ports"]] == [("app", 8080)]
    link()
    sites.settle()
    assert sites.members(sites.hub) == {"hub", "spoke"}
    assert sites.links(sites.spoke) == [("hub", 3)]
    assert sites.get(sites.spoke, "Link", "hub")["status"]["remoteSiteName"] == "hub"
    assert matched() == (False, "No matching connectors"), "the only one has another key"
    assert sites.get(sites.spoke, "Connector", "other")["status"]["message"] == "No matching listeners"
    sites.apply(sites.spoke, API, "Connector", "app", spec={"selector": "app=none", "port": 80, "routingKey": "app"})
    sites.settle()
    assert matched()[0] is False, "it has no pod"
    without = sites.get(sites.spoke, "Connector", "app")["status"]
    assert (without["message"], without["hasMatchingListener"]) == ("No pods match selector", True)
    sites.apply(sites.spoke, API, "Connector", "app", spec={"selector": "app=x", "port": 80, "routingKey": "app"})
    sites.settle()
    assert matched() == (True, "OK")
    assert sites.get(sites.spoke, "Connector", "app")["status"]["message"] == "OK"
    (member,) = [found for found in network(sites.cluster, sites.hub) if not found.own]
    assert member.pods == {"app": 1, "other": 1}
    sites.cluster.delete(API, "Link", "hub", sites.spoke)
    sites.settle()
    assert matched() == (False, "No matching connectors"), "it is not in the network any more"
