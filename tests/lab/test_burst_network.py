"""The hub stack and a pool's cluster in one Skupper network, by both versions, on the way that Hive takes.

The stack is the program's, brought up on the lab; the cluster has an API server of its own, to which the played Hive
brings what the SelectorSyncSet says, and the played Skupper on both sides does the rest. The test plays Argo CD. Proves
that what the program writes is enough for a network and for a resumed cluster to come back to it; not that the real
Hive and Skupper keep no further rules.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from components.burst_workload import burst_manifests
from lab import engine
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import PARTS
from lab.fleet.objects import HIVE
from lab.fleet.observe import clusters
from lab.fleet.observe_network import Member, network, served_elsewhere
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from lab.spokes import Spokes
from preview.recording import ROOT
from preview.stack_settings import read_settings
from tests.unit.stack_configs import SECRETS

STACK, POOL, PLACE = "lab", "aws", "interconnect"
# Half a minute takes a fortieth of a second.
FACTOR, TIMINGS = 1200, Timings(install=600)
SKUPPER = "skupper.io/v2alpha1"
VERSION = {
    1: {},
    2: {"spillway:interconnect.version": 2, "spillway:hub.operators.skupper.channel": "stable-2.2"},
}
# Another pool, without clusters; the first one's cluster runs, until the test hibernates it. Its API server takes ten
# seconds to start again: three hours of the time that is played.
WEST = {"name": "west", "region": "us-west-2", "baseDomain": "example.com", "releaseImage": "quay.io/o/r:4.18.1"}
AWS = {"spillway:pools[0].running": 1, "spillway:pools[0].maxSize": 1, "spillway:pools[0].resumeTimeout": "24h"}
CHANGES = {**AWS, "spillway:pools[1]": {**WEST, "size": 0, "maxSize": 1}}


class Burst:
    """The stack, and the one cluster of its first pool."""

    def __init__(self, version: Literal[1, 2], hub: Cluster, spokes: Spokes, folder: Path, told: list[str]):
        self.version, self.hub, self.spokes, self.folder, self.told = version, hub, spokes, folder, told
        self.workload = read_settings(STACK, ROOT).workload

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
        return cluster.get("v1", "Secret", f"token-req-{pool}", PLACE) or {}

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
    overrides = {**CHANGES, **VERSION[request.param]}
    try:
        engine.up(STACK, lab.kubeconfig, folder, say=said.append, overrides=overrides, secrets=SECRETS)
        yield Burst(request.param, lab.cluster, spokes, folder, said)
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
    encoded = burst.credential(burst.hub)["data"]["tls.key"]
    kinds = [(HIVE, "SelectorSyncSet"), (HIVE, "ClusterDeployment"), ("v1", "ConfigMap"), ("v1", "Event")]
    kinds += [("hiveinternal.openshift.io/v1alpha1", "ClusterSync")]
    kinds += [(SKUPPER, kind) for kind in ("Site", "Certificate", "Link")] if burst.version == 2 else []
    shown = [json.dumps(found) for api, kind in kinds for found in burst.hub.find(api, kind)]
    written = [path.read_text(errors="ignore") for path in burst.folder.glob("inventory-*")]
    everything = "\n".join([*shown, *written, *burst.told])
    assert "token-req-aws" in everything
    assert [key for key in (encoded, base64.b64decode(encoded).decode()) if key in everything] == []


def test_each_pool_has_a_credential_of_its_own_and_its_clusters_get_no_other(burst: Burst) -> None:
    burst.linked()
    west = burst.wait("the other pool's", lambda: burst.credential(burst.hub, "west").get("data"))
    assert west["tls.key"] != burst.credential(burst.hub)["data"]["tls.key"]
    assert burst.credential(burst.cluster, "west") == {}


def test_the_route_leads_to_a_port_that_the_service_has(burst: Burst) -> None:
    """OpenShift's router finds nothing for a port by a name that Skupper does not give, and says nothing."""
    replicas = 2
    for manifest in burst_manifests(burst.workload, replicas, burst.version):
        burst.cluster.apply(manifest)
    burst.wait("its pods in the network", lambda: served_elsewhere(burst.members()) == replicas)
    route = burst.hub.get("route.openshift.io/v1", "Route", burst.workload.name, PLACE) or {}
    service = burst.hub.get("v1", "Service", route["spec"]["to"]["name"], PLACE) or {}
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert ports == {route["spec"]["port"]["targetPort"]: burst.workload.port}
    # To Skupper's router, and so to the pods of both clusters.
    assert service["spec"]["selector"] == {"skupper.io/component": "router"}


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
