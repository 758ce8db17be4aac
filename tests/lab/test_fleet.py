"""The simulator on a real API server: each test is named after what it plays as the real controllers do."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.cluster import Manifest
from lab.fleet.acm_claims import ACM_FINALIZER
from lab.fleet.hive_claims import FINALIZER
from lab.fleet.objects import HIVE, deleting
from lab.fleet.runtime import Fleet
from lab.hub import Hub
from tests.lab.world import World

# An install takes 2 s, a resume 0.25 s, a deprovision 0.75 s.
FACTOR = 1200
OLM = "operators.coreos.com/v1alpha1"


@pytest.fixture
def fleet(lab: Hub, world: World) -> Iterator[list[str]]:
    """The simulator in this process; yields what it says."""
    said: list[str] = []
    fleet = Fleet(lab.kubeconfig, FACTOR, said.append)
    fleet.start()
    yield said
    fleet.stop()
    assert not [line for line in said if "Traceback" in line]


def test_a_pool_installs_its_clusters_and_lets_them_hibernate(world: World, fleet: list[str]) -> None:
    world.pool(2, labels={"team": "a"})
    world.until("two installs", lambda: world.states() == ["Installing"] * 2)
    world.settled("Hibernating", "Hibernating")
    pool = world.get("ClusterPool") or {}
    assert {key: pool["status"][key] for key in ("size", "standby", "ready")} == {"size": 2, "standby": 2, "ready": 0}
    for member in world.members():
        assert re.fullmatch(f"{world.name}-[a-z0-9]{{5}}", member.name)
        deployment = world.cluster.get(HIVE, "ClusterDeployment", member.name, member.name) or {}
        labels = deployment["metadata"]["labels"]
        assert labels["cluster.open-cluster-management.io/clusterset"] == "burst"
        assert labels["team"] == "a"
        assert f"played: {member.name} hibernated" in fleet


def test_running_count_keeps_the_oldest_awake(world: World, fleet: list[str]) -> None:
    world.pool(2, runningCount=1)
    world.settled("Hibernating", "Running")
    world.until("a ready cluster", lambda: (world.get("ClusterPool") or {})["status"]["ready"] == 1)
    (awake,) = [seen.name for seen in world.members() if seen.state == "Running"]
    age = lambda name: (world.deployment(name)["metadata"]["creationTimestamp"], name)  # noqa: E731
    assert awake == min((seen.name for seen in world.members()), key=age)


def test_a_claim_resumes_the_standby_and_one_more_is_installed_at_once(world: World, fleet: list[str]) -> None:
    world.pool(1)
    world.settled("Hibernating")
    standby = world.members()[0].name
    world.claim("a")
    world.until("an extra install", lambda: "Installing" in world.states() and standby)
    assert world.served("a") == standby
    world.settled("Hibernating", "Running")


def test_max_size_stops_the_extra_install(world: World, fleet: list[str]) -> None:
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    world.until("no capacity", lambda: world.conditions("ClusterPool")["CapacityAvailable"] == ("False", "MaxCapacity"))
    world.claim("a")
    world.served("a")
    world.claim("b")
    time.sleep(1.5)
    assert len(world.members()) == 1
    world.until("b pends", lambda: world.conditions("ClusterClaim", "b").get("Pending") == ("True", "NoClusters"))


def test_max_concurrent_installs_one_after_the_other(world: World, fleet: list[str]) -> None:
    world.pool(2, maxConcurrent=1)
    world.until("the first install", lambda: world.states() == ["Installing"])
    time.sleep(0.5)
    assert world.states() == ["Installing"]
    world.settled("Hibernating", "Hibernating")


def test_claims_are_served_in_their_order(world: World, fleet: list[str]) -> None:
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    world.until("the pool gone", lambda: world.get("ClusterPool") is None)
    world.claim("z")
    time.sleep(1.1)
    world.claim("a")
    world.keys()
    world.pool(0, maxSize=1)
    world.served("z")
    assert world.holder("a") is None
    world.release("z")
    world.served("a")


def test_a_released_claim_goes_when_its_cluster_is_gone_and_no_cluster_returns(world: World, fleet: list[str]) -> None:
    world.pool(1)
    world.claim("a")
    cluster = world.served("a")
    world.release("a")
    claim: Manifest | None = {}
    while claim is not None:
        # Read in this order: once the claim is gone, the cluster is.
        claim = world.get("ClusterClaim", "a")
        held = world.cluster.get(HIVE, "ClusterDeployment", cluster, cluster)
        assert claim or not held
    world.settled("Hibernating")
    assert cluster not in [seen.name for seen in world.members()]
    world.until("its namespace gone", lambda: world.cluster.get("v1", "Namespace", cluster) is None)
    assert world.leaks() == []


def test_a_terminating_claim_is_updated_while_its_cluster_is_there(world: World, fleet: list[str]) -> None:
    """The burst trigger wakes up on such an update."""
    world.pool(1)
    world.claim("a")
    cluster = world.served("a")
    updates: list[tuple[bool, bool]] = []

    def watch() -> None:
        for event, claim in world.cluster.watch(HIVE, "ClusterClaim", world.name):
            if event == "MODIFIED" and deleting(claim):
                there = world.cluster.get(HIVE, "ClusterDeployment", cluster, cluster) is not None
                updates.append((ACM_FINALIZER in claim["metadata"]["finalizers"], there))

    world.until("ACM's finalizer", lambda: ACM_FINALIZER in finalizers(world))
    threading.Thread(target=watch, daemon=True).start()
    time.sleep(0.3)
    world.release("a")
    world.gone("a")
    # The deletion itself, and then ACM's update.
    assert updates[0] == (True, True)
    assert (False, True) in updates


def test_an_unserved_claim_goes_at_once(world: World, fleet: list[str]) -> None:
    world.claim("a")
    world.until("Hive has seen it", lambda: world.conditions("ClusterClaim", "a"))
    assert world.conditions("ClusterClaim", "a")["Pending"] == ("Unknown", "Initialized")
    world.release("a")
    world.gone("a")


@pytest.mark.parametrize(
    ("claim", "pool"),
    [({"lifetime": "20m0s"}, {}), ({}, {"default": "20m0s"}), ({"lifetime": "9h"}, {"maximum": "20m0s"})],
)
def test_a_lifetime_is_the_shorter_one_counted_from_the_claims_cluster(
    world: World, fleet: list[str], claim: dict[str, str], pool: dict[str, str]
) -> None:
    world.pool(0, claimLifetime=pool)
    world.claim("a", **claim)
    # The install takes twice as long as the lifetime.
    world.served("a")
    assert (world.get("ClusterClaim", "a") or {})["status"]["lifetime"] == "20m0s"
    world.gone("a")
    assert "played: claim a has reached the end of its lifetime, 20m0s" in fleet


def test_a_missing_dependency_stops_installs_and_the_resume_for_a_claim(world: World, fleet: list[str]) -> None:
    world.pool(1)
    world.settled("Hibernating")
    world.cluster.delete("v1", "Secret", "creds", world.name)
    world.claim("a")
    missing = ("True", "Missing")
    world.until("the condition", lambda: world.conditions("ClusterPool")["MissingDependencies"] == missing)
    time.sleep(1)
    assert world.states() == ["Hibernating"]
    world.keys()
    world.served("a")
    world.until("no more", lambda: world.conditions("ClusterPool")["MissingDependencies"] == ("False", "Verified"))


def test_each_dependency_that_is_missing_is_named_and_nothing_is_installed(world: World, fleet: list[str]) -> None:
    world.cluster.delete("v1", "Secret", "creds", world.name)
    named = {"pullSecretRef": {"name": "pull"}, "installConfigSecretTemplateRef": {"name": "template"}}
    world.pool(1, imageSetRef={"name": f"{world.name}-img"}, **named)

    def told() -> str:
        found = (world.get("ClusterPool") or {}).get("status", {}).get("conditions", [])
        return next((one["message"] for one in found if one["reason"] == "Missing"), "")

    image = f"ClusterImageSet {world.name}-img"
    assert world.until("told", told) == f"not found: {image}, Secret pull, Secret template, Secret creds"
    assert world.members() == []


def test_who_strips_hives_finalizer_leaks_the_cluster(lab: Hub, world: World) -> None:
    first = Fleet(lab.kubeconfig, FACTOR, lambda _: None)
    first.start()
    world.pool(1)
    world.claim("a")
    cluster = world.served("a")
    world.settled("Hibernating", "Running")
    # While Hive is away: it puts its finalizer back on a claim that lives, and acts on one that goes.
    first.stop()
    assert FINALIZER in finalizers(world)
    world.release("a")
    world.cluster.patch(HIVE, "ClusterClaim", "a", {"metadata": {"finalizers": []}}, world.name)
    world.gone("a")
    assert world.leaks() == [cluster]
    second = Fleet(lab.kubeconfig, FACTOR, lambda _: None)
    second.start()
    time.sleep(2)
    second.stop()
    assert world.leaks() == [cluster]
    assert world.states() == ["Hibernating", "Running"]


def test_a_stripped_namespace_comes_back(world: World, fleet: list[str]) -> None:
    world.pool(0)
    world.claim("a")
    cluster = world.served("a")
    world.cluster.patch(HIVE, "ClusterClaim", "a", {"spec": {"namespace": None}}, world.name)
    world.until("mended", lambda: (world.get("ClusterClaim", "a") or {})["spec"].get("namespace") == cluster)
    assert len(world.members()) == 1


def test_a_claim_whose_cluster_was_deleted_gets_no_other(world: World, fleet: list[str]) -> None:
    world.pool(1, maxSize=2)
    world.claim("a")
    cluster = world.served("a")
    world.cluster.delete(HIVE, "ClusterDeployment", cluster, cluster)
    deleted = ("False", "ClusterDeleted")
    world.until("noticed", lambda: world.conditions("ClusterClaim", "a")["ClusterRunning"] == deleted)
    world.settled("Hibernating")
    assert world.holder("a") is None
    world.release("a")
    world.gone("a")


def test_a_deleted_pool_waits_for_its_claimed_clusters(world: World, fleet: list[str]) -> None:
    world.pool(1)
    world.claim("a")
    cluster = world.served("a")
    world.settled("Hibernating", "Running")
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    world.until("only the claimed one left", lambda: [seen.name for seen in world.members()] == [cluster])
    waiting = ("False", "ClusterDeploymentsPendingCleanup")
    world.until("told", lambda: world.conditions("ClusterPool").get("DeletionPossible") == waiting)
    world.claim("b")
    time.sleep(0.5)
    assert world.holder("b") is None
    world.release("a")
    world.until("the pool gone", lambda: world.get("ClusterPool") is None)
    assert world.members() == []


def test_foreign_finalizers_are_left_alone(world: World, fleet: list[str]) -> None:
    world.pool(0)
    world.apply(
        HIVE, "ClusterClaim", "a", metadata={"finalizers": ["example.com/mine"]}, spec={"clusterPoolName": world.name}
    )
    world.served("a")
    world.release("a")
    world.until("its cluster gone", lambda: world.members() == [])
    left = world.until("ours alone", lambda: finalizers(world) == ["example.com/mine"] and ["example.com/mine"])
    assert left
    world.cluster.patch(HIVE, "ClusterClaim", "a", {"metadata": {"finalizers": []}}, world.name)
    world.gone("a")


def finalizers(world: World) -> list[str]:
    return (world.get("ClusterClaim", "a") or {"metadata": {}})["metadata"].get("finalizers", [])


@pytest.mark.parametrize("approval", ["Automatic", "Manual"])
def test_olm_installs_what_is_approved(world: World, fleet: list[str], approval: str) -> None:
    spec = {
        "name": "op", "channel": "stable", "source": "redhat-operators", "sourceNamespace": "openshift-marketplace",
        "installPlanApproval": approval, "startingCSV": "op.v1.2.3",
    }  # fmt: skip
    world.apply(OLM, "Subscription", "op", spec=spec)

    def status() -> dict[str, Any]:
        return (world.cluster.get(OLM, "Subscription", "op", world.name) or {}).get("status") or {}

    if approval == "Manual":
        world.until("the plan", lambda: status().get("installPlanRef"))
        time.sleep(0.5)
        assert (status()["state"], status()["currentCSV"]) == ("UpgradePending", "op.v1.2.3")
        name = status()["installPlanRef"]["name"]
        plan = world.cluster.get(OLM, "InstallPlan", name, world.name) or {}
        assert (plan["status"]["phase"], plan["spec"]["approved"]) == ("RequiresApproval", False)
        assert world.cluster.get(OLM, "ClusterServiceVersion", "op.v1.2.3", world.name) is None
        world.cluster.patch(OLM, "InstallPlan", name, {"spec": {"approved": True}}, world.name)
    world.until("installed", lambda: status().get("state") == "AtLatestKnown")
    assert status()["installedCSV"] == "op.v1.2.3"
    version = world.cluster.get(OLM, "ClusterServiceVersion", "op.v1.2.3", world.name) or {}
    assert version["status"]["phase"] == "Succeeded"
    plan = world.cluster.get(OLM, "InstallPlan", status()["installPlanRef"]["name"], world.name) or {}
    assert plan["status"]["phase"] == "Complete"


def test_the_multi_cluster_hub_runs_after_its_time(world: World, fleet: list[str]) -> None:
    api = "operator.open-cluster-management.io/v1"
    world.apply(api, "MultiClusterHub", "hub", spec={})

    def phase() -> str:
        return (world.cluster.get(api, "MultiClusterHub", "hub", world.name) or {}).get("status", {}).get("phase", "")

    assert world.until("a phase", phase) == "Installing"
    world.until("running", lambda: phase() == "Running")


def test_skupper_fills_a_token_where_there_is_a_site(world: World, fleet: list[str]) -> None:
    request = {"labels": {"skupper.io/type": "connection-token-request"}}
    operator = {"name": "skupper-operator", "channel": "stable-1.9"}
    world.apply(OLM, "Subscription", "skupper-operator", spec=operator)
    world.apply("v1", "Secret", "one", metadata=request)
    world.apply("v1", "Secret", "two", metadata=request)
    time.sleep(0.5)
    assert world.cluster.find("v1", "Secret", world.name, "skupper.io/type=connection-token") == []
    world.apply("v1", "ConfigMap", "skupper-site")
    selector = "skupper.io/type=connection-token"
    filled = world.until(
        "tokens", lambda: len(found := world.cluster.find("v1", "Secret", world.name, selector)) == 2 and found
    )
    assert all(set(token["data"]) == {"ca.crt", "tls.crt", "tls.key"} for token in filled)
    assert filled[0]["data"] != filled[1]["data"]


def test_killed_anywhere_it_loses_and_doubles_nothing(lab: Hub, world: World) -> None:
    """20 times kill -9 in the middle of claims and releases; then the pool is as if nothing had happened."""
    chance = random.Random(7)
    world.pool(2, maxSize=4)
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "lab.fleet", "--kubeconfig", str(lab.kubeconfig), "--factor", "5000"]
    live: set[str] = set()
    for round_ in range(20):
        with subprocess.Popen(
            command, cwd=root, env=os.environ | {"PYTHONPATH": root}, stdout=subprocess.DEVNULL
        ) as played:
            if live and chance.random() < 0.5:
                world.release(live.pop())
            elif len(live) < 2:
                world.claim(f"c{round_}")
                live.add(f"c{round_}")
            time.sleep(chance.uniform(0.5, 1.5))
            played.send_signal(signal.SIGKILL)
        members = world.members()
        assert len(members) <= 4
        held = [seen.claim for seen in members if seen.claim]
        assert len(held) == len(set(held))
    fleet = Fleet(lab.kubeconfig, FACTOR, lambda _: None)
    fleet.start()
    try:
        for name in live:
            world.served(name)
        world.settled("Hibernating", "Hibernating", *["Running"] * len(live))
        assert world.leaks() == []
        found = world.cluster.find(HIVE, "ClusterClaim", world.name)
        assert {claim["metadata"]["name"] for claim in found} == live
    finally:
        fleet.stop()


def test_it_goes_on_after_the_api_server_was_away(lab: Hub, world: World, fleet: list[str]) -> None:
    world.pool(1)
    world.until("an install", lambda: world.states() == ["Installing"])
    lab.process("kube-apiserver").stop()
    lab.control_plane.start()
    world.settled("Hibernating")
    world.claim("a")
    world.served("a")
