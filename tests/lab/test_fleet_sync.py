"""What the simulated Hive puts into clusters: each test is named after what the real clustersync controller does.

The lab's own API server stands for every cluster that runs.
"""

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab.cluster import Cluster, Manifest
from lab.crds import StandIn
from lab.fleet.objects import HIVE, HIVE_SYNC
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from tests.lab.world import World, conditions

# Ten minutes take half a second. Sets are applied anew every four hours, not two: long enough to tell that from a retry.
FACTOR = 1200
TIMINGS = Timings(install=600, reapply=4 * 3600)
POOL = "hive.openshift.io/clusterpool-name"


@pytest.fixture(scope="module", autouse=True)
def fleet(lab: Hub) -> Iterator[None]:
    def spoke(name: str) -> Cluster | None:
        deployment = lab.cluster.get(HIVE, "ClusterDeployment", name, name) or {}
        # Also while it is resuming: it runs when its API answers.
        up = ("Running", "SyncSetsNotApplied", "StartingMachines")
        return lab.cluster if deployment.get("status", {}).get("powerState") in up else None

    said: list[str] = []
    fleet = Fleet(lab.kubeconfig, FACTOR, said.append, TIMINGS, spokes=spoke)
    fleet.start()
    yield
    fleet.stop()
    assert not [line for line in said if "Traceback" in line]


class Sync:
    """A pool with one running cluster, and the sync sets for it."""

    def __init__(self, world: World):
        self.world, self.cluster = world, world.cluster
        self.place = f"{world.name}-in"
        self.namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.place}}
        self.sets: list[str] = []

    def pool(self, **numbers: Any) -> str:
        self.world.pool(1, **{"maxSize": 1, "runningCount": 1} | numbers)
        self.world.until("a running cluster", lambda: self.world.states() == ["Running"])
        return self.world.members()[0].name

    def map(self, name: str) -> Manifest:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.place}}

    def secret(self, name: str, source: str | None = "") -> dict[str, Any]:
        place = {"namespace": self.world.name} if source == "" else {}
        return {"sourceRef": {"name": name, **place}, "targetRef": {"name": name, "namespace": self.place}}

    def set(
        self, name: str, *resources: Manifest, mode: str = "Sync", secrets: list[dict[str, Any]] | None = None
    ) -> None:
        spec = {
            "clusterDeploymentSelector": {"matchLabels": {POOL: self.world.name}},
            "resourceApplyMode": mode,
            "resources": list(resources),
            "secretMappings": secrets or [],
        }
        full = f"{self.world.name}-{name}"
        self.sets.append(full)
        manifest = {"apiVersion": HIVE, "kind": "SelectorSyncSet", "metadata": {"name": full}, "spec": spec}
        self.cluster.apply(manifest, force=True)

    def there(self, kind: str, name: str) -> Manifest | None:
        return self.cluster.get("v1", kind, name, self.place)

    def status(self, name: str) -> dict[str, Manifest]:
        """Return what a cluster's ClusterSync says of each set."""
        sync = self.cluster.get(HIVE_SYNC, "ClusterSync", name, name) or {}
        found: list[Manifest] = sync.get("status", {}).get("selectorSyncSets") or []
        return {one["name"].removeprefix(f"{self.world.name}-"): one for one in found}

    def failure(self, name: str, set_: str) -> str:
        return str(self.status(name).get(set_, {}).get("failureMessage", ""))

    def renewed(self, name: str) -> str:
        """Return when a cluster's sets were last applied anew, empty before the first time."""
        lease = self.cluster.get(HIVE_SYNC, "ClusterSyncLease", name, name) or {}
        return str(lease.get("spec", {}).get("renewTime", ""))

    def renewal(self, name: str) -> str:
        """Wait until they are applied anew; return when."""
        before = self.world.until("a lease", lambda: self.renewed(name))
        return self.world.until("a renewal", lambda: (now := self.renewed(name)) != before and now)

    def arrives(self, kind: str, name: str) -> Manifest:
        return self.world.until(f"{kind} {name} in the cluster", lambda: self.there(kind, name))


@pytest.fixture
def sync(world: World) -> Iterator[Sync]:
    sync = Sync(world)
    yield sync
    for name in sync.sets:
        sync.cluster.delete(HIVE, "SelectorSyncSet", name)
    sync.cluster.delete("v1", "Namespace", sync.place)


@pytest.mark.parametrize("mode", ["Sync", "Upsert"])
def test_sync_removes_what_left_the_set_and_upsert_does_not(sync: Sync, mode: str) -> None:
    sync.set("a", sync.namespace, sync.map("stays"), sync.map("leaves"), mode=mode)
    name = sync.pool()
    sync.arrives("ConfigMap", "leaves")
    sync.set("a", sync.namespace, sync.map("stays"), sync.map("new"), mode=mode)
    sync.arrives("ConfigMap", "new")
    sync.world.until("observed", lambda: sync.status(name)["a"]["observedGeneration"] == 2)
    assert (sync.there("ConfigMap", "leaves") is None) == (mode == "Sync")
    assert sync.there("ConfigMap", "stays")


@pytest.mark.parametrize("mode", ["Sync", "Upsert"])
def test_sync_removes_all_when_the_cluster_leaves_the_selector_and_upsert_does_not(sync: Sync, mode: str) -> None:
    world = sync.world
    world.apply("v1", "Secret", "token", stringData={"key": "value"})
    # The namespace would take what is in it along.
    sync.set("0", sync.namespace, mode="Upsert")
    sync.set("a", sync.map("one"), mode=mode, secrets=[sync.secret("token")])
    name = sync.pool()
    sync.arrives("Secret", "token")
    sync.cluster.patch(HIVE, "ClusterDeployment", name, {"metadata": {"labels": {POOL: None}}}, name)
    world.until("forgotten", lambda: not sync.status(name))
    left = [(kind, found) for kind, found in (("ConfigMap", "one"), ("Secret", "token")) if sync.there(kind, found)]
    assert left == ([] if mode == "Sync" else [("ConfigMap", "one"), ("Secret", "token")])


def test_a_secret_arrives_with_labels_annotations_and_type(sync: Sync) -> None:
    """Skupper knows a token by its label and its cost and address by the annotations."""
    labels, annotations = {"skupper.io/type": "connection-token"}, {"skupper.io/generated-by": "hub"}
    metadata = {"labels": labels, "annotations": annotations}
    sync.world.apply("v1", "Secret", "token", metadata=metadata, type="example.com/token", stringData={"key": "value"})
    sync.set("a", sync.namespace, secrets=[sync.secret("token")])
    sync.pool()
    arrived = sync.arrives("Secret", "token")
    assert labels.items() <= arrived["metadata"]["labels"].items()
    assert annotations.items() <= arrived["metadata"]["annotations"].items()
    assert arrived["metadata"]["labels"]["hive.openshift.io/managed"] == "true"
    assert (arrived["type"], base64.b64decode(arrived["data"]["key"])) == ("example.com/token", b"value")


def test_a_set_is_retried_while_a_kind_is_missing(sync: Sync) -> None:
    """The operator's Subscription comes in the same set as what needs its CRDs."""
    kind = StandIn("lab.example.com", "v1", f"Kind{sync.world.name}", f"kind{sync.world.name}s", status=False)
    custom = {
        "apiVersion": "lab.example.com/v1",
        "kind": kind.kind,
        "metadata": {"name": "one", "namespace": sync.place},
    }
    sync.set("a", sync.namespace, sync.map("before"), custom, sync.map("after"))
    name = sync.pool()
    sync.world.until("the failure", lambda: kind.kind in sync.failure(name, "a"))
    assert sync.there("ConfigMap", "before")
    assert sync.there("ConfigMap", "after") is None

    def failed() -> bool:
        return conditions(sync.cluster.get(HIVE_SYNC, "ClusterSync", name, name)).get("Failed") == ("True", "Failure")

    sync.world.until("the condition", failed)
    renewal = sync.renewal(name)
    sync.cluster.apply(kind.manifest())
    sync.arrives("ConfigMap", "after")
    assert sync.renewed(name) == renewal, "it came by a retry"
    sync.world.until("success", lambda: sync.status(name)["a"]["result"] == "Success")
    sync.cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", kind.name)


def test_a_missing_target_namespace_fails_the_set_until_it_is_there_and_others_go_on(sync: Sync) -> None:
    sync.world.apply("v1", "Secret", "token", stringData={"key": "value"})
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "namespace": sync.world.name}}
    sync.set("a", secrets=[sync.secret("token")])
    sync.set("b", other)
    name = sync.pool()
    sync.world.until("the failure", lambda: sync.status(name).get("a", {}).get("result") == "Failure")
    sync.world.until("the other set", lambda: sync.cluster.get("v1", "ConfigMap", "other", sync.world.name))
    renewal = sync.renewal(name)
    sync.cluster.apply(sync.namespace)
    sync.arrives("Secret", "token")
    assert sync.renewed(name) == renewal, "it came by a retry"


def test_a_changed_source_arrives_when_the_sets_are_applied_anew(sync: Sync) -> None:
    """Hive does not watch Secrets: a rotated token is old in the clusters for up to two hours."""
    world = sync.world
    world.apply("v1", "Secret", "token", stringData={"key": "old"})
    sync.set("a", sync.namespace, secrets=[sync.secret("token")])
    name = sync.pool()
    sync.arrives("Secret", "token")

    def value() -> bytes:
        return base64.b64decode((sync.there("Secret", "token") or {})["data"]["key"])

    renewal = sync.renewal(name)
    world.apply("v1", "Secret", "token", stringData={"key": "new"})
    time.sleep(2)
    assert value() == b"old"
    world.until("the new one", lambda: value() == b"new")
    world.until("that was a renewal", lambda: sync.renewed(name) != renewal)


def test_a_source_that_is_missing_fails_the_set_until_it_is_there_and_takes_nothing_back(sync: Sync) -> None:
    """A pool that was deleted takes its Secrets along; what the clusters have of them stays."""
    sync.set("a", sync.namespace, secrets=[sync.secret("token")])
    name = sync.pool()
    sync.world.until("the failure", lambda: "not found" in sync.failure(name, "a"))
    renewal = sync.renewal(name)
    sync.world.apply("v1", "Secret", "token", stringData={"key": "value"})
    sync.arrives("Secret", "token")
    assert sync.renewed(name) == renewal, "it came by a retry"
    sync.world.until("success", lambda: sync.status(name)["a"]["result"] == "Success")
    sync.cluster.delete("v1", "Secret", "token", sync.world.name)
    sync.cluster.delete(HIVE_SYNC, "ClusterSyncLease", name, name)
    sync.world.until("a failure again", lambda: "not found" in sync.failure(name, "a"))
    assert sync.there("Secret", "token")


def test_without_its_lease_a_cluster_gets_all_its_sets_anew(sync: Sync) -> None:
    """So a rotated token need not wait for two hours."""
    sync.set("a", sync.namespace, sync.map("one"))
    name = sync.pool()
    sync.arrives("ConfigMap", "one")
    renewal = sync.renewal(name)
    sync.cluster.delete("v1", "ConfigMap", "one", sync.place)
    sync.cluster.delete(HIVE_SYNC, "ClusterSyncLease", name, name)
    sync.world.until("a lease again", lambda: sync.renewed(name) > renewal)
    assert sync.there("ConfigMap", "one")


def test_a_source_without_namespace_is_not_tried_again_until_the_set_changes(sync: Sync) -> None:
    """Hive's webhook accepts it, and nothing ever arrives."""
    sync.world.apply("v1", "Secret", "token", stringData={"key": "value"})
    sync.set("a", sync.namespace, sync.map("one"), secrets=[sync.secret("token", None)])
    name = sync.pool()
    sync.world.until("the failure", lambda: sync.failure(name, "a") == "source namespace missing for secret 0")
    # A try would bring it back.
    sync.cluster.delete("v1", "ConfigMap", "one", sync.place)
    time.sleep(2)
    assert sync.there("ConfigMap", "one") is None
    sync.set("a", sync.namespace, sync.map("one"), secrets=[sync.secret("token")])
    sync.arrives("Secret", "token")
    assert sync.there("ConfigMap", "one")


def test_hibernated_clusters_get_their_sets_when_they_resume(sync: Sync) -> None:
    world = sync.world
    world.pool(1, maxSize=1)
    world.settled("Hibernating")
    sync.set("a", sync.namespace, sync.map("one"))
    time.sleep(1.5)
    assert sync.cluster.get("v1", "Namespace", sync.place) is None
    world.claim("a")
    sync.arrives("ConfigMap", "one")


def test_a_cluster_with_the_condition_unreachable_gets_nothing_until_it_is_back(sync: Sync) -> None:
    """Hive does not try it: no failure tells of a cluster out of reach, and a set that changed meanwhile arrives late."""
    world = sync.world
    name = sync.pool()
    sync.set("a", sync.namespace, sync.map("one"))
    sync.arrives("ConfigMap", "one")
    world.fault(name, "Unreachable")
    world.told(name, "Unreachable", ("True", "ErrorConnectingToCluster"))
    sync.set("a", sync.namespace, sync.map("two"))
    time.sleep(1.5)
    assert sync.there("ConfigMap", "two") is None
    assert sync.failure(name, "a") == ""
    world.fault(name, None)
    sync.arrives("ConfigMap", "two")
    world.told(name, "Unreachable", ("False", "ClusterReachable"))
