"""What the interconnect's components refuse by themselves, whoever composes them."""

from pathlib import Path

import pytest

from preview.recording import Recording, record

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes

from components.advanced_cluster_management import AdvancedClusterManagement
from components.interconnect_sync import InterconnectSync
from components.kyverno import Kyverno
from components.operator import Operator, Package
from components.skupper_link import LinkEnd, SkupperLink
from components.skupper_service import ServiceArgs, SkupperService
from components.skupper_site import SiteArgs, SkupperSite
from components.skupper_weights import SkupperWeights
from settings import Interconnect, MultiClusterHub, MeshLink, Operators, Pool
from settings import Kyverno as KyvernoSettings

provider = kubernetes.Provider("p", context="c")
opts = pulumi.ResourceOptions(provider=provider)


def site(name, **args):
    return SkupperSite(name, SiteArgs(**{"version": 2, "name": name, "namespace": "n", **args}), after=[], opts=opts)


def link(accepting, linking):
    ends = {"accepting": LinkEnd(accepting, provider), "linking": LinkEnd(linking, provider, provider)}
    SkupperLink("b-a", MeshLink(**{"from": "b", "to": "a", "cost": 1}), **ends)


def service(**args):
    given = ServiceArgs(**{"name": "s", "port": 80, "serves": False, "routing_key": "s", "reached": True, **args})
    return SkupperService("s", given, site=site("a"), after=[], opts=opts)


def sync(version, hubs):
    operator = Operator("o", Package("acm", "acm", own_namespace=True), Operators().acm, opts=opts)
    acm = AdvancedClusterManagement("acm", MultiClusterHub(), operator=operator, opts=opts)
    pool = Pool(name="p", region="us-east-1", base_domain="a.example", release_image="q.example/a:1", size=1, max_size=2)
    interconnect = Interconnect(version=version, namespace="n")
    skupper = Operators().gitops
    others = {"skupper": skupper, "cluster_set": "s", "acm": acm, "site": site("a", version=hubs)}
    InterconnectSync("i", interconnect, pool=pool, opts=opts, **others)


def weights(**args):
    SkupperWeights("w", service=service(**args), kyverno=Kyverno("k", KyvernoSettings(install="existing")), opts=opts)


"""


def run(root: Path, line: str) -> Recording:
    (root / "__main__.py").write_text(f"{PROGRAM}{line}\n")
    (root / "Pulumi.t.yaml").write_text("config: {}\n")
    return record("t", root=root)


def test_sites_of_different_versions_are_not_linked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sites of version 1 and 2 cannot talk to each other"):
        run(tmp_path, 'link(site("a", version=1), site("b"))')
    assert run(tmp_path, 'link(site("a"), site("b", access="none"))').of_type("spillway:index:SkupperLink")


@pytest.mark.parametrize(("version", "hubs"), [(1, 2), (2, 1)])
def test_burst_clusters_have_the_version_of_the_hub(tmp_path: Path, version: int, hubs: int) -> None:
    with pytest.raises(ValueError, match=f"sites of version {version} and {hubs} cannot talk to each other"):
        run(tmp_path, f"sync({version}, {hubs})")
    assert run(tmp_path, f"sync({hubs}, {hubs})").of_type("spillway:index:InterconnectSync")


@pytest.mark.parametrize("args", ["", 'weights={"s.a": 1}, reached=False'])
def test_without_a_weighted_listener_there_are_no_weights_to_keep(tmp_path: Path, args: str) -> None:
    with pytest.raises(ValueError, match="the service is not reached here by weights"):
        run(tmp_path, f"weights({args})")
    assert run(tmp_path, 'weights(weights={"s.a": 1})').of_type("spillway:index:SkupperWeights")


def test_a_listener_has_one_strategy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="weights or a priority, not both"):
        run(tmp_path, 'service(weights={"s.a": 1}, priority=("s.a",))')
