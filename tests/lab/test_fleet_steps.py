"""Hive and ACM as the simulator plays them, one look of a controller at a time.

For what is over too soon, or comes too late, where all controllers play at once. Each test is named after what the real
ones do.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from lab.cluster import Cluster, Manifest
from lab.fleet import (
    acm_addons,
    acm_claims,
    acm_clusters,
    acm_gitops,
    acm_placement,
    acm_pools,
    hive_claims,
    hive_deployments,
    hive_namespaces,
    hive_pools,
    hive_sync,
)
from lab.fleet.acm_claims import API as OCM
from lab.fleet.acm_placement import PLACEMENTS, SETS
from lab.fleet.hive_namespaces import POOL_LABEL
from lab.fleet.objects import HIVE, deleting
from lab.fleet.timing import Clock, Timings
from tests.lab.world import SET, World, conditions

MINUTE = 60.0
AVAILABLE = "ManagedClusterConditionAvailable"
GITOPS = "apps.open-cluster-management.io/v1beta1"
TAINT = "cluster.open-cluster-management.io/"

Look = Callable[[Cluster, Clock, Callable[[str], None]], None]


def up(world: World) -> Callable[[str], Cluster | None]:
    """Return where the clusters are: the lab's own API server stands for each."""
    return lambda _name: world.cluster


def unreachable(_name: str) -> None:
    """Say that a cluster cannot be reached."""


class Steps:
    """A pool, and looks of controllers."""

    def __init__(self, world: World):
        self.world, self.cluster = world, world.cluster

    def look(self, *looks: Look, later: float = 0) -> None:
        """Let controllers look once, as if it were so many seconds later."""
        for reconcile in looks:
            reconcile(self.cluster, Clock(Timings(), 1, time.time() + later), lambda _: None)

    def clusters(self, spokes: Callable[[str], Cluster | None] | None = None) -> Look:
        """Return ACM's look at the managed clusters."""
        return lambda *rest: acm_clusters.reconcile(spokes, *rest)

    def install(self, claim: str = "", **metadata: Any) -> str:
        """Let a pool have one installed cluster, given to a claim if one is named; return its name."""
        self.world.pool(0 if claim else 1, maxSize=1, cluster_set=self.world.name)
        if claim:
            self.world.claim(claim, metadata)
        self.look(hive_claims.reconcile, hive_pools.reconcile, self.deployments)
        self.look(self.deployments, later=41 * MINUTE)
        if claim:
            self.look(hive_pools.reconcile, hive_claims.reconcile)
        return self.world.members()[0].name

    @staticmethod
    def deployments(*rest: Any) -> None:
        """Let Hive's installer and its hibernation controller look."""
        hive_deployments.reconcile(None, *rest)

    def imported(self) -> str:
        """Let ACM have imported a claimed cluster; return its name."""
        name = self.install("a")
        self.look(acm_claims.reconcile, self.clusters())
        self.look(self.clusters(), later=4 * MINUTE)
        assert self.available(name) == "True"
        return name

    def power(self, name: str, state: str) -> None:
        self.cluster.patch_status(HIVE, "ClusterDeployment", name, {"powerState": state}, name)

    def claim(self) -> dict[str, tuple[str, str]]:
        return self.world.conditions("ClusterClaim", "a")

    def managed(self, name: str) -> Manifest:
        return self.cluster.get(OCM, "ManagedCluster", name) or {}

    def available(self, name: str) -> str:
        return conditions(self.managed(name)).get(AVAILABLE, ("", ""))[0]

    def taints(self, name: str) -> list[tuple[str, str]]:
        found: list[dict[str, str]] = self.managed(name)["spec"].get("taints") or []
        return [(taint["key"].removeprefix(TAINT), taint["effect"]) for taint in found]

    def place(self, **spec: Any) -> None:
        """Make a Placement for the world's own set, which is bound."""
        self.world.apply(SETS, "ManagedClusterSet", self.world.name, namespace=None, spec={})
        self.world.apply(SETS, "ManagedClusterSetBinding", self.world.name, spec={"clusterSet": self.world.name})
        self.world.apply(PLACEMENTS, "Placement", "all", spec=spec)

    def decisions(self) -> list[str]:
        found = self.cluster.get(PLACEMENTS, "PlacementDecision", "all-decision-1", self.world.name) or {}
        return [decision["clusterName"] for decision in found["status"]["decisions"]]

    def satisfied(self) -> tuple[str, str]:
        return conditions(self.cluster.get(PLACEMENTS, "Placement", "all", self.world.name))["PlacementSatisfied"]


@pytest.fixture
def steps(world: World) -> Any:
    yield Steps(world)
    world.cluster.delete(SETS, "ManagedClusterSet", world.name)


def test_a_claim_goes_through_its_conditions_with_their_reasons(steps: Steps) -> None:
    world = steps.world
    world.pool(0)
    world.claim("a")
    steps.look(hive_claims.reconcile)
    initial = ("Unknown", "Initialized")
    assert steps.claim() == {"Pending": initial, "ClusterRunning": initial}
    steps.look(hive_pools.reconcile)
    assert steps.claim() == {"Pending": ("True", "NoClusters"), "ClusterRunning": initial}
    steps.look(steps.deployments)
    steps.look(steps.deployments, hive_pools.reconcile, later=41 * MINUTE)
    assert steps.claim() == {"Pending": ("True", "ClusterAssigned"), "ClusterRunning": initial}
    name = world.members()[0].name
    steps.power(name, "StartingMachines")
    steps.look(hive_claims.reconcile)
    claimed = ("False", "ClusterClaimed")
    assert steps.claim() == {"Pending": claimed, "ClusterRunning": ("False", "Resuming")}
    steps.power(name, "Running")
    steps.look(hive_claims.reconcile)
    assert steps.claim() == {"Pending": claimed, "ClusterRunning": ("True", "Running")}
    steps.cluster.delete(HIVE, "ClusterDeployment", name, name)
    steps.look(hive_claims.reconcile)
    assert steps.claim() == {"Pending": claimed, "ClusterRunning": ("False", "ClusterDeleting")}
    steps.cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"finalizers": []}}, name)
    steps.look(hive_claims.reconcile)
    assert steps.claim() == {"Pending": claimed, "ClusterRunning": ("False", "ClusterDeleted")}


def test_a_claim_whose_cluster_is_another_claims_is_pending_again(steps: Steps) -> None:
    name = steps.install("a")
    steps.world.claim("b", namespace=name)
    steps.look(hive_claims.reconcile)
    assert steps.world.conditions("ClusterClaim", "b")["Pending"] == ("True", "AssignmentConflict")
    assert "namespace" not in (steps.world.get("ClusterClaim", "b") or {})["spec"]
    assert steps.world.holder("a") == name


def test_a_released_claim_marks_its_cluster_for_removal_and_its_pool_deletes_it(steps: Steps) -> None:
    name = steps.install("a")
    steps.world.release("a")
    steps.look(hive_claims.reconcile)
    marked = steps.world.deployment(name)
    assert marked["metadata"]["annotations"]["hive.openshift.io/remove-cluster-from-pool"] == "true"
    assert not deleting(marked)
    steps.look(hive_pools.reconcile, hive_claims.reconcile)
    assert deleting(steps.world.deployment(name))
    assert (steps.world.get("ClusterClaim", "a") or {})["metadata"]["finalizers"] == ["hive.openshift.io/claim"]
    steps.cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"finalizers": []}}, name)
    steps.look(hive_claims.reconcile)
    assert steps.world.get("ClusterClaim", "a") is None


def test_an_install_a_hibernation_and_a_resume_take_their_time(steps: Steps) -> None:
    """A lab in which they took none would prove nothing of a claim that waits."""
    steps.world.pool(1)
    steps.look(hive_pools.reconcile, steps.deployments)
    steps.look(steps.deployments, later=39 * MINUTE)
    assert steps.world.states() == ["Installing"]
    steps.look(steps.deployments, later=41 * MINUTE)
    assert steps.world.states() == ["Running"]
    steps.look(hive_pools.reconcile, steps.deployments, steps.deployments)
    assert steps.world.states() == ["Stopping"]
    steps.look(steps.deployments, later=4 * MINUTE)
    assert steps.world.states() == ["Hibernating"]
    steps.world.pool(1, runningCount=1)
    steps.look(hive_pools.reconcile, steps.deployments, steps.deployments)
    assert steps.world.states() == ["StartingMachines"]
    steps.look(steps.deployments, later=4 * MINUTE)
    assert steps.world.states() == ["StartingMachines"]
    steps.look(steps.deployments, later=6 * MINUTE)
    assert steps.world.states() == ["Running"]


def test_a_resumed_cluster_runs_when_its_api_answers(steps: Steps) -> None:
    name = steps.install()
    sync = {"apiVersion": hive_sync.HIVE_SYNC, "kind": "ClusterSync", "metadata": {"name": name, "namespace": name}}
    steps.cluster.apply(sync)
    steps.power(name, "StartingMachines")
    steps.look(lambda *rest: hive_deployments.reconcile(unreachable, *rest))
    steps.look(lambda *rest: hive_deployments.reconcile(unreachable, *rest), later=60 * MINUTE)
    assert steps.world.states() == ["StartingMachines"]
    steps.look(lambda *rest: hive_deployments.reconcile(up(steps.world), *rest), later=6 * MINUTE)
    assert steps.world.states() == ["Running"]


def test_the_first_hibernation_waits_for_the_sets_but_ten_minutes_at_most(steps: Steps) -> None:
    """Else a standby would never get its site and credential, as a cluster that hibernates gets nothing."""
    with_sets = lambda *rest: hive_deployments.reconcile(up(steps.world), *rest)  # noqa: E731
    steps.install()
    steps.look(hive_pools.reconcile, with_sets)
    assert steps.world.states() == ["SyncSetsNotApplied"]
    steps.look(with_sets, later=9 * MINUTE)
    assert steps.world.states() == ["SyncSetsNotApplied"]
    steps.look(with_sets, later=11 * MINUTE)
    assert steps.world.states() == ["Stopping"]


def test_with_its_sets_applied_a_cluster_hibernates_at_once(steps: Steps) -> None:
    """Each minute that it runs on is paid for."""
    name = steps.install()
    sync = {"apiVersion": hive_sync.HIVE_SYNC, "kind": "ClusterSync", "metadata": {"name": name, "namespace": name}}
    steps.cluster.create(sync)
    steps.cluster.patch_status(
        hive_sync.HIVE_SYNC, "ClusterSync", name, {"firstSuccessTime": "2026-01-01T00:00:00Z"}, name
    )
    steps.look(hive_pools.reconcile, lambda *rest: hive_deployments.reconcile(up(steps.world), *rest))
    assert steps.world.states() == ["Stopping"]


def test_a_namespace_without_cluster_goes_five_minutes_after_it_was_made(steps: Steps) -> None:
    """Sooner it might be one whose cluster is being made."""
    full, empty = steps.install(), f"{steps.world.name}-empty"
    metadata = {"name": empty, "labels": {POOL_LABEL: steps.world.name}}
    steps.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def left() -> set[str]:
        found = steps.cluster.find("v1", "Namespace", selector=f"{POOL_LABEL}={steps.world.name}")
        return {namespace["metadata"]["name"] for namespace in found if not deleting(namespace)}

    steps.look(hive_namespaces.reconcile, later=4 * MINUTE)
    assert left() == {full, empty}
    steps.look(hive_namespaces.reconcile, later=6 * MINUTE)
    assert left() == {full}


def test_sync_sets_go_by_their_names_and_in_each_resources_come_before_secrets(steps: Steps) -> None:
    """Each of these needs what comes before it, and would be refused without."""
    world, place = steps.world, f"{steps.world.name}-in"
    world.apply("v1", "Secret", "token")
    inside = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": place}}
    token = {
        "sourceRef": {"name": "token", "namespace": world.name},
        "targetRef": {"name": "token", "namespace": place},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}}
    sets: dict[str, Manifest] = {
        "c": {"resources": [inside]},
        "b": {"resources": [namespace], "secretMappings": [token]},
    }
    selector = {"matchLabels": {"hive.openshift.io/clusterpool-name": world.name}}
    for name, spec in sets.items():
        spec |= {"clusterDeploymentSelector": selector, "resourceApplyMode": "Sync"}
        world.apply(HIVE, "SelectorSyncSet", f"{world.name}-{name}", namespace=None, spec=spec)
    try:
        cluster = steps.install()
        steps.look(lambda *rest: hive_sync.reconcile(up(world), *rest))
        sync = steps.cluster.get(hive_sync.HIVE_SYNC, "ClusterSync", cluster, cluster) or {}
        assert [one["result"] for one in sync["status"]["selectorSyncSets"]] == ["Success", "Success"]
    finally:
        for name in sets:
            steps.cluster.delete(HIVE, "SelectorSyncSet", f"{world.name}-{name}")
        steps.cluster.delete("v1", "Namespace", place)


def test_a_set_that_the_claim_names_is_the_imported_clusters(steps: Steps) -> None:
    """The pool's own is for claims that name none; what the claim says is gone again right afterwards."""
    name = steps.install("a", labels={SET: "elsewhere"})
    steps.look(acm_claims.reconcile)
    assert steps.managed(name)["metadata"]["labels"][SET] == "elsewhere"
    assert (steps.world.get("ClusterClaim", "a") or {})["metadata"]["labels"][SET] == steps.world.name


def test_a_cluster_joins_acm_only_when_it_is_installed_claimed_and_reachable(steps: Steps) -> None:
    name = steps.install()
    steps.world.apply(OCM, "ManagedCluster", name, namespace=None, spec={})

    def join(lookup: Look) -> str:
        steps.look(lookup)
        steps.look(lookup, later=4 * MINUTE)
        return steps.available(name)

    assert join(steps.clusters()) == "", "nobody has claimed it"
    assert steps.taints(name) == [("unreachable", "NoSelect")]
    steps.world.claim("a")
    steps.look(hive_pools.reconcile, hive_claims.reconcile)
    assert join(steps.clusters(unreachable)) == ""
    steps.cluster.patch(HIVE, "ClusterDeployment", name, {"spec": {"installed": False}}, name)
    assert join(steps.clusters()) == ""
    steps.cluster.patch(HIVE, "ClusterDeployment", name, {"spec": {"installed": True}}, name)
    steps.look(steps.clusters())
    assert steps.available(name) == "", "it takes its time"
    assert join(steps.clusters()) == "True"
    assert steps.taints(name) == []


def test_a_cluster_is_unknown_and_tainted_five_minutes_after_its_last_sign_of_life(steps: Steps) -> None:
    name = steps.imported()
    own = {"key": "example.com/mine", "effect": "NoSelect"}
    steps.cluster.patch(OCM, "ManagedCluster", name, {"spec": {"taints": [own]}})
    mine = (own["key"], own["effect"])
    steps.look(steps.clusters(unreachable))
    steps.look(steps.clusters(unreachable), later=4 * MINUTE)
    assert (steps.available(name), steps.taints(name)) == ("True", [mine])
    steps.look(steps.clusters(unreachable), later=6 * MINUTE)
    assert (steps.available(name), steps.taints(name)) == ("Unknown", [mine, ("unreachable", "NoSelect")])
    steps.look(steps.clusters())
    assert (steps.available(name), steps.taints(name)) == ("True", [mine])


def test_a_cluster_that_says_it_is_not_available_has_a_taint_of_its_own(steps: Steps) -> None:
    name = steps.imported()
    status = steps.managed(name)["status"]
    for condition in status["conditions"]:
        condition["status"] = "False" if condition["type"] == AVAILABLE else condition["status"]
    steps.cluster.patch_status(OCM, "ManagedCluster", name, status)
    steps.look(steps.clusters(unreachable))
    assert steps.taints(name) == [("unavailable", "NoSelect")]


def test_a_claimed_cluster_has_a_klusterlet_addon_config_with_all_that_acm_switches_on(steps: Steps) -> None:
    name = steps.imported()
    config = steps.cluster.get(acm_addons.API, "KlusterletAddonConfig", name, name) or {}
    on = {key for key, value in config["spec"].items() if value == {"enabled": True}}
    assert on == {"applicationManager", "certPolicyController", "policyController", "searchCollector"}


def test_a_managed_cluster_that_came_from_no_claim_has_no_klusterlet_addon_config(steps: Steps) -> None:
    name = steps.install()
    steps.world.apply(OCM, "ManagedCluster", name, namespace=None, spec={})
    steps.look(steps.clusters())
    assert steps.cluster.get(acm_addons.API, "KlusterletAddonConfig", name, name) is None


def test_a_released_claim_is_let_go_by_acm_at_once_and_by_hive_when_its_cluster_is_gone(steps: Steps) -> None:
    name = steps.imported()
    steps.world.release("a")
    steps.look(hive_claims.reconcile, acm_claims.reconcile)
    assert deleting(steps.managed(name))
    assert (steps.world.get("ClusterClaim", "a") or {})["metadata"]["finalizers"] == ["hive.openshift.io/claim"]
    assert not deleting(steps.world.deployment(name))


@pytest.mark.parametrize("available", [True, False])
def test_an_available_cluster_is_cleaned_up_before_it_is_detached_and_a_lost_one_is_not(
    steps: Steps, available: bool
) -> None:
    name = steps.imported()
    if not available:
        steps.look(steps.clusters(unreachable))
        steps.look(steps.clusters(unreachable), later=6 * MINUTE)
    steps.cluster.delete(OCM, "ManagedCluster", name)
    steps.look(steps.clusters())
    assert bool(steps.managed(name)) == available
    steps.look(steps.clusters(), later=2 * MINUTE)
    assert not steps.managed(name)
    assert steps.cluster.get(acm_addons.API, "KlusterletAddonConfig", name, name) is None


def test_a_placement_decides_on_no_cluster_that_is_going(steps: Steps) -> None:
    steps.place()
    name = steps.imported()
    steps.look(acm_placement.reconcile)
    assert steps.decisions() == [name]
    steps.cluster.delete(OCM, "ManagedCluster", name)
    assert deleting(steps.managed(name))
    steps.look(acm_placement.reconcile)
    assert steps.decisions() == []


def test_a_placement_without_clusters_has_an_empty_decision_and_is_not_satisfied(steps: Steps) -> None:
    """That is so between bursts: who waits for Satisfied waits for a burst."""
    steps.place()
    steps.look(acm_placement.reconcile)
    assert (steps.decisions(), steps.satisfied()) == ([], ("False", "AllManagedClusterSetsEmpty"))
    name = steps.imported()
    steps.look(acm_placement.reconcile)
    assert (steps.decisions(), steps.satisfied()) == ([name], ("True", "AllDecisionsScheduled"))


def test_a_placement_says_why_it_selects_nothing(steps: Steps) -> None:
    """Between bursts the set is empty, which is no fault: the other reasons are, and look different."""
    world = steps.world
    steps.place(clusterSets=["elsewhere"])
    steps.look(acm_placement.reconcile)
    assert steps.satisfied() == ("False", "NoIntersection")
    steps.imported()
    steps.place(predicates=[{"requiredClusterSelector": {"labelSelector": {"matchLabels": {"nobody": "has"}}}}])
    steps.look(acm_placement.reconcile)
    assert steps.satisfied() == ("False", "NoManagedClusterMatched")
    steps.cluster.delete(SETS, "ManagedClusterSetBinding", world.name, world.name)
    steps.look(acm_placement.reconcile)
    assert steps.satisfied() == ("False", "NoManagedClusterSetBindings")


def test_a_placement_reaches_sets_that_exist_and_are_bound_in_its_own_namespace(steps: Steps) -> None:
    steps.place()
    steps.imported()
    steps.look(acm_placement.reconcile)
    assert steps.decisions()
    steps.cluster.delete(SETS, "ManagedClusterSet", steps.world.name)
    steps.look(acm_placement.reconcile)
    assert steps.decisions() == []
    steps.world.apply(SETS, "ManagedClusterSet", steps.world.name, namespace=None, spec={})
    steps.cluster.delete(SETS, "ManagedClusterSetBinding", steps.world.name, steps.world.name)
    elsewhere = {"name": steps.world.name, "namespace": "default"}
    binding = {"apiVersion": SETS, "kind": "ManagedClusterSetBinding", "metadata": elsewhere}
    steps.cluster.apply({**binding, "spec": {"clusterSet": steps.world.name}})
    steps.look(acm_placement.reconcile)
    steps.cluster.delete(SETS, "ManagedClusterSetBinding", steps.world.name, "default")
    assert steps.decisions() == []


def test_a_gitops_cluster_tells_argo_cd_of_clusters_that_are_selected_and_have_joined(steps: Steps) -> None:
    """Until a selected cluster has joined it is failed: for a moment in every burst whose Placement tolerates taints."""
    world, tolerant = steps.world, [{"key": f"{TAINT}unreachable", "operator": "Exists"}]
    steps.place(tolerations=tolerant)
    reference = {"kind": "Placement", "apiVersion": PLACEMENTS, "name": "all", "namespace": world.name}
    argo = {"argoNamespace": world.name, "cluster": "local-cluster"}
    world.apply(GITOPS, "GitOpsCluster", "importer", spec={"argoServer": argo, "placementRef": reference})
    other = f"{world.name}-other"
    world.apply(OCM, "ManagedCluster", other, namespace=None, metadata={"labels": {SET: "elsewhere"}}, spec={})
    steps.cluster.patch_status(OCM, "ManagedCluster", other, steps_joined())

    def told() -> list[str]:
        found = steps.cluster.find("v1", "Secret", world.name, "argocd.argoproj.io/secret-type=cluster")
        return [secret["metadata"]["name"] for secret in found]

    def phase() -> str:
        return (steps.cluster.get(GITOPS, "GitOpsCluster", "importer", world.name) or {})["status"]["phase"]

    name = steps.install("a")
    gitops: Look = lambda *rest: acm_gitops.reconcile(up(world), *rest)  # noqa: E731
    steps.look(acm_claims.reconcile, steps.clusters(), acm_placement.reconcile, gitops)
    assert (steps.decisions(), told(), phase()) == ([name], [], "failed")
    steps.look(steps.clusters(), gitops, later=4 * MINUTE)
    assert (told(), phase()) == ([f"{name}-application-manager-cluster-secret"], "successful")


def steps_joined() -> Manifest:
    return {"conditions": [{"type": "ManagedClusterJoined", "status": "True", "reason": "x", "lastTransitionTime": ""}]}


def test_a_deleted_pool_takes_all_three_secrets_of_its_namespace_and_of_no_other(steps: Steps) -> None:
    world, other = steps.world, World(steps.cluster)
    try:
        for name in ("pull", "template"):
            world.apply("v1", "Secret", name)
        world.pool(0, pullSecretRef={"name": "pull"}, installConfigSecretTemplateRef={"name": "template"})
        other.pool(0)
        steps.look(acm_pools.reconcile)
        steps.cluster.delete(HIVE, "ClusterPool", world.name, world.name)
        steps.look(acm_pools.reconcile)
        secrets = lambda there: {s["metadata"]["name"] for s in steps.cluster.find("v1", "Secret", there.name)}  # noqa: E731
        assert (secrets(world), secrets(other)) == (set(), {"creds"})
        assert world.get("ClusterPool") is None
    finally:
        other.clean()
