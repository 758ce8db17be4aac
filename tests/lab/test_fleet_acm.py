"""What the simulated ACM does with claimed clusters: each test is named after what the real one does.

The lab's own API server stands for every cluster that runs.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster, Manifest
from lab.fleet.acm_claims import API as OCM
from lab.fleet.acm_claims import IMPORT
from lab.fleet.acm_placement import PLACEMENT_LABEL, PLACEMENTS, SETS
from lab.fleet.objects import HIVE
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from tests.lab.world import SET, World

# Five minutes without a sign of life take a quarter of a second.
FACTOR = 1200
GITOPS = "apps.open-cluster-management.io/v1beta1"
UNREACHABLE = "cluster.open-cluster-management.io/unreachable"


@pytest.fixture(scope="module", autouse=True)
def fleet(lab: Hub) -> Iterator[None]:
    def spoke(name: str) -> Cluster | None:
        deployment = lab.cluster.get(HIVE, "ClusterDeployment", name, name) or {}
        return lab.cluster if deployment.get("status", {}).get("powerState") == "Running" else None

    said: list[str] = []
    fleet = Fleet(lab.kubeconfig, FACTOR, said.append, Timings(install=600), spokes=spoke)
    fleet.start()
    yield
    fleet.stop()
    assert not [line for line in said if "Traceback" in line]


def managed(world: World, name: str) -> Manifest | None:
    return world.cluster.get(OCM, "ManagedCluster", name)


def joined(world: World, name: str) -> Manifest:
    """Return the cluster as ACM knows it, once it has joined and can be reached."""

    def available() -> Manifest | None:
        found = managed(world, name) or {}
        conditions: list[Manifest] = found.get("status", {}).get("conditions", [])
        up = any(c["type"] == "ManagedClusterConditionAvailable" and c["status"] == "True" for c in conditions)
        return found if up and not found["spec"].get("taints") else None

    found: Manifest = world.until(f"{name} joined", available)
    return found


class Gitops:
    """A bound set with Placements, and what Argo CD is told of their clusters."""

    def __init__(self, world: World):
        self.world = world
        world.apply(SETS, "ManagedClusterSet", world.name, namespace=None, spec={})
        world.apply(SETS, "ManagedClusterSetBinding", world.name, spec={"clusterSet": world.name})

    def place(self, name: str, **spec: Any) -> None:
        self.world.apply(PLACEMENTS, "Placement", name, spec={"clusterSets": [self.world.name], **spec})

    def chosen(self, placement: str) -> list[str] | None:
        """Return the clusters of a Placement's decision; None before there is one."""
        selector = f"{PLACEMENT_LABEL}={placement}"
        found = self.world.cluster.find(PLACEMENTS, "PlacementDecision", self.world.name, selector)
        decisions: list[Manifest] | None = found[0].get("status", {}).get("decisions") if found else None
        return None if decisions is None else [decision["clusterName"] for decision in decisions]

    def become(self, placement: str, *clusters: str) -> None:
        wanted = list(clusters)
        self.world.until(f"{placement} selects {wanted}", lambda: self.chosen(placement) == wanted or None)

    def secret(self, name: str) -> Manifest | None:
        return self.world.cluster.get("v1", "Secret", f"{name}-application-manager-cluster-secret", self.world.name)


@pytest.fixture
def gitops(world: World) -> Iterator[Gitops]:
    yield Gitops(world)
    for kind in ("GitOpsCluster", "Placement"):
        api = GITOPS if kind == "GitOpsCluster" else PLACEMENTS
        for found in world.cluster.find(api, kind, world.name):
            world.cluster.delete(api, kind, found["metadata"]["name"], world.name)
    world.cluster.delete(SETS, "ManagedClusterSet", world.name)


def test_a_claimed_cluster_is_imported_with_its_name_and_labels(world: World) -> None:
    world.pool(1, maxSize=1)
    world.claim("a", {"labels": {"team": "one"}})
    name = world.served("a")
    found = joined(world, name)
    labels = {"team": "one", "region": "eu-west-1", "vendor": "OpenShift", "cloud": "auto-detect", SET: "burst"}
    assert labels.items() <= found["metadata"]["labels"].items()
    provisioner = found["metadata"]["annotations"]["cluster.open-cluster-management.io/provisioner"]
    assert provisioner == f"a.{world.name}.ClusterClaim.hive.openshift.io/v1"
    assert found["spec"]["hubAcceptsClient"] is True
    assert (world.get("ClusterClaim", "a") or {})["metadata"]["annotations"][IMPORT] == "false"
    addons = ("agent.open-cluster-management.io/v1", "KlusterletAddonConfig", name, name)
    config = world.until("its add-ons", lambda: world.cluster.get(*addons))
    assert config["spec"]["applicationManager"] == {"enabled": True}


def test_unclaimed_clusters_are_not_imported(world: World) -> None:
    world.pool(1, runningCount=1)
    world.settled("Running")
    world.claim("a")
    joined(world, world.served("a"))
    claimed = {seen.name for seen in world.members() if seen.claim}
    ours = {m["metadata"]["name"] for m in world.cluster.find(OCM, "ManagedCluster")}
    assert {name for name in ours if name.startswith(f"{world.name}-")} == claimed


def test_a_claims_set_follows_its_clusters(world: World) -> None:
    """A set that only the claim names is taken off it again, in a race with the import."""
    world.pool(1, maxSize=1)
    world.claim("a", {"labels": {SET: "elsewhere"}})
    world.served("a")
    followed = lambda: (world.get("ClusterClaim", "a") or {})["metadata"]["labels"].get(SET) == "burst"  # noqa: E731
    world.until("the pool's set", followed)


def test_a_pool_without_a_set_gives_clusters_to_the_default_one_for_ever(world: World) -> None:
    world.pool(1, maxSize=1, cluster_set=None)
    world.claim("a")
    name = world.served("a")
    assert joined(world, name)["metadata"]["labels"][SET] == "default"
    with pytest.raises(ApiException, match="Do not allow to update claimed cluster's clusterset"):
        world.cluster.patch(OCM, "ManagedCluster", name, {"metadata": {"labels": {SET: "burst"}}})


def test_a_set_goes_by_the_label(world: World) -> None:
    spec = {"clusterSelector": {"selectorType": "LabelSelector"}}
    with pytest.raises(ApiException, match="Do not allow to create/update this kind of clusterset"):
        world.apply(SETS, "ManagedClusterSet", world.name, namespace=None, spec=spec)


def test_a_detached_cluster_is_not_imported_again(world: World) -> None:
    world.pool(1, maxSize=1)
    world.claim("a")
    name = world.served("a")
    joined(world, name)
    world.cluster.delete(OCM, "ManagedCluster", name)
    world.until("detached", lambda: managed(world, name) is None)
    # The same controller takes the claim's label back: after that it has looked.
    world.cluster.patch(HIVE, "ClusterClaim", "a", {"metadata": {"labels": {SET: "elsewhere"}}}, world.name)
    world.until("a look", lambda: (world.get("ClusterClaim", "a") or {})["metadata"]["labels"][SET] == "burst")
    assert managed(world, name) is None
    assert world.holder("a") == name


def test_a_claim_that_says_so_is_not_imported(world: World) -> None:
    world.pool(1, maxSize=1)
    world.claim("a", {"annotations": {IMPORT: "false"}})
    name = world.served("a")
    world.until("a look", lambda: SET in (world.get("ClusterClaim", "a") or {})["metadata"].get("labels", {}))
    assert managed(world, name) is None


def test_a_managed_cluster_that_exists_is_left_alone(world: World) -> None:
    world.pool(1, runningCount=1, maxSize=1)
    world.settled("Running")
    name = world.members()[0].name
    world.apply(OCM, "ManagedCluster", name, namespace=None, metadata={"labels": {"mine": "yes"}}, spec={})
    world.claim("a", {"labels": {"team": "one"}})
    world.served("a")
    followed = lambda: (world.get("ClusterClaim", "a") or {})["metadata"].get("annotations", {}).get(IMPORT)  # noqa: E731
    world.until("looked at", followed)
    assert (managed(world, name) or {})["metadata"]["labels"] == {"mine": "yes"}


def test_a_released_claim_takes_its_managed_cluster_along_while_hive_still_deprovisions(world: World) -> None:
    world.pool(0, maxSize=1)
    world.claim("a")
    name = world.served("a")
    joined(world, name)
    world.release("a")
    world.until("detached", lambda: managed(world, name) is None)
    # Its removal from AWS takes 0.75 s here, the detaching a twentieth of one.
    world.gone("a")
    config = world.cluster.get("agent.open-cluster-management.io/v1", "KlusterletAddonConfig", name, name)
    assert config is None


def test_a_flapping_cluster_keeps_its_decision_only_where_its_taint_is_tolerated(gitops: Gitops) -> None:
    """Five minutes without contact deleted the application of the article's Placement from a cluster that served."""
    world = gitops.world
    gitops.place("strict")
    gitops.place("lenient", tolerations=[{"key": UNREACHABLE, "operator": "Exists"}])
    # An empty set has an empty decision; it is the normal state between bursts.
    gitops.become("strict")
    gitops.become("lenient")
    world.pool(1, maxSize=1, cluster_set=world.name)
    world.claim("a")
    name = world.served("a")
    joined(world, name)
    gitops.become("strict", name)
    world.fault(name, "Unreachable")
    gitops.become("strict")
    (taint,) = (managed(world, name) or {})["spec"]["taints"]
    assert (taint["key"], taint["effect"]) == (UNREACHABLE, "NoSelect")
    assert gitops.chosen("lenient") == [name]
    world.fault(name, None)
    gitops.become("strict", name)
    joined(world, name)


def test_a_cluster_that_has_not_joined_is_tainted_and_selected_by_those_who_tolerate(gitops: Gitops) -> None:
    """So a GitOpsCluster that tolerates taints fails for a moment in every burst."""
    world = gitops.world
    gitops.place("strict")
    gitops.place("lenient", tolerations=[{"key": UNREACHABLE, "operator": "Exists"}])
    world.pool(1, maxSize=1, cluster_set=world.name, annotations={"lab.spillway.io/fault": "Unreachable"})
    world.claim("a")
    name = world.served("a")
    gitops.become("lenient", name)
    taints = world.until("its taint", lambda: (managed(world, name) or {})["spec"].get("taints"))
    assert taints[0]["key"] == UNREACHABLE
    gitops.become("strict")


def test_argo_cd_is_told_of_selected_clusters_until_they_are_gone(gitops: Gitops) -> None:
    world = gitops.world
    gitops.place("all")
    spec = {
        "argoServer": {"argoNamespace": world.name, "cluster": "local-cluster"},
        "placementRef": {"kind": "Placement", "apiVersion": PLACEMENTS, "name": "all", "namespace": world.name},
    }
    world.apply(GITOPS, "GitOpsCluster", "importer", spec=spec)
    where = world.until("acm-placement", lambda: world.cluster.get("v1", "ConfigMap", "acm-placement", world.name))
    assert where["data"] == {
        "apiVersion": PLACEMENTS, "kind": "placementdecisions", "statusListKey": "decisions", "matchKey": "clusterName",
    }  # fmt: skip
    world.pool(1, maxSize=1, cluster_set=world.name)
    world.claim("a")
    name = world.served("a")
    secret = world.until("its Secret", lambda: gitops.secret(name))
    assert secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "cluster"
    assert secret["metadata"]["labels"][SET] == world.name
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert (data["name"], data["server"]) == (name, world.cluster.access().server)
    assert set(json.loads(data["config"])) == {"bearerToken", "tlsClientConfig"}
    world.fault(name, "Unreachable")
    gitops.become("all")
    assert gitops.secret(name), "a Placement that drops a cluster does not make Argo CD forget it"
    world.release("a")
    world.until("forgotten", lambda: gitops.secret(name) is None)
    assert managed(world, name) is None


def test_a_deleted_pool_takes_its_secrets_along_unless_another_pool_has_them_too(world: World) -> None:
    """A pool that is deleted and made anew under the same name finds no keys."""
    world.apply("v1", "Secret", "pull", stringData={".dockerconfigjson": "{}"})
    world.pool(0, pullSecretRef={"name": "pull"})
    world.until("ACM's finalizer", lambda: len((world.get("ClusterPool") or {})["metadata"].get("finalizers", [])) == 2)
    other = (world.get("ClusterPool") or {})["spec"] | {"pullSecretRef": None}
    world.apply(HIVE, "ClusterPool", "other", spec={key: value for key, value in other.items() if value is not None})
    world.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
    world.until("the pool gone", lambda: world.get("ClusterPool") is None)
    assert world.cluster.get("v1", "Secret", "pull", world.name) is None
    assert world.cluster.get("v1", "Secret", "creds", world.name)
    world.cluster.delete(HIVE, "ClusterPool", "other", world.name)
    world.until("the other gone", lambda: world.get("ClusterPool", "other") is None)
    assert world.cluster.get("v1", "Secret", "creds", world.name) is None
