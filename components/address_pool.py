"""Addresses that a cluster may give to Services of type LoadBalancer."""

from collections.abc import Sequence

import pulumi

from components.custom import custom_resource, metadata
from components.metal_lb import MetalLB
from kinds.metallb import IPAddressPoolSpec, L2AdvertisementSpec

NAME = "spillway"


class AddressPool(pulumi.ComponentResource):
    """A pool of addresses, announced on the local network.

    Pulumi type: `spillway:index:AddressPool`. Creates an IPAddressPool and an L2Advertisement (metallb/metallb,
    `api/v1beta1`) in MetalLB's namespace, the only one where MetalLB takes them.

    Traps: MetalLB notices an overlap within one cluster only. Clusters on one network, such as kind's, would both
    answer for an address that both have: the settings refuse that.

    Args:
        name: Pulumi's logical name.
        addresses: ranges, each a CIDR or `first-last`.
        namespace: MetalLB's.
        metal_lb: MetalLB, whose webhook judges the pool.
    """

    def __init__(
        self,
        name: str,
        addresses: Sequence[str],
        *,
        namespace: str,
        metal_lb: MetalLB,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:AddressPool", name, None, opts)
        pool = custom_resource(
            f"{name}-pool",
            IPAddressPoolSpec(addresses=list(addresses)),
            metadata(NAME, namespace),
            parent=self,
            depends_on=metal_lb.ready,
        )
        advertisement = custom_resource(
            f"{name}-advertisement",
            L2AdvertisementSpec(ip_address_pools=[NAME]),
            metadata(NAME, namespace),
            parent=self,
            depends_on=[pool],
        )
        self.ready: list[pulumi.Resource] = [pool, advertisement]
        self.register_outputs({})
