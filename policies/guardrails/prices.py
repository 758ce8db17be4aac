"""A rough monthly figure for the pools of a stack. The price table is data, with its date and source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .install_configs import machines, of_pool, zones
from .model import Resource, at
from .types import POOL

HOURS = 730
DEFAULT: dict[str, Any] = {"controlPlane": {"name": "master"}, "compute": [{"name": "worker"}]}


@dataclass(frozen=True)
class Figures:
    """US dollars a month, for how many pools, and what the price table does not have."""

    pools: int
    rest: float
    burst: float
    gaps: tuple[str, ...]


def figures(resources: Sequence[Resource], prices: Mapping[str, Any]) -> Figures:
    """Add up what the pools cost at rest (size clusters, running ones run) and with maxSize clusters running all month.

    Left out: traffic, requests, support, and OpenShift's subscription. A pool whose install-config is not in the stack
    counts as Hive's default: six m6a.xlarge in one zone.

    Args:
        resources: of the stack.
        prices: the price table; each figure is a map with `value`.
    """
    rest = burst = 0.0
    count = 0
    gaps: set[str] = set()
    for pool in resources:
        if pool.type != POOL:
            continue
        count += 1
        region = str(pool.at("spec.platform.aws.region"))
        # The table is for one region; others follow it by a factor.
        factor = _price(prices, f"regions.{region}")
        if factor is None:
            gaps.add(f"region {region}")
        asleep, awake, missing = _cluster(of_pool(pool, resources) or DEFAULT, prices)
        gaps |= missing
        size, running, cap = (int(pool.at(f"spec.{key}") or 0) for key in ("size", "runningCount", "maxSize"))
        rest += (factor or 1.0) * (size * asleep + running * (awake - asleep))
        burst += (factor or 1.0) * cap * awake
    return Figures(count, rest, burst, tuple(sorted(gaps)))


def _cluster(config: dict[str, Any], prices: Mapping[str, Any]) -> tuple[float, float, set[str]]:
    """Return what a cluster costs a month asleep and awake, and what the table does not have."""
    gaps: set[str] = set()
    hourly = disks = 0.0
    for role in machines(config):
        kind = role.type or "m6a.xlarge"
        known: Mapping[str, Any] = prices["instanceHour"]
        if kind not in known:
            gaps.add(f"instance type {kind}")
        hourly += role.replicas * float(known[kind]["value"] if kind in known else 0.0)
        disks += role.replicas * role.volume * _needed(prices, "gp3GibMonth")
    zone = _needed(prices, "natGatewayHour") + _needed(prices, "publicAddressHour")
    # One for the API inside, one for the API outside unless the cluster is internal, a classic one for the routes.
    network = 1 if config.get("publish") == "Internal" else 2
    balancers = network * _needed(prices, "networkBalancerHour") + _needed(prices, "classicBalancerHour")
    asleep = disks + HOURS * (zones(config) * zone + balancers)
    return asleep, asleep + HOURS * hourly, gaps


def _price(prices: Mapping[str, Any], path: str) -> float | None:
    value = at(prices, f"{path}.value")
    return None if value is None else float(value)


def _needed(prices: Mapping[str, Any], key: str) -> float:
    return float(prices[key]["value"])
