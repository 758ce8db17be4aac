"""Compares what the pools of a stack need with the quotas of AWS: `python -m preview quotas STACK`.

Reads only. With credentials (as the AWS CLI finds them) the limits are the account's, else AWS's defaults, and each
line says which. What else is in the account counts against the same limits and is not looked at.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preview.recording import ROOT
from preview.stack_settings import hub_stacks, read_settings
from preview.zones import ZoneError, look_up
from settings import Aws, Pool, Settings, SettingsError
from settings.instance_types import family, vcpus

# A client for a service in a region.
Clients = Callable[[str, str], Any]


@dataclass(frozen=True)
class Quota:
    """A quota of AWS: where Service Quotas has it, and AWS's default."""

    name: str
    service: str
    code: str
    default: int


# AWS, "On-Demand Instance quotas", "Amazon VPC quotas", "Elastic Load Balancing quotas"; openshift/installer,
# docs/user/aws/limits.md, at 11d42a5d2105f4ae31047e2021ba974d829657a6, for what a cluster takes.
STANDARD = Quota("vCPU, standard on-demand instances", "ec2", "L-1216C47A", 5)
SPECIAL = {
    "g": Quota("vCPU, G and VT on-demand instances", "ec2", "L-DB2E81BA", 0),
    "vt": Quota("vCPU, G and VT on-demand instances", "ec2", "L-DB2E81BA", 0),
    "p": Quota("vCPU, P on-demand instances", "ec2", "L-417A185B", 0),
    "x": Quota("vCPU, X on-demand instances", "ec2", "L-7295265B", 0),
    "f": Quota("vCPU, F on-demand instances", "ec2", "L-74FC7D96", 0),
    "inf": Quota("vCPU, Inf on-demand instances", "ec2", "L-1945791B", 0),
    "trn": Quota("vCPU, Trn on-demand instances", "ec2", "L-2C3B7624", 0),
}
STANDARD_LETTERS, OTHER_FAMILIES = "acdhimrtz", ("dl", "hpc", "mac")
ADDRESSES = Quota("elastic IP addresses", "ec2", "L-0263D0A3", 5)
VPCS = Quota("VPCs", "vpc", "L-F678F1CE", 5)
NAT_GATEWAYS = Quota("NAT gateways in one zone", "vpc", "L-FE5A380F", 5)
NETWORK_BALANCERS = Quota("network load balancers", "elasticloadbalancing", "L-69A177A2", 50)
CLASSIC_BALANCERS = Quota("classic load balancers", "elasticloadbalancing", "L-E9E9831D", 20)


@dataclass(frozen=True)
class Need:
    """How much of a quota the pools of a region need when each has maxSize clusters."""

    region: str
    quota: Quota
    amount: int


@dataclass(frozen=True)
class Limit:
    """A limit, and where it is from."""

    amount: float
    source: str


class CredentialsError(Exception):
    """AWS credentials are there and cannot be used; the text is for the user."""


def quota_of(instance_type: str) -> Quota | None:
    """Return the quota that a type's vCPUs count against, or None if it is none of the known ones."""
    letters = family(instance_type)
    if letters in SPECIAL:
        return SPECIAL[letters]
    return STANDARD if letters[0] in STANDARD_LETTERS and letters not in OTHER_FAMILIES else None


def needs(pools: Iterable[Pool]) -> list[Need]:
    """Return what the pools need, by region, in the order of quotas.

    A cluster has a VPC, a NAT gateway with an address in each zone, a network load balancer for the API inside and one
    outside (not when internal), and a classic one for the routes. Each install has a bootstrap machine of the control
    plane's type for a while. Stopped machines count for nothing, but all may run at once.
    """
    sums: Counter[tuple[str, Quota]] = Counter()
    per_zone: Counter[tuple[str, str]] = Counter()
    for pool in pools:
        for quota, amount in _vcpus(pool):
            sums[pool.region, quota] += amount
        zones = pool.used_zones
        sums[pool.region, ADDRESSES] += len(zones) * pool.max_size
        sums[pool.region, VPCS] += pool.max_size
        sums[pool.region, NETWORK_BALANCERS] += (2 if pool.publish == "External" else 1) * pool.max_size
        sums[pool.region, CLASSIC_BALANCERS] += pool.max_size
        per_zone.update({(pool.region, zone): pool.max_size for zone in zones})
    for (region, _zone), amount in per_zone.items():
        sums[region, NAT_GATEWAYS] = max(sums[region, NAT_GATEWAYS], amount)
    return sorted((Need(*key, amount) for key, amount in sums.items()), key=lambda need: (need.region, need.quota.name))


def _vcpus(pool: Pool) -> Iterator[tuple[Quota, int]]:
    installs = min(pool.max_concurrent, pool.max_size)
    counts = (
        (pool.control_plane.type, pool.control_plane.replicas * pool.max_size + installs),
        (pool.workers.type, pool.workers.replicas * pool.max_size),
    )
    for instance_type, count in counts:
        quota, each = quota_of(instance_type), vcpus(instance_type)
        if quota and each:
            yield quota, each * count


def unknown_types(pools: Iterable[Pool]) -> list[str]:
    """Return the instance types whose vCPUs or quota are not known here."""
    types = {role.type for pool in pools for role in (pool.control_plane, pool.workers) if role.replicas}
    return sorted(found for found in types if not quota_of(found) or not vcpus(found))


def default_limits(wanted: Sequence[Need]) -> dict[Need, Limit]:
    """Return AWS's defaults."""
    return {need: Limit(need.quota.default, "AWS default") for need in wanted}


def account_limits(wanted: Sequence[Need], clients: Clients) -> dict[Need, Limit]:
    """Return the account's limits; where they may not be read, AWS's defaults, marked so."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (for this command only, slow to load)

    found: dict[Need, Limit] = {}
    for need in wanted:
        client = clients("service-quotas", need.region)
        try:
            answer = client.get_service_quota(ServiceCode=need.quota.service, QuotaCode=need.quota.code)
            found[need] = Limit(answer["Quota"]["Value"], "account")
        except ClientError as error:
            code = _code(error)
            # AWS has no entry of its own for a quota that was never changed in some accounts.
            why = "" if code == "NoSuchResourceException" else f", reading it failed: {code}"
            found[need] = Limit(need.quota.default, f"AWS default{why}")
        except BotoCoreError as error:
            found[need] = Limit(need.quota.default, f"AWS default, reading it failed: {type(error).__name__}")
    return found


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown error"))


def lacking(limits: Mapping[Need, Limit]) -> list[Need]:
    """Return the needs that are above their limits."""
    return [need for need, limit in limits.items() if need.amount > limit.amount]


def table(limits: Mapping[Need, Limit]) -> list[str]:
    """Return a line for each need."""
    rows = [("region", "quota", "need", "limit", "from", "")]
    for need, limit in limits.items():
        short = need.amount - limit.amount
        verdict = f"LACKS {short:g}" if short > 0 else "enough"
        rows.append((need.region, need.quota.name, str(need.amount), f"{limit.amount:g}", limit.source, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def check(settings: Settings, clients: Clients | None) -> tuple[list[str], bool]:
    """Return the report, and whether all is there.

    Args:
        settings: the stack's.
        clients: gives boto3 clients for the account; None without credentials.
    """
    wanted = needs(settings.pools)
    mistake = _wrong_account(settings.aws, clients) if clients else None
    usable = clients if not mistake else None
    limits = account_limits(wanted, usable) if usable else default_limits(wanted)
    short = lacking(limits)
    lines = ["What maxSize clusters of every pool need at the same time:", "", *table(limits), ""]
    if clients is None:
        lines.append("No AWS credentials are given: these are AWS's defaults for a new account, not your limits.")
    if mistake:
        lines.append(f"{mistake}: these are AWS's defaults for a new account, not your limits.")
    lines += [f"not counted, look it up: vCPUs of {found}" for found in unknown_types(settings.pools)]
    lines += [
        f"ask for more:  aws service-quotas request-service-quota-increase --region {need.region} "
        f"--service-code {need.quota.service} --quota-code {need.quota.code} --desired-value {need.amount}"
        for need in short
    ]
    lines.append("Whatever else is in the account counts too, such as the default VPC of a region.")
    zones, all_there = _zones(settings, usable)
    return [*lines, *zones], not short and not mistake and all_there


def _wrong_account(aws: Aws, clients: Clients) -> str | None:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        account = clients("sts", aws.region).get_caller_identity()["Account"]
    except ClientError as error:
        return f"AWS refuses the credentials ({_code(error)})"
    except BotoCoreError as error:
        return f"AWS cannot be asked ({error})"
    if aws.account and account != aws.account:
        return f"The credentials are for account {account}, but the stack's is {aws.account}"
    return None


def _zones(settings: Settings, clients: Clients | None) -> tuple[list[str], bool]:
    """Look up the zones that must be there before `pulumi up`."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    made = {zone.name: zone.parent for zone in settings.aws.zones if zone.source == "create"}
    public = {pool.base_domain for pool in settings.pools if pool.publish == "External"}
    wanted = sorted((public - set(made)) | {parent for parent in made.values() if parent})
    lines, all_there = [f"hosted zone {name}: the stack makes it" for name in sorted(made)], True
    for domain in wanted:
        if not clients:
            lines.append(f"hosted zone {domain}: not looked up")
            continue
        try:
            lines.append(f"hosted zone {domain}: found, {look_up(clients('route53', settings.aws.region), domain)}")
        except (ZoneError, ClientError, BotoCoreError) as error:
            problem = f"AWS refuses to look it up ({_code(error)})" if isinstance(error, ClientError) else str(error)
            lines.append(f"hosted zone {domain}: {problem}")
            all_there = False
    return lines, all_there


def session_clients(aws: Aws) -> Clients | None:
    """Return boto3 clients by the credentials that the AWS CLI would find, or None if there are none.

    Raises:
        CredentialsError: they are there and of no use: half of them is missing, or the profile is.
    """
    import boto3  # noqa: PLC0415 (for this command only, and slow to load)
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        session: Any = boto3.Session(profile_name=aws.profile)
        if session.get_credentials() is None:
            return None
    except BotoCoreError as error:
        raise CredentialsError(f"The AWS credentials cannot be used: {error}") from None
    return lambda service, region: session.client(service, region_name=region)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Print the comparison; return 1 if something lacks, or configuration or credentials are wrong."""
    known = hub_stacks(root)
    parser = argparse.ArgumentParser(prog="python -m preview quotas", description=__doc__)
    parser.add_argument("stack", choices=known, help=f"one of {', '.join(known)}")
    stack = parser.parse_args(arguments).stack
    try:
        settings = read_settings(stack, root)
        clients = session_clients(settings.aws)
    except ModuleNotFoundError as error:
        mend = f"{sys.executable} -m pip install -r requirements-dev.txt"
        print(f"{error.name} is not installed, and this command needs it:  {mend}", file=sys.stderr)
        return 1
    except (SettingsError, CredentialsError) as error:
        print(error, file=sys.stderr)
        return 1
    lines, enough = check(settings, clients)
    print("\n".join(lines))
    return int(not enough)
