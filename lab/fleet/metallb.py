"""Plays MetalLB's controller (metallb/metallb, `controller/service.go`).

Keeps: a Service of type LoadBalancer gets the first free address of the cluster's pools, and keeps it; without a free
one it waits. Leaves out: announcing (nobody listens at the addresses), sharing, requested addresses, pools that do not
assign by themselves, and the webhook that judges pools.
"""

from collections.abc import Callable, Iterable, Iterator

from lab.fleet.objects import Thing
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock
from settings.addresses import parse_range

API = "metallb.io/v1beta1"


def free_addresses(ranges: Iterable[str], taken: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of ranges that nobody has, in order."""
    used = set(taken)
    for text in ranges:
        found = parse_range(text)
        kind = type(found.first)
        for number in range(int(found.first), int(found.last) + 1):
            address = str(kind(number))
            if address not in used:
                yield address


def address(service: Thing) -> str | None:
    """Return the address of a Service of type LoadBalancer, None as long as it waits."""
    balancer: dict[str, list[dict[str, str]]] = service.status.get("loadBalancer") or {}
    ingress: list[dict[str, str]] = balancer.get("ingress") or []
    return next((entry["ip"] for entry in ingress if "ip" in entry), None)


def reconcile(world: World, _clock: Clock, say: Callable[[str], None]) -> None:
    """Give every Service that waits for one an address."""
    for name in world.clusters:
        services = [s for s in world.things(name, "v1", "Service") if s.spec.get("type") == "LoadBalancer"]
        pools = world.things(name, API, "IPAddressPool")
        free = free_addresses(
            (text for pool in pools for text in pool.spec["addresses"]), filter(None, map(address, services))
        )
        for service in services:
            if address(service) is None and (given := next(free, None)):
                service.set_status(loadBalancer={"ingress": [{"ip": given}]})
                say(f"{name}: Service {service.namespace}/{service.name} has the address {given}")
