"""Argo CD, the real one, delivers the application to a burst cluster, and nothing else to nowhere else.

ACM is played by hand here: the tests say which clusters exist, and run its placement and its GitOpsCluster once.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.argocd import NAMESPACE
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import PARTS
from lab.fleet import acm_gitops, acm_placement
from lab.fleet.acm_claims import API as MANAGED
from lab.fleet.hive_pools import CLUSTER_SET
from lab.fleet.objects import Thing
from lab.fleet.timing import Clock, Timings
from lab.hub import Hub
from lab.repository import Repository
from lab.spokes import Spokes
from preview.recording import ROOT, record
from preview.registration import reveal

NAME, PLACE, WORKLOAD = "aws-x7k2p", "interconnect", "sample-kotlin-spring"
APPLICATION = f"cluster-init-{NAME}"
ARGO = "argoproj.io/v1alpha1"
DEPLOYMENT, ROUTE = ("apps/v1", "Deployment"), ("route.openshift.io/v1", "Route")
TYPES = (
    "ManagedClusterSet", "ManagedClusterSetBinding", "Placement", "GitOpsCluster", "AppProject", "ApplicationSet",
)  # fmt: skip
REFUSED: Manifest = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "not-ours"},
    "data": {"key": "value"},
}
SOON = 60


class Delivery:
    """The stack's delivery on the hub, and one claimed cluster with an API server of its own."""

    def __init__(self, hub: Cluster, spoke: Cluster, repository: Repository):
        self.hub = hub
        self.spoke = spoke
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

    def refresh(self, name: str = APPLICATION) -> None:
        """Make Argo CD compare at once, as a webhook of the git server would."""
        patch = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
        self.hub.patch(ARGO, "Application", name, patch, NAMESPACE)

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
    (folder / "gitops" / "refused").mkdir()
    (folder / "gitops" / "refused" / "config-map.yaml").write_text(str(REFUSED).replace("'", '"'))
    repository = Repository(folder / "gitops.git")
    repository.publish(folder, "gitops")
    spokes = Spokes(folder, ensure(print, PARTS), tied=True)
    try:
        spoke = spokes.start(NAME)
        spoke.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLACE}})
        lab.argocd.start()
        delivery = Delivery(lab.cluster, spoke, repository)
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
    """The generator polls: a cluster that Argo CD was not told of at first is found at the next look."""
    assert delivery.on_spoke(ROUTE)
    delivery.wait("two pods", lambda: (delivery.on_spoke(DEPLOYMENT) or {}).get("status", {}).get("readyReplicas") == 2)
    hub = delivery.hub.get(*DEPLOYMENT, WORKLOAD, PLACE)
    assert hub is None  # it went to the burst cluster, not to the hub


def test_what_somebody_changes_in_the_cluster_is_put_right(delivery: Delivery) -> None:
    image = delivery.image()
    containers = [{"name": WORKLOAD, "image": "quay.io/example/other:1"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    delivery.spoke.patch(*DEPLOYMENT, WORKLOAD, patch, PLACE)
    delivery.wait("the image of git", lambda: delivery.image() == image)
    delivery.spoke.delete(*ROUTE, WORKLOAD, PLACE)
    delivery.wait("the Route", lambda: delivery.on_spoke(ROUTE))


def test_replicas_are_left_to_the_autoscaler_even_by_a_sync(delivery: Delivery) -> None:
    """Without RespectIgnoreDifferences every sync would take the pods away that the load has asked for."""
    image = delivery.image()
    delivery.change({"spec": {"replicas": 5}})
    # A sync that has something else to mend in the same object writes the object.
    containers = [{"name": WORKLOAD, "image": "quay.io/example/other:2"}]
    delivery.change({"spec": {"template": {"spec": {"containers": containers}}}})
    delivery.wait("a sync", lambda: delivery.image() == image)
    delivery.refresh()
    delivery.wait("synced with five replicas", delivery.synced)
    assert delivery.replicas() == 5
    delivery.change({"spec": {"replicas": 2}})


def test_a_released_cluster_loses_its_application_and_keeps_what_was_delivered(delivery: Delivery) -> None:
    """A cascade into a cluster that is being destroyed never ends, and the Application with it."""
    application = delivery.application() or {}
    assert "finalizers" not in application["metadata"]
    delivery.release()
    delivery.wait("no application", lambda: delivery.application() is None)
    time.sleep(2)
    assert delivery.on_spoke(DEPLOYMENT)
    assert delivery.on_spoke(ROUTE)


@pytest.mark.parametrize(
    ("name", "spec", "refusal"),
    [
        ("other-kind", {"source": {"path": "gitops/refused"}}, "resource :ConfigMap is not permitted in project"),
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
