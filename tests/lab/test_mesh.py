"""The mesh stack by both versions of Skupper, on three real control planes with Skupper and MetalLB played.

Proves that the program's objects, in the program's order, make and change the network under the rules that the players
keep; not that Skupper and MetalLB have no others. Every module of `lab/fleet/skupper*` says what it leaves out.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab import engine
from lab.controlplane import free_port, write_private
from lab.fleet.observe_mesh import SeenLink
from lab.mesh import MeshLab
from lab.mesh_scenarios import SCENARIOS, changes_up_to
from tests.mesh import APPLICATION, MESH, NAMESPACE, SKUPPER, Net, secrets_of

REDEMPTIONS = {"links[0].redemption": 2, "links[1].redemption": 2}


@pytest.fixture(scope="module", params=[1, 2], ids=["version 1", "version 2"])
def net(request: pytest.FixtureRequest, mesh: MeshLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    made = Net(mesh, request.param, Path(tmp_path_factory.mktemp("engine")))
    yield made
    engine.destroy("mesh", mesh.kubeconfig, made.folder, say=print)


def test_a_cluster_that_is_away_is_named_and_the_others_are_done(net: Net, tmp_path: Path) -> None:
    """Of three clusters one is always being repaired; its grant must not run out meanwhile."""
    document = yaml.safe_load(net.lab.kubeconfig.read_text())
    (away,) = [found for found in document["clusters"] if found["name"] == "kind-c3"]
    away["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    partly = tmp_path / "kubeconfig"
    write_private(partly, yaml.safe_dump(document))
    with pytest.raises(engine.EngineError) as failed:
        net.up(kubeconfig=partly)
    (line,) = str(failed.value).splitlines()
    assert line.startswith("kind-c3: the cluster cannot be reached:")
    net.wait("c1 and c2 in one network", lambda s: {"c1", "c2"} <= set(s) and s["c1"].network == ("c1", "c2"))
    assert net.cluster("c2").get("apps/v1", "Deployment", APPLICATION, NAMESPACE)
    assert not net.get("c1", "AccessGrant", "c3-c1-1")
    assert not net.cluster("c1").get("v1", "Secret", "c3-c1-1", NAMESPACE)
    again = net.up()
    assert {name.rpartition(" on ")[2] for name in again.created} <= {"kind-c1", "kind-c3"}
    net.wait_linked()


def test_up_again_changes_nothing(net: Net) -> None:
    net.up()
    net.wait_linked()
    again = net.up()
    assert (again.created, again.updated, again.deleted) == ([], [], [])
    assert again.unchanged


def test_the_service_is_where_it_is_reached_with_its_real_port_name(net: Net) -> None:
    """A Route by port name finds nothing if the name is not the one that Skupper gives."""
    net.up()
    seen = net.wait_linked()
    port = "port8080" if net.version == 1 else APPLICATION
    assert seen["c1"].services == {APPLICATION: port}
    # Version 1 gives it to all sites.
    assert seen["c2"].services == ({APPLICATION: port} if net.version == 1 else {})
    routers = net.cluster("c1").get("v1", "Service", "skupper-router", NAMESPACE) or {}
    assert routers["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("172.19.255.2")


def test_a_service_that_somebody_else_made_is_left_and_told_of(net: Net) -> None:
    """Traffic to it would silently go into the network."""
    if net.version == 1:
        pytest.skip("version 1 makes its Services by another way, which is not played")
    net.up()
    spec = {"selector": {"app": "somebody-else"}, "ports": [{"port": 80}]}
    metadata = {"name": APPLICATION, "namespace": NAMESPACE}
    net.cluster("c2").create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    net.up({"application.exposedTo": ["c1", "c2"]})

    def told() -> bool:
        conditions = net.get("c2", "Listener", APPLICATION).get("status", {}).get("conditions", [])
        return any("already exists" in one["message"] and one["status"] == "False" for one in conditions)

    net.cluster("c2").wait_for("the listener's status", told, 60)
    service = net.cluster("c2").get("v1", "Service", APPLICATION, NAMESPACE) or {}
    assert service["spec"]["selector"] == spec["selector"]
    net.cluster("c2").delete("v1", "Service", APPLICATION, NAMESPACE)
    net.wait("Skupper's own", lambda s: APPLICATION in s["c2"].services)
    net.up()


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_scenario_of_the_article_is_a_change_of_the_config(net: Net, number: int) -> None:
    scenario = SCENARIOS[number - 1]
    net.up({path.removeprefix(f"{MESH}."): value for path, value in changes_up_to(number).items()})
    assert net.wait_scenario(scenario)["c1"].network == ("c1", "c2", "c3")


def test_a_cost_that_is_only_written_down_reaches_the_router_of_version_2_alone(net: Net) -> None:
    """Why the program replaces version 1's Secret: `skupper link status` would show a cost that the router has not."""
    net.up()
    net.wait_linked()
    if net.version == 2:
        net.cluster("c2").patch(SKUPPER, "Link", "c2-c1-1", {"spec": {"cost": 7}}, NAMESPACE)
        net.wait("the cost", lambda s: s["c2"].links == (SeenLink("c2-c1-1", "c1", 7),))
    else:
        patch = {"metadata": {"annotations": {"skupper.io/cost": "7"}}}
        net.cluster("c2").patch("v1", "Secret", "c2-c1-1-cost-1", patch, NAMESPACE)
        # A pod that is gone shows that the players have looked since.
        scale = {"spec": {"replicas": 0}}
        net.cluster("c2").patch("apps/v1", "Deployment", APPLICATION, scale, NAMESPACE, subresource="scale")
        seen = net.wait("another look", lambda s: s["c2"].pods[APPLICATION] == 0)
        assert seen["c2"].links == (SeenLink("c2-c1-1-cost-1", "c1", 1),)
        net.cluster("c2").delete("v1", "Secret", "c2-c1-1-cost-1", NAMESPACE)
        net.cluster("c2").delete("apps/v1", "Deployment", APPLICATION, NAMESPACE)
    # The program has it its way again.
    net.up()
    net.wait("the cost", lambda s: [(k.to, k.cost) for k in s["c2"].links] == [("c1", 1)])


def test_a_link_is_removed_and_made_again(net: Net) -> None:
    net.up()
    net.wait_linked()
    # Without the link nobody would reach the pods there, which the settings refuse.
    removed = net.up({"links[1]": None, "clusters[2].replicas": None})
    assert f"Deployment {NAMESPACE}/{APPLICATION} on kind-c3" in removed.deleted
    seen = net.wait("c3 alone", lambda s: s["c3"].network == ("c3",) and not s["c3"].links)
    assert seen["c1"].network == ("c1", "c2")
    assert not net.cluster("c3").find("v1", "Secret", NAMESPACE, "skupper.io/type=connection-token")
    assert net.version == 1 or not net.get("c3", "Link", "c3-c1-1")
    net.up()
    net.wait_linked()


def test_a_link_made_anew_has_a_new_credential(net: Net) -> None:
    net.up()
    net.wait_linked()
    before = credentials(net, "c2")
    net.up({"links[0].redemption": 2})
    net.wait("the new link alone", lambda s: [k.to for k in s["c2"].links] == ["c1"])
    after = credentials(net, "c2")
    assert before
    assert after
    assert not before & after


@pytest.mark.parametrize("name", ["c1", "c2"])
def test_a_site_made_again_is_linked_again_with_new_credentials(net: Net, name: str) -> None:
    """A site's identity is its object: the links of the old one are lost for good."""
    net.up()
    net.wait_linked()
    before = credentials(net, "c2")
    net.cluster(name).delete(*net.site(name), NAMESPACE)
    net.wait("the site gone", lambda s: name not in s)
    gone = lambda: not net.cluster(name).get("v1", "ConfigMap", "played-router", NAMESPACE)  # noqa: E731
    net.cluster(name).wait_for("its router gone", gone)
    net.up(REDEMPTIONS)
    net.wait_linked()
    assert not before & credentials(net, "c2")


def test_pods_that_are_gone_are_withdrawn_and_come_back(net: Net) -> None:
    net.up()
    net.wait_linked()
    net.up({"clusters[1].replicas": 0, "clusters[2].replicas": 0})
    net.wait("no pods", lambda s: not any(s[c].pods.get(APPLICATION) for c in ("c2", "c3")))
    if net.version == 2:
        matched = lambda: net.get("c1", "Listener", APPLICATION)["status"]["hasMatchingConnector"]  # noqa: E731
        net.cluster("c1").wait_for("no matching connector", lambda: not matched())
        assert net.get("c2", "Connector", APPLICATION)["status"]["message"] == "No pods match selector"
    net.up()
    net.wait("pods", lambda s: all(s[c].pods.get(APPLICATION) == 1 for c in ("c2", "c3")))
    if net.version == 2:
        net.cluster("c1").wait_for("a matching connector", matched)


def test_keys_and_codes_are_nowhere_but_where_skupper_keeps_them(net: Net) -> None:
    """A key is in Secrets alone. A code is where Skupper itself puts it: in the grant's status and the token's spec."""
    net.up()
    net.wait_linked()
    keys, codes, elsewhere = secrets_of(net)
    assert len(keys) >= 6
    assert len(codes) == (0 if net.version == 1 else 2)
    written = [path.read_text(errors="ignore") for path in net.folder.rglob("*") if path.is_file()]
    everything = "\n".join([*elsewhere, *written, *net.told])
    assert [text for text in keys | codes if text in everything] == []


def credentials(net: Net, name: str) -> set[str]:
    """Return the private keys of a cluster's links."""
    found = net.cluster(name).find("v1", "Secret", NAMESPACE)
    return {s["data"]["tls.key"] for s in found if s["metadata"]["name"].startswith("c2-c1-")}


def test_version_1_and_2_differ_in_one_key(net: Net) -> None:
    other = Net(net.lab, 3 - net.version, net.folder)
    ours, theirs = net.config({}), other.config({})
    assert [key for key in ours if ours[key] != theirs[key]] == ["spillway:mesh.version"]
    assert set(ours) == set(theirs)
    contexts = yaml.safe_load(net.lab.kubeconfig.read_text())["contexts"]
    assert [found["name"] for found in contexts] == ["kind-c1", "kind-c2", "kind-c3"]
