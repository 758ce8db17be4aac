"""`make kind`: the three kind clusters of the mesh stack, with the tools of the user's machine.

The clusters are real, and so is what the mesh stack then installs on them. What is there is left alone. The address
pools of Pulumi.mesh.yaml are fitted to the network that Docker gave to kind, which differs from machine to machine.
"""

import argparse
import ipaddress
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, cast

from lab.binaries import LabError
from preview.recording import ROOT
from preview.stack_settings import read_any
from settings import MeshSettings
from settings.addresses import Range, parse_range

STACK = "mesh"
PREFIX = "kind-"
NETWORK = "kind"
# The article's pools end this far below the network's last address.
MARGIN = 5
TOOLS = {
    "docker": "https://docs.docker.com/engine/install/",
    "kind": "https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
}


def fit(network: IPv4Network, taken: Iterable[IPv4Address], sizes: Sequence[int]) -> list[Range]:
    """Return address pools in a network, from its top downwards.

    Docker gives addresses from the bottom, so the top is free for long.

    Args:
        network: Docker's.
        taken: addresses of the gateway and of the nodes, which no pool may contain.
        sizes: the number of addresses of each pool.

    Raises:
        LabError: the network is too small.
    """
    used = sorted((int(address) for address in taken), reverse=True)
    pools: list[Range] = []
    last = int(network.broadcast_address) - MARGIN
    for size in sizes:
        for address in used:
            if last - size < address <= last:
                last = address - 1
        first = last - size + 1
        if first <= int(network.network_address):
            raise LabError(
                f"the Docker network {network} has no room for pools of {', '.join(map(str, sizes))} addresses"
            )
        pools.append(Range(IPv4Address(first), IPv4Address(last)))
        last = first - 1
    return pools


def fits(network: IPv4Network, taken: Iterable[IPv4Address], pool: Range) -> bool:
    """Tell whether a pool is inside a network, and contains none of the addresses that are taken."""
    inside = Range(network.network_address + 1, network.broadcast_address - 1)
    if pool.first.version != 4 or int(pool.first) < int(inside.first) or int(pool.last) > int(inside.last):
        return False
    return not any(int(pool.first) <= int(address) <= int(pool.last) for address in taken)


def read_network(inspected: str) -> tuple[IPv4Network, list[IPv4Address]]:
    """Read what `docker network inspect` says of a network.

    Returns:
        Its IPv4 subnet, and the addresses of its gateway and containers.

    Raises:
        LabError: it has no IPv4 subnet.
    """
    (found,) = cast(list[dict[str, Any]], json.loads(inspected))
    taken: list[IPv4Address] = []
    network: IPv4Network | None = None
    for config in found["IPAM"]["Config"]:
        subnet = ipaddress.ip_network(config["Subnet"])
        if isinstance(subnet, IPv4Network):
            network = subnet
            taken += [IPv4Address(config["Gateway"])] if config.get("Gateway") else []
    if network is None:
        raise LabError(f"the Docker network {NETWORK} has no IPv4 subnet, which the pools are taken from")
    containers: dict[str, dict[str, str]] = found.get("Containers") or {}
    addresses = [container.get("IPv4Address", "").partition("/")[0] for container in containers.values()]
    taken += [IPv4Address(address) for address in addresses if address]
    return network, taken


def missing(tools: Iterable[str] = TOOLS) -> list[str]:
    """Return which tools are not on PATH."""
    return [tool for tool in tools if not shutil.which(tool)]


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _create(contexts: Sequence[str]) -> None:
    present = _output("kind", "get", "clusters").split()
    for context in contexts:
        if not context.startswith(PREFIX):
            raise LabError(f"context {context!r} is not one of kind's: they begin with {PREFIX}")
        name = context.removeprefix(PREFIX)
        if name in present:
            print(f"{name} is there")
        elif subprocess.run(["kind", "create", "cluster", "--name", name], check=False).returncode:
            raise LabError(f"`kind create cluster --name {name}` failed; see above")


def _fit_pools(file: Path) -> None:
    mesh = cast(MeshSettings, read_any(STACK, file.parent)).mesh
    network, taken = read_network(_output("docker", "network", "inspect", NETWORK))
    texts = [text for cluster in mesh.clusters for text in cluster.addresses]
    ranges = [parse_range(text) for text in texts]
    if all(fits(network, taken, found) for found in ranges):
        print(f"the address pools fit into {network}")
        return
    content = file.read_text()
    # First all marks, then all new texts: a new one may be another's old one.
    pools = fit(network, taken, [found.size for found in ranges])
    for number, text in enumerate(texts):
        content = content.replace(text, f"<{number}>")
    for number, pool in enumerate(pools):
        content = content.replace(f"<{number}>", f"{pool.first}-{pool.last}")
    file.write_text(content)
    for text, pool in zip(texts, pools, strict=True):
        print(f"{file.name}: {text} is now {pool.first}-{pool.last}")


def main(root: Path = ROOT) -> int:
    """Create the clusters and fit the pools; return 1, with a message, if that cannot be done."""
    if absent := missing():
        for tool in absent:
            print(f"{tool} is not on PATH; to install it: {TOOLS[tool]}")
        print("Without kind clusters, `make demo-mesh` runs the same stack on local control planes.")
        return 1
    try:
        _output("docker", "info")
        mesh = cast(MeshSettings, read_any(STACK, root)).mesh
        _create([cluster.context for cluster in mesh.clusters])
        _fit_pools(root / f"Pulumi.{STACK}.yaml")
    except LabError as error:
        print(error)
        return 1
    print("Next: pulumi stack init mesh, pulumi up --continue-on-error (docs/mesh.md)")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m lab.kind", description=__doc__).parse_args()
    sys.exit(main())
