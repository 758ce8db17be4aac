"""The mesh stack on its lab, in one version of Skupper."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab import engine
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import ControlPlane
from lab.fleet.observe_mesh import SeenSite, sites
from lab.kyverno import Kyverno
from lab.mesh import PLAYED, STACK, MeshLab
from lab.mesh_scenarios import Scenario

FACTOR = 200
NAMESPACE, APPLICATION = "interconnect", "sample-spring-kotlin-microservice"
SKUPPER = "skupper.io/v2alpha1"
MESH = "spillway:mesh"
CLUSTERS = ("c1", "c2", "c3")
KINDS = ("Site", "AccessGrant", "AccessToken", "Link", "Connector", "Listener", "MultiKeyListener")
# Weights that follow the pods, kept by a Kyverno that is there.
BY_PODS: dict[str, Any] = {"application.balance": "pods", "kyverno.install": "existing"}


def key(cluster: str) -> str:
    """Return the routing key of a cluster's pods, where the weights tell clusters apart."""
    return f"{APPLICATION}.{cluster}"


class Net:
    """What a test does with the stack and sees of the network.

    Args:
        lab: the control planes; the player runs.
        version: of Skupper.
        folder: the engine's.
    """

    def __init__(self, lab: MeshLab, version: int, folder: Path):
        self.lab = lab
        self.version = version
        self.folder = folder
        self.told: list[str] = []

    def config(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return what differs from the shipped stack file: what the lab plays, the version, and the changes."""
        own = {f"{MESH}.{path}": value for path, value in changes.items()}
        # The lab is thrown away as a whole.
        return {**PLAYED, f"{MESH}.protect": False, f"{MESH}.version": self.version, **own}

    def up(self, changes: dict[str, Any] | None = None, kubeconfig: Path | None = None) -> engine.Result:
        """Bring the stack up, by the lab's kubeconfig or by another one."""
        config = self.config(changes or {})
        return engine.up(STACK, kubeconfig or self.lab.kubeconfig, self.folder, say=self.say, overrides=config)

    def say(self, line: str) -> None:
        """Remember what was told."""
        self.told.append(line)
        print(line)

    def cluster(self, name: str) -> Cluster:
        """Return c1, c2 or c3."""
        return self.lab.cluster(f"kind-{name}")

    def get(self, name: str, kind: str, what: str) -> Manifest:
        """Return an object of version 2, empty if it is not there."""
        return self.cluster(name).get(SKUPPER, kind, what, NAMESPACE) or {}

    def seen(self, names: Sequence[str] = CLUSTERS) -> dict[str, SeenSite]:
        """Return the sites as they are now, in some of the clusters."""
        return sites({name: self.cluster(name) for name in names}, FACTOR)

    def wait(
        self, what: str, good: Callable[[dict[str, SeenSite]], object], names: Sequence[str] = CLUSTERS
    ) -> dict[str, SeenSite]:
        """Wait until the network is as wanted, in some of the clusters."""

        def probe() -> dict[str, SeenSite] | None:
            found = self.seen(names)
            return found if good(found) else None

        return self.cluster("c1").wait_for(what, probe, 60, interval=0.3)

    def wait_linked(self) -> dict[str, SeenSite]:
        """Wait until all three sites are in one network."""
        return self.wait("one network", lambda s: len(s) == 3 and all(len(x.network) == 3 for x in s.values()))

    def wait_scenario(self, scenario: Scenario) -> dict[str, SeenSite]:
        """Wait until pods and links are as a scenario of the article has them."""

        def good(seen: dict[str, SeenSite]) -> bool:
            pods = tuple(seen[c].pods.get(APPLICATION, 0) for c in ("c2", "c3"))
            costs = tuple(link.cost for c in ("c2", "c3") for link in seen[c].links if link.to == "c1")
            return (pods, costs) == (scenario.pods, scenario.costs)

        return self.wait(scenario.title, good)

    def wait_weights(self, pods: Mapping[str, int]) -> None:
        """Wait until the weights are the pods by cluster; a cluster without pods has none."""
        wanted = {key(cluster): count for cluster, count in pods.items() if count}
        self.cluster("c1").wait_for(f"{wanted}", lambda: self.weights() == wanted, 60, 0.02)

    def weights(self) -> dict[str, int]:
        """Return the weights of the application's listener on c1."""
        return self.get("c1", "MultiKeyListener", APPLICATION)["spec"]["strategy"]["weighted"]["routingKeys"]

    def site(self, name: str) -> tuple[str, str, str]:
        """Return apiVersion, kind and name of a cluster's site."""
        return ("v1", "ConfigMap", "skupper-site") if self.version == 1 else (SKUPPER, "Site", name)


def kyverno_on_c1(lab: MeshLab) -> None:
    """Install a real Kyverno on c1, which runs until the tests end."""
    kyverno = Kyverno(ControlPlane(lab.folder / "kind-c1", ensure(lab.say), tied=True))
    kyverno.install()
    kyverno.start()


def secrets_of(net: Net) -> tuple[set[str], set[str], list[str]]:
    """Return all private keys (encoded and plain), all codes, and all objects without what may hold these."""
    keys: set[str] = set()
    codes: set[str] = set()
    elsewhere: list[str] = []
    kinds = [("v1", k) for k in ("Secret", "ConfigMap", "Service", "Pod", "Event")] + [("apps/v1", "Deployment")]
    kinds += [(SKUPPER, k) for k in KINDS]
    for name in CLUSTERS:
        for api, kind in kinds:
            for found in net.cluster(name).find(api, kind):
                if kind == "Secret":
                    key = (found.pop("data", None) or {}).get("tls.key")
                    keys |= {key, base64.b64decode(key).decode()} if key else set()
                if kind == "AccessGrant":
                    codes.add(found["status"].pop("code"))
                if kind == "AccessToken":
                    codes.add(found["spec"].pop("code"))
                elsewhere.append(json.dumps(found))
    return keys, codes, elsewhere
