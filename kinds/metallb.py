"""MetalLB: `metallb.io/v1beta1` (metallb/metallb, `api/v1beta1`)."""

from typing import ClassVar

from kinds.base import Spec

API_VERSION = "metallb.io/v1beta1"


class IPAddressPoolSpec(Spec):
    """Addresses for Services of type LoadBalancer. MetalLB sees overlaps within one cluster only."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "IPAddressPool"

    addresses: list[str]


class L2AdvertisementSpec(Spec):
    """Announces a pool on the local network; a pool without it is assigned, but nobody can reach it."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "L2Advertisement"

    ip_address_pools: list[str]
