"""The burst trigger on a real Kyverno, with the tests in Hive's place.

Only the trigger's own objects are applied, taken from the recording of the lab stack; there is no simulator, so that a
claim changes only when Kyverno or the test changes it.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster, Manifest
from lab.hub import Hub
from lab.kyverno import BACKGROUND
from lab.waiting import is_created
from preview.recording import record
from preview.registration import reveal
from tests.lab.requests import UPDATE_REQUEST, pending

CLAIM = ("hive.openshift.io/v1", "ClusterClaim")
DEPLOYMENT = ("apps/v1", "Deployment", "sample-kotlin-spring", "interconnect")
NAMESPACE, HOLD = "aws", 3
NAMESPACES = (NAMESPACE, DEPLOYMENT[3])
CLAIM_AT, RELEASE_AT = 4, 1
FINALIZER = "hive.openshift.io/claim"
# One look of the release policy, and much time for a busy machine.
SOON = 60


class Trigger:
    """The application, the trigger's policies, and the claims."""

    def __init__(self, lab: Hub):
        self.lab = lab
        self.cluster: Cluster = lab.cluster
        recording = record(
            "lab",
            overrides={"spillway:bursts[0].minimumHold": f"{HOLD}s", "spillway:bursts[0].schedule": "*/1 * * * * * *"},
        )
        burst = recording.named("spillway:index:BurstTrigger", "burst-aws-burst")
        self.manifests: list[Manifest] = [reveal(child.inputs) for child in recording.children(burst)]
        workload = recording.named("kubernetes:apps/v1:Deployment", "workload-deployment")
        self.deployment: Manifest = reveal(workload.inputs)
        autoscaler = recording.named("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "workload-autoscaler")
        self.autoscaler: Manifest = reveal(autoscaler.inputs)

    def install(self) -> None:
        # Kyverno ends when it has lost the API server for long, which other tests take away.
        self.lab.kyverno.start()
        for name in NAMESPACES:
            self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.cluster.apply(self.deployment)
        self.apply_policies()

    def uninstall(self) -> None:
        """Leave nothing of the trigger to the tests that follow."""
        self.wait("no claims", self._no_claims)
        for manifest in self.manifests:
            self.cluster.delete(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])
        # A namespace that ends with pods in it is looked at again after half of their grace period only.
        self.cluster.delete(*DEPLOYMENT)
        self.wait("no pods", lambda: not self.cluster.find("v1", "Pod", DEPLOYMENT[3]))
        for name in NAMESPACES:
            self.cluster.delete("v1", "Namespace", name)
        for name in NAMESPACES:
            self.wait(f"{name} gone", lambda name=name: not self.cluster.get("v1", "Namespace", name), 60)

    def policies(self) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"].endswith("Policy")]

    def apply_policies(self) -> None:
        for manifest in self.manifests:
            self.cluster.apply(manifest, force=True)
        for manifest in self.policies():
            self.wait(f"{manifest['metadata']['name']} ready", lambda manifest=manifest: self._is_ready(manifest))

    def _is_ready(self, manifest: Manifest) -> bool:
        found = self.cluster.get(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]) or {}
        if manifest["kind"] == "DeletingPolicy":  # Kyverno gives it no conditions, but notes when it looked
            return bool(found.get("status", {}).get("lastExecutionTime"))
        return is_created(manifest, found)

    def delete_policies(self) -> None:
        for manifest in self.policies():
            self.cluster.delete(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])

    def reset(self) -> None:
        """Begin anew: all controllers up, no load, no claims."""
        self.lab.kyverno.start()
        if self.cluster.get(*DEPLOYMENT) is None:
            self.cluster.apply(self.deployment)
        self.scale(RELEASE_AT)
        self._forget_requests()
        self.wait("no claims", self._no_claims)
        self.apply_policies()

    def _no_claims(self) -> bool:
        for claim in self.claims():
            self.finish(claim["metadata"]["name"])
            self.cluster.delete(*CLAIM, claim["metadata"]["name"], NAMESPACE)
        return not self.claims()

    def settle(self) -> None:
        """Wait until Kyverno has worked off its queue; after a storm that may take a restart, and must change nothing."""
        try:
            self._await_queue()
        except TimeoutError:
            self.lab.kyverno.process(BACKGROUND).stop(grace=0)
            self.lab.kyverno.start(BACKGROUND)
            self._await_queue()

    def _await_queue(self) -> None:
        # After a storm the queue is some megabytes: to read it ten times a second leaves no time for working it off.
        self.wait("no pending update requests", lambda: not pending(self.cluster), 90, interval=2)

    def _forget_requests(self) -> None:
        # In a storm Kyverno leaves some requests untouched until it is restarted.
        for found in self.cluster.find(*UPDATE_REQUEST):
            self.cluster.delete(*UPDATE_REQUEST, found["metadata"]["name"], found["metadata"]["namespace"])

    def scale(self, replicas: int) -> None:
        self.cluster.patch(*DEPLOYMENT[:3], {"spec": {"replicas": replicas}}, DEPLOYMENT[3], subresource="scale")

    def annotate(self, key: str, value: str) -> None:
        self.cluster.patch(*DEPLOYMENT[:3], {"metadata": {"annotations": {key: value}}}, DEPLOYMENT[3])

    def claims(self) -> list[Manifest]:
        return self.cluster.find(*CLAIM, NAMESPACE)

    def live(self) -> list[str]:
        return sorted(c["metadata"]["name"] for c in self.claims() if "deletionTimestamp" not in c["metadata"])

    def claim(self) -> Manifest:
        """Return the one live claim, once it is there."""
        self.wait("a claim", lambda: len(self.live()) == 1, interval=0.02)
        (name,) = self.live()
        return self.cluster.get(*CLAIM, name, NAMESPACE) or {}

    def as_hive(self, name: str) -> None:
        """Do to a claim what Hive does when it has a cluster for it."""
        patch = {"metadata": {"finalizers": [FINALIZER]}, "spec": {"namespace": "aws-x7k2p"}}
        self.cluster.patch(*CLAIM, name, patch, NAMESPACE)

    def touch_status(self, name: str) -> None:
        """Do to a claim what Hive does while its cluster is removed."""
        moved = {"type": "ClusterRunning", "status": "False", "reason": "ClusterDeleting", "message": str(time.time())}
        times = {"lastProbeTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        self.cluster.patch_status(*CLAIM, name, {"conditions": [{**moved, **times}]}, NAMESPACE)

    def finish(self, name: str) -> None:
        """Do to a claim what Hive does when its cluster is gone."""
        try:
            self.cluster.patch(*CLAIM, name, {"metadata": {"finalizers": None}}, NAMESPACE)
        except ApiException as error:
            if json.loads(str(error.body)).get("code") != 404:
                raise

    def untouched(self, name: str) -> bool:
        """Tell whether a claim still has what Hive wrote."""
        claim = self.cluster.get(*CLAIM, name, NAMESPACE) or {}
        metadata = claim.get("metadata", {})
        return metadata.get("finalizers") == [FINALIZER] and claim["spec"].get("namespace") == "aws-x7k2p"

    def stays(self, names: list[str], seconds: float) -> None:
        """Fail if the live claims change within the time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.live() == names
            time.sleep(0.1)

    def wait(self, what: str, probe: Callable[[], Any], timeout: float = SOON, interval: float = 0.1) -> Any:
        return self.cluster.wait_for(what, probe, timeout, interval)
