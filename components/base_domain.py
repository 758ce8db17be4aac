"""The public hosted zone of a base domain."""

from collections.abc import Sequence

import pulumi
from pulumi_aws.route53 import Record, Zone, get_zone_output

from settings import HostedZone

TTL = 300


class BaseDomain(pulumi.ComponentResource):
    """A public hosted zone whose name is the base domain of pools, looked up or made.

    Pulumi type: `spillway:index:BaseDomain`. Creates nothing when the zone exists: AWS is asked for the public zone of
    that name, already in a preview, and the run ends there if there is none or more than one. With source create it
    makes the Zone and, when a parent is given, the NS Record in the parent's zone that delegates to it.

    Traps:
        - The installer writes the records of each cluster here, and the removal of a cluster needs the zone: pools
          depend on `ready`.
        - A zone that was made and not delegated resolves nothing: without a parent, enter its name servers (in the
          stack's output `zones`) at the registrar before the first install.
        - Records that a failed removal left behind keep the zone from being deleted. That is meant: look at them first.

    Args:
        name: Pulumi's logical name.
        args: name of the zone, where it comes from, its parent.
    """

    def __init__(self, name: str, args: HostedZone, *, opts: pulumi.ResourceOptions | None = None):
        super().__init__("spillway:index:BaseDomain", name, None, opts)
        self.zone_id: pulumi.Output[str]
        self.name_servers: pulumi.Output[Sequence[str]]
        self.ready: list[pulumi.Resource] = []
        of_self = pulumi.InvokeOutputOptions(parent=self)
        if args.source == "existing":
            found = get_zone_output(name=args.name, private_zone=False, opts=of_self)
            self.zone_id, self.name_servers = found.zone_id, found.name_servers
        else:
            zone = Zone(
                f"{name}-zone",
                name=args.name,
                comment="OpenShift clusters of Spillway",
                tags={"managed-by": "spillway"},
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
            )
            self.zone_id, self.name_servers = zone.zone_id, zone.name_servers
            self.ready.append(zone)
            if args.parent:
                above = get_zone_output(name=args.parent, private_zone=False, opts=of_self)
                self.ready.append(
                    Record(
                        f"{name}-delegation",
                        zone_id=above.zone_id,
                        name=args.name,
                        type="NS",
                        ttl=TTL,
                        records=zone.name_servers,
                        opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
                    )
                )
        self.register_outputs({})
