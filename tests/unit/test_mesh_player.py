"""What the players of Skupper and MetalLB decide, as tables."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.fleet.metallb import free_addresses
from lab.fleet.objects import Thing, seconds
from lab.fleet.skupper1_links import wanted
from lab.fleet.skupper_credentials import authority, fingerprint, issue, issuer
from lab.fleet.skupper_grants import expiry
from lab.fleet.skupper_pods import labels_of
from lab.fleet.skupper_router import Connection, configure
from lab.fleet.skupper_services import keys
from lab.fleet.skupper_topology import Link, Site, networks, target
from lab.fleet.skupper_world import READY, aggregated, error, pending
from lab.kubeconfigs import merged

OLD = Connection("hub", "172.18.0.2", "55671", cost=1, issuer="a", since=10)
PLACE = frozenset({("172.18.0.2", "55671")})


def site(name: str, **changes: Any) -> Site:
    return replace(Site(name, "interconnect", name, name, 2, "a", frozenset()), **changes)


@pytest.mark.parametrize(
    ("version", "change", "anew"),
    [
        (1, {}, False), (1, {"cost": 4}, False), (1, {"issuer": "b"}, False), (1, {"host": "172.18.0.3"}, False),
        (2, {}, False), (2, {"cost": 4}, True), (2, {"issuer": "b"}, True), (2, {"host": "172.18.0.3"}, True),
    ],
)  # fmt: skip
def test_version_1_never_notices_a_change_and_version_2_connects_anew(
    version: int, change: dict[str, Any], anew: bool
) -> None:
    new = replace(OLD, since=0, **change)
    assert configure(version, {"hub": OLD}, {"hub": new}, 99) == {"hub": replace(new, since=99) if anew else OLD}


@pytest.mark.parametrize("version", [1, 2])
def test_a_link_that_is_gone_is_closed_and_a_new_one_begins_now(version: int) -> None:
    assert configure(version, {"hub": OLD}, {}, 99) == {}
    assert configure(version, {}, {"hub": replace(OLD, since=0)}, 99) == {"hub": replace(OLD, since=99)}


@pytest.mark.parametrize(
    ("there", "connection", "reached"),
    [
        (site("hub", endpoints=PLACE), OLD, True),
        (site("hub", endpoints=PLACE, version=1), OLD, False),
        (site("hub", endpoints=PLACE, authority="b"), OLD, False),
        (site("hub", endpoints=PLACE), replace(OLD, issuer=""), False),
        (site("hub", endpoints=PLACE, authority=""), replace(OLD, issuer=""), False),
        (site("hub"), OLD, False),
        (site("spoke", endpoints=PLACE), OLD, False),
    ],
)
def test_a_site_accepts_its_own_version_and_what_its_authority_issued(
    there: Site, connection: Connection, reached: bool
) -> None:
    assert target([there], site("spoke"), connection) == (there if reached else None)


def test_links_that_are_up_make_networks() -> None:
    a, b, c, d = (site(name) for name in "abcd")
    links = [Link("b", OLD, a), Link("c", OLD, a), Link("d", OLD, None)]
    assert networks([a, b, c, d], links) == {**dict.fromkeys("abc", frozenset("abc")), "d": frozenset("d")}


def test_a_credential_is_of_the_authority_that_issued_it_and_of_no_use_without_its_key() -> None:
    mine, other = authority(), authority()
    issued = issue(mine, "c2")
    assert issuer(issued) == fingerprint(mine) != fingerprint(other)
    assert issued["ca.crt"] == mine["tls.crt"]
    assert issuer({**issued, "tls.key": ""}) == issuer({}) == ""
    assert base64.b64decode(issued["tls.key"])


@pytest.mark.parametrize(
    ("ranges", "taken", "first"),
    [
        (["172.18.0.1-172.18.0.3"], [], "172.18.0.1"),
        (["172.18.0.1-172.18.0.3"], ["172.18.0.1", "172.18.0.2"], "172.18.0.3"),
        (["172.18.0.1-172.18.0.1", "172.18.1.0/31"], ["172.18.0.1"], "172.18.1.0"),
        (["172.18.0.1-172.18.0.1"], ["172.18.0.1"], None),
        (["fd00::1-fd00::2"], ["fd00::1"], "fd00::2"),
    ],
)
def test_the_first_free_address_is_given(ranges: list[str], taken: list[str], first: str | None) -> None:
    assert next(free_addresses(ranges, taken), None) == first


def test_ready_is_what_the_first_condition_that_does_not_hold_says() -> None:
    assert aggregated(("A", "B"), {"A": READY, "B": READY}) == READY
    assert aggregated(("A", "B"), {"A": READY}) == pending("Not B")
    assert aggregated(("A", "B"), {"A": error("x"), "B": pending("y")}) == error("x")


def test_an_expiry_is_counted_from_now_in_whole_seconds() -> None:
    now = datetime.now(UTC)
    assert seconds(expiry("1ms")) <= now.timestamp() + 1
    assert abs(seconds(expiry("15m0s")) - (now + timedelta(minutes=15)).timestamp()) < 2
    with pytest.raises(ValueError, match="soon"):
        expiry("soon")


def test_selectors_and_keys_are_read() -> None:
    assert labels_of("app=x, tier=y") == {"app": "x", "tier": "y"}
    multi = {"strategy": {"weighted": {"routingKeys": {"a": 1, "b": 2}}}}
    assert keys(thing("MultiKeyListener", {"spec": multi}), "MultiKeyListener") == ["a", "b"]
    multi = {"strategy": {"priority": {"routingKeys": ["b", "a"]}}}
    assert keys(thing("MultiKeyListener", {"spec": multi}), "MultiKeyListener") == ["b", "a"]


def thing(kind: str, manifest: dict[str, Any]) -> Thing:
    metadata = {"name": "x", "uid": "own", "creationTimestamp": "", **manifest.pop("metadata", {})}
    nowhere: Any = None
    return Thing(nowhere, {"apiVersion": "v1", "kind": kind, "metadata": metadata, **manifest})


@pytest.mark.parametrize(
    ("labels", "notes", "cost"),
    [
        ("connection-token", {}, 1), ("connection-token", {"skupper.io/cost": "4"}, 4),
        ("connection-token", {"skupper.io/cost": "0"}, 1), ("connection-token", {"skupper.io/cost": "cheap"}, None),
        ("connection-token", {"skupper.io/generated-by": "own"}, None), ("connection-token-request", {}, None),
    ],
)  # fmt: skip
def test_a_token_of_another_site_is_a_link_with_its_cost(labels: str, notes: dict[str, str], cost: int | None) -> None:
    annotations = {"inter-router-host": "h", "inter-router-port": "1", "skupper.io/generated-by": "other", **notes}
    token = thing("Secret", {"metadata": {"labels": {"skupper.io/type": labels}, "annotations": annotations}})
    found = wanted(thing("ConfigMap", {"data": {}}), token)
    assert (found.cost if found else None) == cost


def test_a_kubeconfig_of_several_has_a_context_each_and_no_current_one(tmp_path: Path) -> None:
    """With a current context, whatever forgets to name one would go to the first cluster."""
    for name in ("a", "b"):
        config = {
            "clusters": [{"name": "lab", "cluster": {"server": f"https://{name}"}}],
            "users": [{"name": "lab", "user": {"token": name}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
            "current-context": "lab",
        }
        (tmp_path / name).write_text(yaml.safe_dump(config))
    found = yaml.safe_load(merged({"kind-a": tmp_path / "a", "kind-b": tmp_path / "b"}))
    assert found["current-context"] == ""
    servers = {entry["name"]: entry["cluster"]["server"] for entry in found["clusters"]}
    assert servers == {"kind-a": "https://a", "kind-b": "https://b"}
    assert {entry["name"]: entry["context"]["user"] for entry in found["contexts"]} == {
        "kind-a": "kind-a",
        "kind-b": "kind-b",
    }
