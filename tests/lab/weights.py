"""The weights' policy on a real Kyverno, with the tests in Skupper's place: they write the Site's status as it does.

Only the policy, its roles, the Site and the listener are applied, taken from the recording of the mesh stack.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lab.cluster import Cluster, Manifest
from lab.crds import StandIn, crd_manifests, install_crds
from lab.hub import Hub
from lab.waiting import is_created
from preview.recording import record
from preview.registration import reveal
from tests.conformance.upstream import CRDS
from tests.lab.requests import UPDATE_REQUEST
from tests.mesh import APPLICATION, NAMESPACE, SKUPPER, key

KINDS = (
    StandIn("skupper.io", "v2alpha1", "Site", "sites"),
    StandIn("skupper.io", "v2alpha1", "MultiKeyListener", "multikeylisteners"),
)
ELSEWHERE = "elsewhere"
# Much time for a busy machine.
SOON = 60


def network(pods: Mapping[str, int], *, routers: int = 1) -> list[dict[str, Any]]:
    """Return the network as Skupper 2.2 tells it: of a site without pods the service is missing, c1 has none."""
    sites: list[dict[str, Any]] = [
        {"id": "1", "name": "c1", "services": [{"routingKey": key("c2"), "listeners": ["x"]}]}
    ]
    for number, (cluster, count) in enumerate(pods.items(), 2):
        connectors = [f"10.244.{number}.{pod}" for pod in range(count)] * routers
        services = [{"routingKey": key(cluster), "connectors": connectors}] if count else []
        other = {"routingKey": "another", "connectors": ["10.0.0.1", "10.0.0.2"]}
        sites.append({"id": str(number), "name": cluster, "services": [*services, other]})
    return sites


class Weights:
    """The listener on c1, its policy, and the Site's status."""

    def __init__(self, lab: Hub):
        self.lab = lab
        self.cluster: Cluster = lab.cluster
        recording = record("mesh", overrides={"spillway:mesh.application.balance": "pods"})
        component = recording.named("spillway:index:SkupperWeights", "c1-weights")
        self.manifests: list[Manifest] = [reveal(child.inputs) for child in recording.children(component)]
        (self.role,) = [manifest for manifest in self.manifests if manifest["kind"] == "ClusterRole"]
        (self.policy,) = [manifest for manifest in self.manifests if manifest["kind"] == "MutatingPolicy"]
        self.site: Manifest = reveal(recording.named(f"kubernetes:{SKUPPER}:Site", "c1-site-site").inputs)
        listener = recording.named(f"kubernetes:{SKUPPER}:MultiKeyListener", "c1-service-weighted-listener")
        self.listener_manifest: Manifest = reveal(listener.inputs)

    def install(self) -> None:
        self.lab.kyverno.start()
        install_crds(self.cluster, crd_manifests(CRDS if CRDS.is_dir() else None, KINDS))
        for name in (NAMESPACE, ELSEWHERE):
            self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for manifest in (self.site, self.listener_manifest):
            self.cluster.apply({**manifest, "status": None})
        for manifest in self.manifests:
            self.cluster.apply(manifest)
        self.wait("the policy ready", self.is_ready)

    def uninstall(self) -> None:
        for manifest in self.manifests:
            self.cluster.delete(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])
        for name in (NAMESPACE, ELSEWHERE):
            self.cluster.delete("v1", "Namespace", name)
        for name in (NAMESPACE, ELSEWHERE):
            self.wait(f"{name} gone", lambda name=name: not self.cluster.get("v1", "Namespace", name))

    def is_ready(self) -> bool:
        found = self.cluster.get(self.policy["apiVersion"], self.policy["kind"], self.policy["metadata"]["name"]) or {}
        return is_created(self.policy, found)

    def tell(self, pods: Mapping[str, int], *, routers: int = 1) -> None:
        """Write the Site's status."""
        self.write(network(pods, routers=routers))

    def write(self, sites: list[dict[str, Any]]) -> None:
        status = {"network": sites, "sitesInNetwork": len(sites)}
        self.cluster.patch_status(SKUPPER, "Site", "c1", status, NAMESPACE)

    def listener(self, namespace: str = NAMESPACE) -> Manifest:
        found = self.cluster.get(SKUPPER, "MultiKeyListener", APPLICATION, namespace)
        assert found
        return found

    def weights(self) -> dict[str, int]:
        return self.listener()["spec"]["strategy"]["weighted"]["routingKeys"]

    def follow(self, pods: Mapping[str, int]) -> None:
        """Tell the pods and wait for the weights."""
        self.tell(pods)
        wanted = {key(cluster): count for cluster, count in pods.items() if count}
        self.wait(f"{wanted}", lambda: self.weights() == wanted)

    def settle(self) -> None:
        """Wait until Kyverno has worked off every event, and fail if it failed at one.

        Of two that write at the same time one is refused and tried again.
        """
        begin = time.monotonic()

        def quiet() -> bool:
            requests = self.cluster.find(*UPDATE_REQUEST)
            messages = [message for request in requests if (message := request.get("status", {}).get("message"))]
            assert all("please apply your changes to the latest version" in message for message in messages), messages
            return not requests and time.monotonic() - begin > 0.5

        self.wait("no open requests", quiet)

    def has_events_of(self, told: Iterable[Mapping[str, int]]) -> bool:
        """Tell whether there is an open event of each."""
        infos = [request["spec"]["context"]["admissionRequestInfo"] for request in self.cluster.find(*UPDATE_REQUEST)]
        networks = [info["admissionRequest"]["object"]["status"]["network"] for info in infos]
        return all(network(pods) in networks for pods in told)

    def event(self, pods: Mapping[str, int], resource_version: str) -> None:
        """Give Kyverno the event of a change that is not stored yet, or not any more."""
        site = {**self.site, "status": {"network": network(pods)}}
        site["metadata"] = {**site["metadata"], "resourceVersion": resource_version}
        kind = {"group": "skupper.io", "version": "v2alpha1"}
        request = {
            "operation": "UPDATE", "kind": {**kind, "kind": "Site"}, "resource": {**kind, "resource": "sites"},
            "subResource": "status", "name": "c1", "namespace": NAMESPACE, "object": site, "uid": "1", "userInfo": {},
        }  # fmt: skip
        context = {"admissionRequestInfo": {"operation": "UPDATE", "admissionRequest": request}, "userInfo": {}}
        spec: dict[str, Any] = {"policy": self.policy["metadata"]["name"], "requestType": "cel-mutate"}
        spec |= {"context": context, "resource": {}, "rule": "", "deleteDownstream": False}
        place = {"name": f"ur-{time.time_ns()}", "namespace": "kyverno"}
        api_version, kind = UPDATE_REQUEST
        self.cluster.create({"apiVersion": api_version, "kind": kind, "metadata": place, "spec": spec})
        self.cluster.patch_status(*UPDATE_REQUEST, place["name"], {"state": "Pending"}, place["namespace"])

    def grant(self, rules: list[Manifest]) -> None:
        """Let the role have other rules, and wait until Kyverno has them."""
        self.cluster.apply({**self.role, "rules": rules}, force=True)

        def aggregated() -> bool:
            role = self.cluster.get(self.role["apiVersion"], "ClusterRole", "kyverno:background-controller") or {}
            return [rule for rule in role["rules"] if rule["apiGroups"] == ["skupper.io"]] == rules

        self.wait("the role taken up", aggregated)
        time.sleep(0.3)

    def failed(self) -> bool:
        """Tell whether Kyverno has tried and failed, or has given up."""
        requests = self.cluster.find(*UPDATE_REQUEST)
        return not requests or any(request.get("status", {}).get("message") for request in requests)

    def wait(self, what: str, probe: Callable[[], Any]) -> Any:
        return self.cluster.wait_for(what, probe, SOON, 0.02)
