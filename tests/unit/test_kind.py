"""`make kind` on made-up machines: what it runs, what it writes, and what it says where something is missing."""

import json
import shutil
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from lab.binaries import LabError
from lab.kind import fit, fits, main, read_network
from preview.recording import ROOT
from settings.addresses import parse_range

SIZES = (51, 50, 50)
SHIPPED = ["172.19.255.200-172.19.255.250", "172.19.255.150-172.19.255.199", "172.19.255.100-172.19.255.149"]


@pytest.mark.parametrize(
    ("network", "taken", "sizes", "pools"),
    [
        ("172.19.0.0/16", ["172.19.0.1"], SIZES, SHIPPED),
        ("172.18.0.0/16", [], (51, 50), ["172.18.255.200-172.18.255.250", "172.18.255.150-172.18.255.199"]),
        ("10.89.0.0/24", ["10.89.0.1", "10.89.0.2"], SIZES, ["10.89.0.200-10.89.0.250", "10.89.0.150-10.89.0.199", "10.89.0.100-10.89.0.149"]),
        # Nodes at the top: the pools go below them.
        ("10.0.0.0/24", ["10.0.0.245"], (10, 10), ["10.0.0.235-10.0.0.244", "10.0.0.225-10.0.0.234"]),
        ("10.0.0.0/24", ["10.0.0.241", "10.0.0.235"], (10,), ["10.0.0.225-10.0.0.234"]),
    ],
)  # fmt: skip
def test_pools_are_taken_from_the_top_and_hold_no_node(
    network: str, taken: list[str], sizes: tuple[int, ...], pools: list[str]
) -> None:
    addresses = [IPv4Address(text) for text in taken]
    found = fit(IPv4Network(network), addresses, sizes)
    assert found == [parse_range(text) for text in pools]
    assert all(fits(IPv4Network(network), addresses, pool) for pool in found)
    assert not any(a.overlaps(b) for n, a in enumerate(found) for b in found[:n])


def test_a_network_without_room_is_told() -> None:
    with pytest.raises(LabError, match="10.0.0.0/26 has no room for pools of 51, 50, 50 addresses"):
        fit(IPv4Network("10.0.0.0/26"), [], SIZES)


@pytest.mark.parametrize(
    ("pool", "taken", "good"),
    [
        ("172.18.255.200-172.18.255.250", [], True), ("172.18.255.200-172.18.255.250", ["172.18.255.210"], False),
        ("172.19.255.200-172.19.255.250", [], False), ("172.18.255.250-172.18.255.255", [], False),
        ("172.18.0.0/24", [], False), ("fd00::1-fd00::2", [], False),
    ],
)  # fmt: skip
def test_a_pool_fits_inside_the_network_and_beside_its_nodes(pool: str, taken: list[str], good: bool) -> None:
    assert fits(IPv4Network("172.18.0.0/16"), [IPv4Address(text) for text in taken], parse_range(pool)) is good


def inspected(subnet: str) -> str:
    six = {"Subnet": "fc00:f853:ccd:e793::/64"}
    first, length = subnet.split("/")
    nodes = {"a": {"Name": "c1-control-plane", "IPv4Address": f"{IPv4Address(first) + 2}/{length}"}}
    four = {"Subnet": subnet, "Gateway": str(IPv4Address(first) + 1)}
    return json.dumps([{"Name": "kind", "IPAM": {"Config": [six, four]}, "Containers": nodes}])


def test_dockers_answer_is_read() -> None:
    network, taken = read_network(inspected("172.18.0.0/16"))
    assert str(network) == "172.18.0.0/16"
    assert [str(address) for address in taken] == ["172.18.0.1", "172.18.0.2"]
    with pytest.raises(LabError, match="no IPv4 subnet"):
        read_network(json.dumps([{"IPAM": {"Config": [{"Subnet": "fc00::/64"}]}}]))


def machine(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """Make a machine with these programs alone, and a copy of the stack's file; return the project's folder there."""
    (folder / "bin").mkdir()
    for name, script in scripts.items():
        path = folder / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/ran\n{script}\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))
    shutil.copy(ROOT / "Pulumi.mesh.yaml", folder)
    return folder


def docker(subnet: str) -> str:
    return f"[ $1 = network ] && echo '{inspected(subnet)}'; exit 0"


def test_it_makes_the_missing_clusters_and_fits_the_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = machine(tmp_path, monkeypatch, kind="[ $1 = get ] && echo c2; exit 0", docker=docker("172.18.0.0/16"))
    assert main(root) == 0
    ran = (root / "ran").read_text().splitlines()
    assert [line for line in ran if "create" in line] == [f"kind create cluster --name {name}" for name in ("c1", "c3")]
    shipped, fitted = (ROOT / "Pulumi.mesh.yaml").read_text(), (root / "Pulumi.mesh.yaml").read_text()
    # Nothing else of the file changes, its comments least of all.
    assert fitted == shipped.replace("172.19.255.", "172.18.255.")
    assert "172.19.255.200-172.19.255.250 is now 172.18.255.200-172.18.255.250" in capsys.readouterr().out
    # Once more, it only looks.
    assert main(root) == 0
    assert (root / "Pulumi.mesh.yaml").read_text() == fitted
    assert "the address pools fit into 172.18.0.0/16" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("scripts", "told"),
    [
        ({}, ["docker is not on PATH; to install it: https://docs", "kind is not on PATH; to install it: https://kind", "make demo-mesh"]),
        ({"docker": "exit 0"}, ["kind is not on PATH"]),
        ({"docker": "echo 'Cannot connect to the Docker daemon' >&2; exit 1", "kind": ""}, ["`docker info` failed:", "Cannot connect"]),
        ({"docker": docker("172.18.0.0/16"), "kind": "[ $1 = get ] || exit 1"}, ["`kind create cluster --name c1` failed"]),
        ({"docker": docker("172.18.0.0/26"), "kind": "echo c1 c2 c3"}, ["172.18.0.0/26 has no room"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_nothing_is_written(
    scripts: dict[str, str],
    told: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    root = machine(tmp_path, monkeypatch, **scripts)
    assert main(root) == 1
    shown = capfd.readouterr().out
    assert [text for text in told if text not in shown] == []
    assert (root / "Pulumi.mesh.yaml").read_text() == (ROOT / "Pulumi.mesh.yaml").read_text()
