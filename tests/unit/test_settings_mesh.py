"""Every mistake in a mesh stack's config is told at once, each with its path, what is allowed and how to mend it."""

import copy
import ipaddress
import json
import shlex
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from settings import SettingsError, load_mesh
from settings.addresses import parse_range
from tests.unit.stack_configs import PLANTED, config
from tests.unit.test_settings_mutated import mutate

Changes = dict[str, Any]
MESH = "spillway:mesh"


def mistakes(changes: Changes) -> dict[str, str]:
    raw, _ = config(changes, "mesh")
    with pytest.raises(SettingsError) as caught:
        load_mesh(raw, "mesh")
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


def test_the_shipped_stack_loads() -> None:
    mesh = load_mesh(config(stack="mesh")[0], "mesh").mesh
    assert [cluster.context for cluster in mesh.clusters] == ["kind-c1", "kind-c2", "kind-c3"]
    assert [(link.from_, link.to, link.cost, link.expiry) for link in mesh.links] == [
        ("c2", "c1", 1, "15m0s"),
        ("c3", "c1", 1, "15m0s"),
    ]
    assert mesh.release == "2.2.1"


def test_one_key_changes_the_version_and_the_release_follows() -> None:
    assert load_mesh(config({f"{MESH}.version": 1}, "mesh")[0], "mesh").mesh.release == "1.9.6"


C1_ALONE: Changes = {f"{MESH}.links": [], f"{MESH}.clusters[1].replicas": None, f"{MESH}.clusters[2].replicas": None}
FOURTH = {"name": "c4", "context": "kind-c4", "replicas": 1}
TABLE: list[tuple[str, Changes, str, str, str]] = [
    ("cost zero", {f"{MESH}.links[0].cost": 0}, "links[0].cost", "greater than or equal to 1", "1"),
    ("cost beyond the router's", {f"{MESH}.links[0].cost": 2**31}, "links[0].cost", "2147483647", "1"),
    ("no cost", {f"{MESH}.links[0].cost": None}, "links[0].cost", "is missing", "1"),
    ("cost as text", {f"{MESH}.links[0].cost": "2"}, "links[0].cost", "valid integer", "1"),
    ("link to itself", {f"{MESH}.links[0].to": "c2"}, "links[0]", "linked to itself", "pulumi config rm"),
    ("pair twice", {f"{MESH}.links[1]": {"from": "c2", "to": "c1", "cost": 3}}, "links[1]", "linked already", "pulumi config rm"),
    ("pair the other way", {f"{MESH}.links[1]": {"from": "c1", "to": "c2", "cost": 3}}, "links[1]", "linked already", "pulumi config rm"),
    ("unknown end", {f"{MESH}.links[0].to": "c9"}, "links[0].to", "there is no cluster 'c9'", "c1"),
    ("unknown start", {f"{MESH}.links[0].from": "c9"}, "links[0].from", "one of c1, c2, c3", "c1"),
    ("no ingress", {f"{MESH}.clusters[0].access": "none"}, "clusters[0].access", "where a link ends", "loadbalancer"),
    ("edge accepts", {f"{MESH}.clusters[0].edge": True, f"{MESH}.clusters[0].access": "none"}, "clusters[0].edge", "edge sites accept no links", "false"),
    ("edge with ingress", {f"{MESH}.clusters[1].edge": True, f"{MESH}.clusters[1].access": "route"}, "clusters[1].access", "edge sites accept no links", "none"),
    ("cost on an edge site", {f"{MESH}.clusters[1].edge": True, f"{MESH}.links[0].cost": 4}, "links[0].cost", "ignores the cost", "1"),
    ("bad access", {f"{MESH}.clusters[0].access": "tunnel"}, "clusters[0].access", "'loadbalancer'", "none"),
    ("two of a name", {f"{MESH}.clusters[2].name": "c2"}, "clusters[2].name", "there already", "c2-2"),
    ("two of a context", {f"{MESH}.clusters[2].context": "kind-c2"}, "clusters[2].context", "the same site", "kind-c2-2"),
    ("pool overlaps another cluster's", {f"{MESH}.clusters[1].addresses": ["172.19.255.250-172.19.255.252"]}, "clusters[1].addresses[0]", "overlaps 172.19.255.200-172.19.255.250 of c1", "pulumi config rm"),
    ("pool overlaps by CIDR", {f"{MESH}.clusters[1].addresses": ["172.19.255.0/24"]}, "clusters[1].addresses[0]", "of c1", "pulumi config rm"),
    ("pool overlaps itself", {f"{MESH}.clusters[0].addresses": ["10.0.0.0/24", "10.0.0.9-10.0.1.2"]}, "clusters[0].addresses[1]", "of c1", "pulumi config rm"),
    ("pool of the nodes", {f"{MESH}.nodeAddresses": ["172.19.0.0/16"]}, "clusters[0].addresses[0]", "that no node has", "pulumi config rm"),
    ("one address", {f"{MESH}.clusters[0].addresses": ["172.19.255.200/32"]}, "clusters[0].addresses", "at least 2", "pulumi config rm"),
    ("range backwards", {f"{MESH}.clusters[0].addresses": ["172.19.255.250-172.19.255.200"]}, "clusters[0].addresses[0]", "a CIDR such as", "172.18.255.200-172.18.255.250"),
    ("host bits", {f"{MESH}.clusters[0].addresses": ["172.19.255.1/24"]}, "clusters[0].addresses[0]", "a CIDR such as", "172.18.255.200"),
    ("mixed families", {f"{MESH}.clusters[0].addresses": ["10.0.0.1-fd00::1"]}, "clusters[0].addresses[0]", "a CIDR such as", "172.18.255.200"),
    ("release of the other version", {f"{MESH}.controller": {"release": "1.9.6"}}, "controller.release", "cannot talk", "2.2.1"),
    ("release without mutable cost", {f"{MESH}.controller": {"release": "2.1.4"}}, "controller.release", "2.2.0 or newer", "2.2.1"),
    ("operator of the other version", {f"{MESH}.controller": {"operator": {"channel": "stable-1.9"}}}, "controller.operator.channel", "cannot talk", "stable-2.2"),
    ("operator by a channel of both", {f"{MESH}.controller": {"operator": {"channel": "alpha"}}}, "controller.operator.channel", "cannot talk", "stable-2.2"),
    ("operator without mutable cost", {f"{MESH}.controller": {"operator": {"channel": "stable-2.1"}}}, "controller.operator.channel", "stable-2.2 or newer", "stable-2.2"),
    ("operator pinned to the other version", {f"{MESH}.controller": {"operator": {"channel": "stable-2.2", "startingCsv": "skupper-operator.v1.9.6"}}}, "controller.operator.startingCsv", "of version 2", "skupper-operator.v2"),
    ("operator approved by nobody", {f"{MESH}.controller": {"operator": {"channel": "stable-2.2", "approval": "Manual"}}}, "controller.operator.startingCsv", "nothing else is installed", "skupper-operator.v2.2.1"),
    ("weights in version 1", {f"{MESH}.version": 1, f"{MESH}.application.balance": "pods"}, "application.balance", "no weights", "connections"),
    ("chart of no version", {f"{MESH}.application.balance": "pods", f"{MESH}.kyverno": {"install": "chart"}}, "kyverno.version", "is pinned", "3.9.1"),
    ("priority in version 1", {f"{MESH}.version": 1, f"{MESH}.application.balance": "priority"}, "application.balance", "no priorities", "connections"),
    ("host of the router's Service", {f"{MESH}.application.name": "skupper-router"}, "application.name", "Skupper has Services called so", "my-skupper-router"),
    ("host of Skupper's Service", {f"{MESH}.application.name": "skupper"}, "application.name", "Skupper has Services called so", "my-skupper"),
    ("controller's namespace", {f"{MESH}.namespace": "skupper"}, "namespace", "is another's", "interconnect"),
    ("MetalLB's namespace", {f"{MESH}.namespace": "lb", f"{MESH}.metalLB": {"namespace": "lb"}}, "namespace", "is another's", "interconnect"),
    ("namespace of the cluster", {f"{MESH}.namespace": "kube-system"}, "namespace", "is another's", "interconnect"),
    ("exposed to nobody", {f"{MESH}.application.exposedTo": []}, "application.exposedTo", "at least 1", "c1"),
    ("exposed elsewhere", {f"{MESH}.application.exposedTo": ["c9"]}, "application.exposedTo[0]", "there is no cluster 'c9'", "c1"),
    ("exposed twice", {f"{MESH}.application.exposedTo": ["c1", "c1"]}, "application.exposedTo[1]", "twice", "pulumi config rm"),
    ("nobody runs it", C1_ALONE, "clusters[0].replicas", "no cluster has replicas", "1"),
    ("no way to the pods", {f"{MESH}.links[1]": None}, "clusters[2].replicas", "no link leads from c1", "pulumi config rm"),
    ("a fourth cluster alone", {f"{MESH}.clusters[3]": FOURTH}, "clusters[3].replicas", "no link leads from c1", "pulumi config rm"),
    ("latest image", {f"{MESH}.application.image": "quay.io/a/b:latest"}, "application.image", "other than latest", "my-app:1.0.0"),
    ("no application", {f"{MESH}.application": None}, "application", "is missing", "my-app"),
    ("no clusters", {f"{MESH}.clusters": []}, "clusters", "not a list with entries", "c1"),
    ("unknown key", {f"{MESH}.cluster": []}, "cluster", "did you mean clusters?", "pulumi config rm"),
    ("unknown key inside", {f"{MESH}.clusters[1].replica": 1}, "clusters[1].replica", "did you mean replicas?", "pulumi config rm"),
    ("unknown key like pydantic's mark", {f'{MESH}.clusters[0]["[key]"]': 1}, 'clusters[0]["[key]"]', "is not known", "pulumi config rm"),
    ("days", {f"{MESH}.links[0].expiry": "1d"}, "links[0].expiry", "a duration", "15m0s"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "message", "mend"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_mistake_names_its_path_the_rule_and_the_mend(changes: Changes, path: str, message: str, mend: str) -> None:
    found = mistakes(changes)
    told = found.get(f"{MESH}.{path}")
    assert told, found
    assert message in told
    assert mend in told.split("mend:")[1]


@pytest.mark.parametrize(("changes", "path"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_command_mends_the_mistake(changes: Changes, path: str) -> None:
    told = mistakes(changes)[f"{MESH}.{path}"]
    words = shlex.split(told.split("mend:")[1])
    place, *value = [word for word in words[3:] if word != "--path"]
    plain = value[0] if value else ""
    mended = json.loads(plain) if plain.isdigit() or plain in ("true", "false") else plain
    raw, _ = config({**changes, place: None if words[2] == "rm" else mended}, "mesh")
    try:
        load_mesh(raw, "mesh")
    except SettingsError as error:
        assert told not in map(str, error.mistakes)


def test_all_mistakes_are_told_at_once() -> None:
    """A mistake in one part must not hide those in the others, nor the rules between the parts that are right."""
    found = mistakes(
        {
            f"{MESH}.clusters[1].replicas": -1,
            f"{MESH}.links[0].cost": 0,
            f"{MESH}.links[1].to": "c3",
            f"{MESH}.clusters[2].addresses": ["172.19.255.210/32"],
            f"{MESH}.application.port": 0,
            f"{MESH}.namespace": "Interconnect",
            f"{MESH}.linkz": [],
        }
    )
    assert set(found) == {
        f"{MESH}.{path}"
        for path in (
            "clusters[1].replicas", "links[0].cost", "links[1]", "clusters[2].addresses[0]", "application.port",
            "namespace", "linkz",
        )
    }  # fmt: skip


def test_a_stack_is_a_hub_stack_or_a_mesh_stack() -> None:
    assert "is not of a mesh stack" in mistakes({"spillway:pools": []})["spillway:pools"]


def test_a_secrets_text_in_the_mesh_is_refused_and_not_shown() -> None:
    found = mistakes({f"{MESH}.clusters[0].context": PLANTED["secretAccessKey"]})
    assert "in plain" in found[f"{MESH}.clusters[0].context"]
    assert PLANTED["secretAccessKey"] not in str(found)


@given(st.integers(0, 2**32 - 300), st.integers(0, 200), st.integers(0, 2**32 - 300), st.integers(0, 200))
def test_ranges_overlap_exactly_when_they_share_an_address(a: int, size: int, b: int, other: int) -> None:
    def text(first: int, count: int) -> str:
        return f"{ipaddress.IPv4Address(first)}-{ipaddress.IPv4Address(first + count)}"

    one, two = parse_range(text(a, size)), parse_range(text(b, other))
    shared = set(range(a, a + size + 1)) & set(range(b, b + other + 1))
    assert one.overlaps(two) == two.overlaps(one) == bool(shared)
    assert one.size == size + 1


RAW = config(stack="mesh")[0]


@st.composite
def mutated_mesh(draw: st.DrawFn) -> dict[str, str]:
    document: dict[str, Any] = {"spillway:mesh": copy.deepcopy(json.loads(RAW["spillway:mesh"]))}
    for _ in range(draw(st.integers(1, 3))):
        if isinstance(document.get("spillway:mesh"), dict) and document["spillway:mesh"]:
            mutate(draw, document)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}


@runs(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated_mesh())
def test_a_mutated_mesh_is_accepted_or_told_where_it_is_wrong(raw: dict[str, str]) -> None:
    if "spillway:mesh" not in raw:
        return
    try:
        load_mesh(raw, "mesh")
    except SettingsError as error:
        assert error.mistakes
        assert all(mistake.path.startswith("spillway:") and mistake.mend for mistake in error.mistakes)
