"""Ranges of IP addresses, as MetalLB takes them: a CIDR such as 172.18.1.0/24, or the first and the last address."""

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Range:
    """Addresses from the first to the last, both of one family."""

    first: Address
    last: Address

    @property
    def size(self) -> int:
        """The number of addresses."""
        return int(self.last) - int(self.first) + 1

    def overlaps(self, other: "Range") -> bool:
        """Tell whether an address is in both."""
        same = self.first.version == other.first.version
        return same and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)


def parse_range(text: str) -> Range:
    """Read a CIDR or `first-last`.

    Raises:
        ValueError: it is neither, has host bits set, mixes families, or ends before it begins.
    """
    first, dash, last = text.partition("-")
    if not dash:
        network = ipaddress.ip_network(text)
        return Range(network[0], network[-1])
    found = Range(ipaddress.ip_address(first), ipaddress.ip_address(last))
    if found.first.version != found.last.version or int(found.first) > int(found.last):
        raise ValueError(f"{text!r} is not a range")
    return found
