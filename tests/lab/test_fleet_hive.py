"""What the simulated Hive does to clusters, on a real API server: each test is named after what the real one does."""

import time
from collections.abc import Iterator

import pytest
from kubernetes.client.exceptions import ApiException

from lab.fleet.objects import HIVE
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from tests.lab.world import World, conditions

# Twenty minutes take a second. An install takes half of one.
FACTOR = 1200
SHORT = "20m0s"


@pytest.fixture(scope="module", autouse=True)
def fleet(lab: Hub) -> Iterator[None]:
    said: list[str] = []
    fleet = Fleet(lab.kubeconfig, FACTOR, said.append, Timings(install=600))
    fleet.start()
    yield
    fleet.stop()
    assert not [line for line in said if "Traceback" in line]


def test_a_changed_pool_replaces_its_unclaimed_clusters_one_at_a_time(world: World) -> None:
    world.pool(2)
    world.claim("a")
    claimed = world.served("a")
    world.settled("Hibernating", "Hibernating", "Running")
    old = {seen.name for seen in world.members()} - {claimed}
    world.apply(HIVE, "ClusterImageSet", "img2", namespace=None, spec={"releaseImage": "example.com/ocp:4.20.2"})
    world.pool(2, imageSetRef={"name": "img2"})
    stale = ("False", "SomeClusterDeploymentsStale")
    world.until("stale clusters told", lambda: world.conditions("ClusterPool")["AllClustersCurrent"] == stale)

    def replaced() -> bool:
        members = world.members()
        ready = [seen for seen in members if not seen.claim and seen.state not in ("Installing", "Deprovisioning")]
        assert ready, "a pool that replaces all at once has nothing to give"
        return not old & {seen.name for seen in members}

    world.until("replaced", replaced)
    world.settled("Hibernating", "Hibernating", "Running")
    assert world.holder("a") == claimed
    current = ("True", "ClusterDeploymentsCurrent")
    world.until("current again", lambda: world.conditions("ClusterPool")["AllClustersCurrent"] == current)


def test_resume_timeout_breaks_a_cluster_and_the_claim_gets_another(world: World) -> None:
    """Without it a claim waits for ever for a cluster that AWS cannot start."""
    world.pool(1, maxSize=1, hibernationConfig={"resumeTimeout": SHORT})
    world.settled("Hibernating")
    stuck = world.members()[0].name
    world.fault(stuck, "FailedToStartMachines")
    world.claim("a")
    world.until("it fails to start", lambda: world.states() == ["FailedToStartMachines"])
    assert world.served("a") != stuck


def test_without_resume_timeout_a_claim_waits_until_the_machines_start(world: World) -> None:
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    stuck = world.members()[0].name
    world.fault(stuck, "FailedToStartMachines")
    world.claim("a")
    world.until("it fails to start", lambda: world.states() == ["FailedToStartMachines"])
    world.told(stuck, "Ready", ("False", "FailedToStartMachines"))
    world.told(stuck, "Hibernating", ("False", "ResumingOrRunning"))
    time.sleep(2)
    assert [(seen.name, seen.claim) for seen in world.members()] == [(stuck, None)]
    world.fault(stuck, None)
    assert world.served("a") == stuck


def test_machines_that_fail_to_stop_run_on_until_they_can(world: World) -> None:
    """A missing permission (ec2:StopInstances) leaves every standby cluster running, at full price."""
    world.pool(1, annotations={"lab.spillway.io/fault": "FailedToStop"})
    world.settled("FailedToStop")
    name = world.members()[0].name
    world.told(name, "Hibernating", ("False", "FailedToStop"))
    time.sleep(1)
    assert world.states() == ["FailedToStop"]
    world.fault(name, None)
    world.settled("Hibernating")
    world.told(name, "Hibernating", ("True", "Hibernating"))


def test_hibernate_after_puts_claimed_clusters_to_sleep_and_no_others(world: World) -> None:
    """Set on a pool it takes serving clusters away."""
    world.pool(1, runningCount=1, maxSize=1, hibernateAfter=SHORT)
    world.settled("Running")
    (unclaimed,) = (member.name for member in world.members())

    def awake_since() -> str:
        found = world.deployment(unclaimed)["status"].get("conditions") or []
        return next((c["lastTransitionTime"] for c in found if (c["type"], c["status"]) == ("Ready", "True")), "")

    since = world.until("a cluster that is ready", awake_since)
    time.sleep(2)
    # The pool would wake it again at once.
    assert awake_since() == since
    world.claim("a")
    name = world.served("a")
    world.settled("Hibernating")
    assert world.holder("a") == name


def test_removal_without_keys_fails_and_goes_on_when_they_are_back(world: World) -> None:
    """Keys that are deleted before the clusters leave them on AWS; they must be put back, not the finalizers stripped."""
    world.pool(0, maxSize=1)
    world.claim("a")
    name = world.served("a")
    keys = world.cluster.get("v1", "Secret", f"{name}-aws-creds", name) or {}
    world.cluster.delete("v1", "Secret", f"{name}-aws-creds", name)
    world.cluster.delete(HIVE, "ClusterDeployment", name, name)
    failed = ("False", "DeprovisionFailed")
    world.until("failed", lambda: conditions(world.deployment(name)).get("Provisioned") == failed)
    refused = ("True", "AuthenticationFailed")
    world.told(name, "DeprovisionLaunchError", refused)
    request = world.cluster.get(HIVE, "ClusterDeprovision", name, name)
    assert conditions(request)["AuthenticationFailure"] == refused
    deleting = ("False", "ClusterDeleting")
    world.until("the claim tells", lambda: world.conditions("ClusterClaim", "a")["ClusterRunning"] == deleting)
    time.sleep(1.5)
    assert world.states() == ["Deprovisioning"]
    metadata = {key: keys["metadata"][key] for key in ("name", "namespace")}
    world.cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": keys["data"]})
    world.until("removed", lambda: not world.deployment(name))
    world.release("a")
    world.gone("a")
    assert world.leaks() == []


def test_each_cluster_has_a_namespace_of_its_own_that_goes_after_it(world: World) -> None:
    world.pool(2)
    world.settled("Hibernating", "Hibernating")
    names = [seen.name for seen in world.members()]
    for name in names:
        namespace = world.cluster.get("v1", "Namespace", name) or {}
        assert namespace["metadata"]["labels"]["hive.openshift.io/cluster-pool-name"] == world.name
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    world.until("their namespaces gone", lambda: not [n for n in names if world.cluster.get("v1", "Namespace", n)])
    # One that went before its cluster would have left that on AWS.
    assert world.leaks() == []


def test_a_namespace_deleted_before_its_cluster_leaks_it(world: World) -> None:
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    name = world.members()[0].name
    world.cluster.delete("v1", "Namespace", name)
    world.until("given up", lambda: not world.deployment(name))
    assert name in world.leaks()


def test_without_a_multi_cluster_hub_there_is_no_hive_and_no_finalizer_leaves(world: World) -> None:
    """Whoever removes ACM before the pools leaves clusters behind that nobody stops or removes."""
    world.pool(1)
    world.claim("a")
    name = world.served("a")
    world.settled("Hibernating", "Running")
    world.no_hub()
    # A look that had begun before.
    time.sleep(1)
    world.release("a")
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    time.sleep(2)
    claim, pool = world.get("ClusterClaim", "a") or {}, world.get("ClusterPool") or {}
    assert "hive.openshift.io/claim" in claim["metadata"]["finalizers"]
    assert "hive.openshift.io/clusters" in pool["metadata"]["finalizers"]
    assert world.states() == ["Hibernating", "Running"]
    assert name in world.leaks()
    assert world.leaks() == [seen.name for seen in world.members()]
    world.hub()
    world.gone("a")
    world.until("the pool gone", lambda: world.get("ClusterPool") is None)
    assert (world.members(), world.leaks()) == ([], [])


def test_who_strips_the_deprovision_finalizer_leaks_the_cluster(world: World) -> None:
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    name = world.members()[0].name
    world.cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"finalizers": []}}, name)
    assert world.leaks() == []
    world.cluster.delete(HIVE, "ClusterDeployment", name, name)
    world.until("forgotten", lambda: not world.deployment(name))
    assert name in world.leaks()


def test_a_cluster_has_its_own_copy_of_the_keys_and_no_session_token(world: World) -> None:
    """Short-lived keys never reach a cluster; and a pool's Secret may go before its clusters do."""
    world.keys(aws_session_token="short-lived")
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    name = world.members()[0].name
    copy = world.cluster.get("v1", "Secret", f"{name}-aws-creds", name) or {}
    assert set(copy["data"]) == {"aws_access_key_id", "aws_secret_access_key"}
    world.cluster.delete("v1", "Secret", "creds", world.name)
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    world.until("the pool gone", lambda: world.get("ClusterPool") is None)
    assert (world.members(), world.leaks()) == ([], [])


def test_clusters_are_given_to_their_pools_set_and_the_set_never_changes(world: World) -> None:
    """The label of `spec.labels` is not the set's; and a pool that was made without one can never get it."""
    set_label = "cluster.open-cluster-management.io/clusterset"
    world.pool(1, maxSize=1, cluster_set=None, labels={set_label: "elsewhere"})
    world.until("a cluster", world.members)
    assert set_label not in world.deployment(world.members()[0].name)["metadata"]["labels"]
    with pytest.raises(ApiException, match="Do not allow to update clusterpool's clusterset label"):
        world.pool(1, maxSize=1, cluster_set="burst")
