"""What the hub stack has on AWS itself: the installer's identity and the hosted zones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws

from components.base_domain import BaseDomain
from components.installer_identity import InstallerIdentity
from components.installer_policies import Reach, partition
from settings import Settings


@dataclass(frozen=True)
class Account:
    """The identity, if the stack makes one, and the zones by name."""

    identity: InstallerIdentity | None = None
    zones: Mapping[str, BaseDomain] = field(default_factory=dict[str, BaseDomain])

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs: ids of the access keys by generation (no secrets), and the zones."""
        found: dict[str, Any] = {}
        if self.identity:
            found["installerKeys"] = {generation: key.id for generation, key in self.identity.keys.items()}
        if self.zones:
            found["zones"] = {
                name: {"id": zone.zone_id, "nameServers": zone.name_servers} for name, zone in self.zones.items()
            }
        return found


def aws_account(settings: Settings) -> Account:
    """Create the identity and the zones.

    One explicit provider serves all regions: IAM and Route 53 are global, and the clusters are made by Hive. It refuses
    every account but the named one. Without identity and zones there is none.
    """
    args = settings.aws
    if not args.identity and not args.zones:
        return Account()
    provider = pulumi_aws.Provider(
        "aws", region=args.region, profile=args.profile, allowed_account_ids=[args.account] if args.account else None
    )
    on_aws = pulumi.ResourceOptions(provider=provider)
    zones = {zone.name: BaseDomain(f"zone-{zone.name}", zone, opts=on_aws) for zone in args.zones}
    if not args.identity:
        return Account(None, zones)
    reach = Reach(
        user=args.identity.user,
        modes=args.identity.modes,
        cluster_prefix=args.identity.cluster_prefix,
        regions=settings.guardrails.regions,
        domains=tuple(zones),
        partition=partition(args.region),
    )
    return Account(InstallerIdentity("installer", args.identity, reach=reach, opts=on_aws), zones)
