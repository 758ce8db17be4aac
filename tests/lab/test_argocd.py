"""Argo CD, the real one, delivers the application to a burst cluster, and nothing else to nowhere else.

ACM is played by hand here: the tests say which clusters exist, and run its placement and its GitOpsCluster once.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drain.burst_cluster import Application
from drain.hub import Hub as DrainHub
from drain.steps import withdraw
from lab.argocd import NAMESPACE
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import PARTS
from lab.crds import SKUPPER_KINDS, crd_manifests, install_crds
from lab.fleet import acm_gitops, acm_placement, hive_kubeconfigs
from lab.fleet.acm_claims import API as MANAGED
from lab.fleet.hive_pools import CLUSTER_SET
from lab.fleet.objects import HIVE, Thing
from lab.fleet.timing import Clock, Timings
from lab.hub import Hub
from lab.repository import Repository
from lab.spokes import Spokes
from preview.recording import ROOT, record
from preview.registration import reveal

NAME, PLACE, WORKLOAD = "aws-x7k2p", "interconnect", "sample-kotlin-spring"
APPLICATION = f"cluster-init-{NAME}"
ARGO = "argoproj.io/v1alpha1"
# Argo CD takes it off when it has looked.
REFRESH = "argocd.argoproj.io/refresh"
DEPLOYMENT, CONNECTOR = ("apps/v1", "Deployment"), ("skupper.io/v2alpha1", "Connector")
TYPES = (
    "ManagedClusterSet", "ManagedClusterSetBinding", "Placement", "GitOpsCluster", "AppProject", "ApplicationSet",
)  # fmt: skip
REFUSED: Manifest = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "not-ours"},
    "data": {"key": "value"},
}
CLUSTER_WIDE: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "not-ours"}}
SOON = 60


class Delivery:
    """The stack's delivery on the hub, and one claimed cluster with an API server of its own."""

    def __init__(self, hub: Cluster, spoke: Cluster, kubelet: int, repository: Repository):
        self.hub = hub
        self.spoke, self.kubelet = spoke, kubelet
        self.repository = repository
        overrides = {"spillway:delivery.repository": repository.url}
        recording = record("lab", overrides=overrides)
        found = [reveal(one.inputs) for one in recording.registrations if one.type.rpartition(":")[2] in TYPES]
        self.manifests: list[Manifest] = found

    def look(self) -> None:
        """Let ACM look once: placement, then what Argo CD is told."""
        clock = Clock(Timings(), 1000, time.time())
        acm_placement.reconcile(self.hub, clock, lambda _: None)
        acm_gitops.reconcile(lambda name: self.spoke if name == NAME else None, self.hub, clock, lambda _: None)

    def claim(self) -> None:
        """Let ACM have imported the cluster."""
        labels = {CLUSTER_SET: "interconnect", "vendor": "OpenShift"}
        manifest = {"apiVersion": MANAGED, "kind": "ManagedCluster", "metadata": {"name": NAME, "labels": labels}}
        found = Thing(self.hub, self.hub.apply({**manifest, "spec": {"hubAcceptsClient": True}}))
        found.set_conditions(ManagedClusterJoined=("True", "ManagedClusterJoined", "Managed cluster joined"))
        self.look()

    def release(self) -> None:
        """Let ACM have detached the cluster."""
        self.hub.delete(MANAGED, "ManagedCluster", NAME)
        self.look()

    def application(self, name: str = APPLICATION) -> Manifest | None:
        return self.hub.get(ARGO, "Application", name, NAMESPACE)

    def synced(self) -> bool:
        status = (self.application() or {}).get("status", {})
        # An application that finds all in its place has had no operation.
        done = status.get("operationState", {}).get("phase", "Succeeded") == "Succeeded"
        return done and status.get("sync", {}).get("status") == "Synced"

    def on_spoke(self, kind: tuple[str, str]) -> Manifest | None:
        return self.spoke.get(*kind, WORKLOAD, PLACE)

    def change(self, patch: Manifest, kind: tuple[str, str] = DEPLOYMENT) -> None:
        self.spoke.patch(*kind, WORKLOAD, patch, PLACE)

    def image(self) -> str:
        deployment = self.on_spoke(DEPLOYMENT) or {}
        return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])

    def replicas(self) -> int:
        return int((self.on_spoke(DEPLOYMENT) or {})["spec"]["replicas"])

    def replicas_after_a_sync(self) -> int:
        """Let the load ask for five pods, then Argo CD find something else to mend in the same object."""
        image = self.image()
        self.change({"spec": {"replicas": 5}})
        self.compare()
        assert self.replicas() == 5
        containers = [{"name": WORKLOAD, "image": "quay.io/example/other:2"}]
        self.change({"spec": {"template": {"spec": {"containers": containers}}}})
        self.wait("a sync", lambda: self.image() == image)
        self.compare()
        self.wait("synced", self.synced)
        return self.replicas()

    def compare(self) -> None:
        """Let Argo CD compare at once, as a webhook of the git server would, and wait until it has."""
        patch = {"metadata": {"annotations": {REFRESH: "normal"}}}
        self.hub.patch(ARGO, "Application", APPLICATION, patch, NAMESPACE)
        asked = lambda: (self.application() or {})["metadata"].get("annotations", {}).get(REFRESH)  # noqa: E731
        self.wait("a look", lambda: not asked())

    def sync_options(self) -> list[str]:
        return (self.application() or {})["spec"]["syncPolicy"].get("syncOptions", [])

    def set_sync_options(self, options: list[str]) -> None:
        """Change the ApplicationSet, and wait until it has changed its Application."""
        patch = {"spec": {"template": {"spec": {"syncPolicy": {"syncOptions": options or None}}}}}
        self.hub.patch(ARGO, "ApplicationSet", "cluster-init", patch, NAMESPACE)
        self.wait(f"sync options {options}", lambda: self.sync_options() == options)

    def apply(self, name: str, **spec: Any) -> None:
        """Make an Application by hand, in the stack's project."""
        source = {"repoURL": self.repository.url, "path": "gitops/lab/aws", "targetRevision": "HEAD"}
        server = self.spoke.access().server
        whole = {
            "project": "spillway",
            "source": {**source, **spec.get("source", {})},
            "destination": {"server": server, "namespace": PLACE, **spec.get("destination", {})},
            "syncPolicy": {"automated": {}},
        }
        metadata = {"name": name, "namespace": NAMESPACE}
        self.hub.apply({"apiVersion": ARGO, "kind": "Application", "metadata": metadata, "spec": whole})

    def refusal(self, name: str) -> str:
        """Return why Argo CD refuses an Application: its conditions, or how its sync failed."""
        status = (self.application(name) or {}).get("status", {})
        conditions: list[dict[str, str]] = status.get("conditions") or []
        synced: list[dict[str, str]] = status.get("operationState", {}).get("syncResult", {}).get("resources") or []
        return " ".join(one.get("message", "") for one in [*conditions, *synced])

    def wait(self, what: str, probe: Callable[[], Any], timeout: float = SOON) -> Any:
        return self.hub.wait_for(what, probe, timeout)


@pytest.fixture(scope="module")
def installed(lab: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    folder = Path(tmp_path_factory.mktemp("delivery"))
    shutil.copytree(ROOT / "gitops" / "lab", folder / "gitops" / "lab")
    for name, manifest in (("refused", REFUSED), ("cluster-wide", CLUSTER_WIDE)):
        (folder / "gitops" / name).mkdir()
        (folder / "gitops" / name / "manifest.json").write_text(json.dumps(manifest))
    repository = Repository(folder / "gitops.git")
    repository.publish(folder, "gitops")
    spokes = Spokes(folder, ensure(print, PARTS), tied=True)
    try:
        spoke = spokes.start(NAME)
        spoke.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
        # What Skupper's operator brings, which Hive has put there.
        install_crds(spoke, crd_manifests(None, SKUPPER_KINDS))
        lab.argocd.start()
        kubelet = spokes.control_plane(NAME).process("kwok").pid()
        assert kubelet
        delivery = Delivery(lab.cluster, spoke, kubelet, repository)
        for manifest in delivery.manifests:
            if manifest["kind"] == "ApplicationSet":
                # Without ACM's ConfigMap the generator fails, and Argo CD looks again only after three minutes.
                delivery.look()
            lab.cluster.apply(manifest, force=True)
        yield delivery
        for manifest in reversed(delivery.manifests):
            metadata = manifest["metadata"]
            lab.cluster.delete(manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace"))
    finally:
        spokes.stop_all()


@pytest.fixture
def delivery(installed: Delivery) -> Iterator[Delivery]:
    """A claimed cluster with the application in it; afterwards no Application is left."""
    installed.claim()
    installed.wait("the application", installed.synced)
    yield installed
    installed.release()
    for found in installed.hub.find(ARGO, "Application", NAMESPACE):
        installed.hub.delete(ARGO, "Application", found["metadata"]["name"], NAMESPACE)
    installed.wait("no application", lambda: not installed.hub.find(ARGO, "Application", NAMESPACE))


def test_a_decision_brings_the_application_to_the_cluster_and_its_pods_run(delivery: Delivery) -> None:
    assert delivery.on_spoke(CONNECTOR)
    delivery.wait("two pods", lambda: (delivery.on_spoke(DEPLOYMENT) or {}).get("status", {}).get("readyReplicas") == 2)
    hub = delivery.hub.get(*DEPLOYMENT, WORKLOAD, PLACE)
    assert hub is None  # it went to the burst cluster, not to the hub


def test_the_generator_looks_again_for_clusters_that_went_and_that_came(delivery: Delivery) -> None:
    """It polls, and watches no decision: by its default of three minutes a burst would be over before it is served."""
    delivery.release()
    delivery.wait("no application", lambda: delivery.application() is None)
    delivery.claim()
    delivery.wait("the application", delivery.synced)


def test_what_somebody_changes_in_the_cluster_is_put_right(delivery: Delivery) -> None:
    image = delivery.image()
    containers = [{"name": WORKLOAD, "image": "quay.io/example/other:1"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    delivery.spoke.patch(*DEPLOYMENT, WORKLOAD, patch, PLACE)
    delivery.wait("the image of git", lambda: delivery.image() == image)
    delivery.spoke.delete(*CONNECTOR, WORKLOAD, PLACE)
    delivery.wait("the Connector", lambda: delivery.on_spoke(CONNECTOR))


def test_replicas_are_left_to_the_autoscaler_even_by_a_sync(delivery: Delivery) -> None:
    """That they are ignored is not enough: every sync would take the pods away that the load has asked for."""
    assert delivery.replicas_after_a_sync() == 5
    options = delivery.sync_options()
    assert options == ["RespectIgnoreDifferences=true"]
    delivery.set_sync_options([])
    try:
        # Only a sync for another reason puts them back: the difference itself is ignored.
        assert delivery.replicas_after_a_sync() == 2
    finally:
        delivery.set_sync_options(options)


@pytest.fixture
def claimed(delivery: Delivery) -> Iterator[None]:
    """What Hive has of the cluster: a claim that holds it, and how to reach it."""
    claim = {"spec": {"clusterPoolName": "aws", "namespace": NAME}}
    known = {"infraID": NAME, "adminKubeconfigSecretRef": {"name": "admin"}}
    held = {"spec": {"installed": True, "clusterMetadata": known}}
    namespaced = {"metadata": {"name": NAME, "namespace": NAME}}
    delivery.hub.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}})
    delivery.hub.apply({"apiVersion": HIVE, "kind": "ClusterClaim", **namespaced, **claim})
    delivery.hub.apply({"apiVersion": HIVE, "kind": "ClusterDeployment", **namespaced, **held})
    clock = Clock(Timings(), 1000, time.time())
    hive_kubeconfigs.reconcile(
        lambda name: delivery.spoke if name == NAME else None, delivery.hub, clock, lambda _: None
    )
    yield
    for kind in ("ClusterClaim", "ClusterDeployment"):
        delivery.hub.delete(HIVE, kind, NAME, NAME)
    delivery.hub.delete("v1", "Namespace", NAME)


@pytest.mark.usefixtures("claimed")
def test_a_drained_cluster_finishes_its_connections_and_argo_cd_does_not_bring_its_pods_back(
    delivery: Delivery, lab: Hub
) -> None:
    """Argo CD puts right what it finds changed within seconds; not the replicas, which are not its own."""
    pods = lambda: [pod["metadata"] for pod in delivery.spoke.find("v1", "Pod", PLACE)]  # noqa: E731
    delivery.wait("two pods", lambda: len(pods()) == 2)
    # Connections that are open: without a kubelet no pod ends.
    os.kill(delivery.kubelet, signal.SIGSTOP)
    said: list[str] = []

    def drain() -> None:
        hub = DrainHub("lab", str(lab.kubeconfig))
        withdraw(hub, [NAME], Application(PLACE, WORKLOAD), say=said.append, grace=SOON, look_every=0.1)

    drained = threading.Thread(target=drain)
    drained.start()
    delivery.wait("two pods that end", lambda: ["deletionTimestamp" in pod for pod in pods()] == [True, True])
    delivery.compare()
    assert said == [f"{NAME}: {WORKLOAD} is withdrawn; pods that have connections to finish: 2"]
    assert drained.is_alive()
    os.kill(delivery.kubelet, signal.SIGCONT)
    drained.join(SOON)
    assert said[-1] == f"{NAME}: {WORKLOAD} is withdrawn; pods that have connections to finish: 0"
    delivery.compare()
    assert (delivery.replicas(), pods()) == (0, [])
    delivery.change({"spec": {"replicas": 2}})


def test_a_released_cluster_loses_its_application_and_keeps_what_was_delivered(delivery: Delivery) -> None:
    """A cascade into a cluster that is being destroyed never ends, and the Application with it."""
    application = delivery.application() or {}
    assert "finalizers" not in application["metadata"]
    delivery.release()
    delivery.wait("no application", lambda: delivery.application() is None)
    time.sleep(2)
    assert delivery.on_spoke(DEPLOYMENT)
    assert delivery.on_spoke(CONNECTOR)


@pytest.mark.parametrize(
    ("name", "spec", "refusal"),
    [
        ("other-kind", {"source": {"path": "gitops/refused"}}, "resource :ConfigMap is not permitted in project"),
        (
            "cluster-wide",
            {"source": {"path": "gitops/cluster-wide"}},
            "resource :Namespace is not permitted in project",
        ),
        (
            "other-repository",
            {"source": {"repoURL": "https://git.example.com/other.git"}},
            "is not permitted in project",
        ),
        (
            "other-namespace",
            {"destination": {"namespace": "kube-system"}},
            "do not match any of the allowed destinations",
        ),
        (
            "the-hub",
            {"destination": {"server": "https://kubernetes.default.svc"}},
            "do not match any of the allowed destinations",
        ),
    ],
)
def test_the_project_refuses(delivery: Delivery, name: str, spec: Manifest, refusal: str) -> None:
    """The project is what keeps a changed repository from reaching further than the application's own kinds."""
    delivery.apply(name, **spec)
    delivery.wait(f"a refusal of {name}: {delivery.refusal(name)}", lambda: refusal in delivery.refusal(name))
    assert delivery.spoke.get("v1", "ConfigMap", "not-ours", PLACE) is None
    assert delivery.spoke.get("v1", "Namespace", "not-ours") is None
