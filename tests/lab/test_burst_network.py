"""The hub stack and a pool's cluster in one Skupper network, by both versions, on the way that Hive takes.

The stack is the program's, brought up on the lab; the cluster has an API server of its own, to which the played Hive
brings what the SelectorSyncSet says, the real Argo CD brings what `make gitops` renders for that version, and the
played Skupper on both sides does the rest. Proves that what the program writes is enough for a network, for a burst
over it, and for a resumed cluster to come back to it; not that the real Hive and Skupper keep no further rules.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.interconnect_sync import credential_name
from lab import engine
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import PARTS
from lab.demo import REPOSITORY, await_generator, traces
from lab.fleet.objects import HIVE
from lab.fleet.observe import clusters
from lab.fleet.observe_mesh import sites
from lab.fleet.observe_network import Member, network, served_elsewhere
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from lab.repository import Repository
from lab.spokes import Spokes
from preview.gitops import stack_files
from preview.recording import ROOT
from preview.stack_settings import read_settings
from tests.unit.stack_configs import SECRETS, WEST

STACK, POOL, PLACE = "lab", "aws", "interconnect"
# Half a minute takes a fortieth of a second.
FACTOR, TIMINGS = 1200, Timings(install=600)
SKUPPER = "skupper.io/v2alpha1"
# Another pool, without clusters; the first one's cluster runs, until a test hibernates it. Its API server takes ten
# seconds to start again: three hours of the time that is played. Argo CD takes as long as it does, and a burst lasts
# until the test ends it.
LONG = "2400h"
AWS = {
    "spillway:pools[0].running": 1,
    "spillway:pools[0].maxSize": 1,
    "spillway:pools[0].resumeTimeout": "24h",
    "spillway:pools[0].claimLifetime": {"default": LONG, "maximum": LONG},
    "spillway:bursts[0].lifetime": LONG,
}
CHANGES: dict[str, Any] = {**AWS, "spillway:pools[1]": {**WEST, "size": 0, "maxSize": 1}}


class Burst:
    """The stack, and the one cluster of its first pool."""

    def __init__(self, config: dict[str, Any], lab: Hub, spokes: Spokes, folder: Path, told: list[str]):
        self.hub, self.spokes, self.folder, self.told = lab.cluster, spokes, folder, told
        self._config, self._kubeconfig = config, lab.kubeconfig
        self.settings = settings = read_settings(STACK, ROOT, config)
        self.version, self.workload, self.tier = settings.interconnect.version, settings.workload, settings.bursts[0]
        self.delivered = stack_files(STACK, settings)

    def up(self, changes: dict[str, Any] | None = None) -> None:
        """Bring the stack up, with changes of its config."""
        config = {**self._config, **(changes or {})}
        engine.up(STACK, self._kubeconfig, self.folder, say=self.told.append, overrides=config, secrets=SECRETS)

    def costs(self) -> list[int]:
        """Return the costs of the links to the hub, as the cluster's router has them."""
        seen = sites({"hub": self.hub, "burst": self.cluster}, FACTOR)
        return [found.cost for found in seen["burst"].links if found.to == seen["hub"].name]

    @property
    def name(self) -> str:
        """The name of the pool's cluster."""
        (found,) = clusters(self.hub)
        return found.name

    @property
    def cluster(self) -> Cluster:
        """The pool's cluster, which must run."""
        found = self.spokes.spoke(self.name)
        assert found
        return found

    def members(self) -> list[Member]:
        return network(self.hub, PLACE)

    def linked(self) -> list[Member]:
        """Wait until the cluster is in the hub's network."""
        return self.wait("one network", lambda: len(found := self.members()) == 2 and found)

    def credential(self, cluster: Cluster, pool: str = POOL) -> Manifest:
        return cluster.get("v1", "Secret", credential_name(self.settings.interconnect, pool), PLACE) or {}

    def scale(self, replicas: int) -> None:
        """Do what the autoscaler does."""
        patch = {"spec": {"replicas": replicas}}
        self.hub.patch("apps/v1", "Deployment", self.workload.name, patch, PLACE, subresource="scale")

    def hibernate(self, *, on: bool) -> None:
        """Let the pool keep its standby hibernated or running, and wait for that."""
        self.hub.patch(HIVE, "ClusterPool", POOL, {"spec": {"runningCount": int(not on)}}, POOL)
        state = "Hibernating" if on else "Running"
        self.wait(state, lambda: [seen.state for seen in clusters(self.hub)] == [state])

    def wait(self, what: str, probe: Any) -> Any:
        return self.hub.wait_for(f"{what} (network: {self.members()})", probe, 90, interval=0.2)


@pytest.fixture(scope="module", params=[1, 2], ids=["version 1", "version 2"])
def burst(request: pytest.FixtureRequest, lab: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Burst]:
    folder, said = Path(tmp_path_factory.mktemp("burst")), list[str]()
    spokes = Spokes(folder, ensure(print, PARTS), tied=True, say=said.append)
    fleet = Fleet(lab.kubeconfig, FACTOR, said.append, TIMINGS, spokes=spokes.spoke, settle=spokes.settle)
    fleet.start()
    repository = Repository(folder / "gitops.git")
    overrides = {**CHANGES, REPOSITORY: repository.url, "spillway:interconnect.version": request.param}
    made = Burst(overrides, lab, spokes, folder, said)
    repository.publish_files(made.delivered, f"gitops/{STACK}")
    try:
        lab.kyverno.start()
        lab.argocd.start()
        made.up()
        await_generator(lab.cluster)
        yield made
    finally:
        engine.destroy(STACK, lab.kubeconfig, folder, say=said.append)
        fleet.stop()
        spokes.stop_all()
        print("\n".join(said))
    assert not [line for line in said if "Traceback" in line]


def test_a_cluster_is_linked_by_what_hive_brings_before_anybody_claims_it(burst: Burst) -> None:
    burst.linked()
    (seen,) = clusters(burst.hub)
    assert (seen.pool, seen.claim) == (POOL, None)
    on_hub, on_cluster = burst.credential(burst.hub), burst.credential(burst.cluster)
    assert on_cluster["data"] == on_hub["data"]
    # The name and cost of the link are the program's.
    if burst.version == 2:
        link = burst.cluster.get(SKUPPER, "Link", "hub", PLACE) or {}
        assert (link["spec"]["cost"], link["status"]["remoteSiteName"]) == (1, "hub")
    else:
        assert on_cluster["metadata"]["annotations"]["skupper.io/cost"] == "1"


def test_the_key_of_a_link_is_in_secrets_alone(burst: Burst) -> None:
    """The article has it in git."""
    burst.linked()
    spoke = burst.cluster
    kept = [burst.credential(burst.hub, pool)["data"]["tls.key"] for pool in (POOL, WEST["name"])]
    keys = [text for key in kept for text in (key, base64.b64decode(key).decode())]
    kinds = [(HIVE, "SelectorSyncSet"), (HIVE, "ClusterDeployment"), ("v1", "ConfigMap"), ("v1", "Event")]
    kinds += [("hiveinternal.openshift.io/v1alpha1", "ClusterSync")]
    kinds += [(SKUPPER, kind) for kind in ("Site", "Certificate", "Link")] if burst.version == 2 else []
    shown = [json.dumps(found) for api, kind in kinds for found in burst.hub.find(api, kind)]
    there = [("v1", "ConfigMap"), ("v1", "Event"), ("v1", "Pod"), ("apps/v1", "Deployment")]
    there += [(SKUPPER, kind) for kind in ("Site", "Link")] if burst.version == 2 else []
    shown += [json.dumps(found) for api, kind in there for found in spoke.find(api, kind)]
    # The inventory of the engine, and the logs of the cluster; not etcd, where Secrets are.
    files = [path for pattern in ("inventory-*", "**/*.log") for path in burst.folder.glob(pattern)]
    written = [path.read_text(errors="ignore") for path in files]
    assert any(path.suffix == ".log" for path in files)
    everything = "\n".join([*shown, *written, *burst.delivered.values(), *burst.told])
    assert "token-req-aws" in everything
    assert [key for key in keys if key in everything] == []


def test_each_pool_has_a_credential_of_its_own_and_its_clusters_get_no_other(burst: Burst) -> None:
    burst.linked()
    west = burst.wait("the other pool's", lambda: burst.credential(burst.hub, "west").get("data"))
    assert west["tls.key"] != burst.credential(burst.hub)["data"]["tls.key"]
    assert burst.credential(burst.cluster, "west") == {}


def test_the_route_leads_to_a_port_that_the_service_has(burst: Burst) -> None:
    """OpenShift's router finds nothing for a port by a name that Skupper does not give, and says nothing."""
    found = lambda: burst.hub.get("v1", "Service", burst.workload.name, PLACE)  # noqa: E731
    service = burst.wait("the Service", found)
    route = burst.hub.get("route.openshift.io/v1", "Route", burst.workload.name, PLACE) or {}
    assert route["spec"]["to"]["name"] == burst.workload.name
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert ports == {route["spec"]["port"]["targetPort"]: burst.workload.port}
    # To Skupper's router, and so to the pods of both clusters.
    assert service["spec"]["selector"] == {"skupper.io/component": "router"}


def test_another_cost_reaches_the_link_of_a_cluster_that_is_there(burst: Burst) -> None:
    """Skupper 1 has the cost on the credential, and never looks at one that it has: a new cost is a new credential."""
    burst.linked()
    burst.up({"spillway:interconnect.cost": 3})
    burst.wait("the cost", lambda: burst.costs() == [3])
    burst.linked()
    burst.up()
    burst.wait("the shipped cost", lambda: burst.costs() == [1])


def test_a_resumed_standby_comes_back_with_the_credential_that_it_has(burst: Burst) -> None:
    burst.linked()
    given, here = burst.credential(burst.hub), burst.credential(burst.cluster)
    burst.hibernate(on=True)
    burst.wait("the hub alone", lambda: [member.own for member in burst.members()] == [True])
    burst.hibernate(on=False)
    burst.linked()
    assert burst.credential(burst.hub)["metadata"]["uid"] == given["metadata"]["uid"]
    again = burst.credential(burst.cluster)
    assert (again["metadata"]["uid"], again["data"]) == (here["metadata"]["uid"], here["data"])


def test_a_burst_is_carried_by_the_pods_of_both_clusters_and_nothing_of_it_is_left(burst: Burst) -> None:
    """What each version brings in its own way has to fit together: site, credential, application and its exposure."""
    burst.linked()
    name, up = burst.name, burst.tier.claim_at + 1
    burst.scale(up)
    pods = lambda: {member.own: sum(member.pods.values()) for member in burst.members()}  # noqa: E731
    burst.wait("the pods of both", lambda: pods() == {True: up, False: burst.tier.replicas})
    (seen,) = clusters(burst.hub)
    assert (seen.name, seen.claim) == (name, "aws-burst-a")
    application = burst.hub.get("argoproj.io/v1alpha1", "Application", f"cluster-init-{name}", "openshift-gitops") or {}
    assert application["spec"]["source"]["path"] == f"gitops/{STACK}/{POOL}"
    assert {one["kind"] for one in application["status"]["resources"]} == (
        {"Deployment", "Route"} if burst.version == 1 else {"Deployment", "Connector"}
    )
    burst.scale(burst.tier.release_at)
    burst.wait(f"nothing of {name}", lambda: not traces(burst.hub, burst.spokes, name))
    burst.wait("the hub's pods alone", lambda: served_elsewhere(burst.members()) == 0)
