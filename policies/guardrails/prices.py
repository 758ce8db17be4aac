"""A rough monthly figure for the pools of a stack. The price table is data, with its date and source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from .install_configs import machines, of_pool, zones
from .model import Resource
from .types import POOL

HOURS = 730


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
    """
    rest = burst = 0.0
    count = 0
    gaps: set[str] = set()
    for pool in resources:
        if pool.type != POOL:
            continue
        count += 1
        config = of_pool(pool, resources) or {"controlPlane": {"name": "master"}, "compute": [{"name": "worker"}]}
        region = str(pool.at("spec.platform.aws.region"))
        # The table is for one region; others follow it by a factor.
        factor = cast(Mapping[str, float], prices["regions"]).get(region)
        if factor is None:
            gaps.add(f"region {region}")
            factor = 1.0
        hourly = 0.0
        for role in machines(config):
            kind = role.type or "m6a.xlarge"
            price = cast(Mapping[str, float], prices["instanceHour"]).get(kind)
            if price is None:
                gaps.add(f"instance type {kind}")
            hourly += role.replicas * (price or 0.0)
        disks = sum(role.replicas * role.volume for role in machines(config)) * float(prices["gp3GibMonth"])
        zone = HOURS * (float(prices["natGatewayHour"]) + float(prices["publicAddressHour"]))
        asleep = disks + zones(config) * zone + HOURS * float(prices["loadBalancersHour"])
        awake = asleep + HOURS * hourly
        size, running, cap = (int(pool.at(f"spec.{key}") or 0) for key in ("size", "runningCount", "maxSize"))
        rest += factor * (size * asleep + running * (awake - asleep))
        burst += factor * cap * awake
    return Figures(count, rest, burst, tuple(sorted(gaps)))
