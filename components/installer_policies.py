"""The IAM policies of the installer's identity: upstream's actions, each bound as far as AWS and its callers allow.

The actions are data (`installer_actions.yaml`, with their sources). None has a wildcard. Nothing here depends on the
list of pools: taking a pool out of the config must not take the rights away with which its clusters are removed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

ACTIONS = Path(__file__).with_name("installer_actions.yaml")
# Characters of a managed policy, a quota of AWS that cannot be raised.
LIMIT = 6144
# Statements on machines and networks; the others are on what has a name: buckets, roles, users, records.
COMPUTE = ("Read", "Regional", "Machines")
# The program puts this tag, with the user's name, on everything of the identity's clusters.
TAG = "spillway-installer"

_MACHINES = ("ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances")
_READS = ("Describe", "Get", "List", "Simulate")
_USERS = ("AccessKey", "User")
_IAM_RULES = {"PassRole": "PassRole", "CreateServiceLinkedRole": "ServiceRoles"}

Statement = dict[str, Any]


@dataclass(frozen=True)
class Reach:
    """What an identity may act on.

    Attributes:
        user: its name, also the value of the tag on its clusters.
        modes: credentials modes, "Mint" and "Passthrough".
        cluster_prefix: the beginning of its clusters' names.
        regions: regions that it may change something in; empty: any.
        domains: base domains whose records it may write.
        partition: AWS's partition: "aws", "aws-cn" or "aws-us-gov".
    """

    user: str
    modes: Sequence[str]
    cluster_prefix: str
    regions: Sequence[str]
    domains: Sequence[str]
    partition: str = "aws"


def partition(region: str) -> str:
    """Return the partition of AWS that a region is in."""
    return next((f"aws-{part}" for part in ("cn", "us-gov") if region.startswith(f"{part}-")), "aws")


def actions(modes: Iterable[str]) -> list[str]:
    """Return the actions that clusters in these credentials modes need, sorted."""
    wanted = set(modes)
    groups = cast(list[dict[str, Any]], yaml.safe_load(ACTIONS.read_text())["groups"])
    return sorted({action for group in groups if wanted & set(group["modes"]) for action in group["actions"]})


def statements(reach: Reach) -> list[Statement]:
    """Return the statements, each with the actions that share a resource and a condition.

    - What only reads: everything.
    - Changes in EC2 and ELB: the regions.
    - Stopping, starting and terminating machines: those with the identity's tag, which they have from their first
      moment. It guards against mistakes only: whoever holds the key may set the tag as well.
    - S3: buckets of its clusters (`<infra id>-...`, `openshift-bootstrap-data-<infra id>`).
    - IAM: roles, profiles and users of its clusters; roles are passed to EC2 only. Service-linked roles: those of load
      balancers and of spot machines, which an account gets with its first one.
    - Route 53: records below the base domains. Zones are made and removed for each cluster, under unknown ids.

    None of these hinders a permission check: with credentialsMode set, as here it always is, neither the installer nor
    the credential operator simulates the policies.
    """
    arn = f"arn:{reach.partition}"
    named = f"{reach.cluster_prefix}*"
    regions = {"StringEquals": {"aws:RequestedRegion": sorted(reach.regions)}} if reach.regions else {}
    tagged = {"StringEquals": {**regions.get("StringEquals", {}), f"aws:ResourceTag/{TAG}": reach.user}}
    to_ec2 = {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}}
    linked = {"StringEquals": {"iam:AWSServiceName": ["elasticloadbalancing.amazonaws.com", "spot.amazonaws.com"]}}
    records = {
        "ForAllValues:StringLike": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"*.{domain}" for domain in sorted(reach.domains)]
        }
    }
    buckets = [f"{arn}:s3:::{named}", f"{arn}:s3:::openshift-bootstrap-data-{named}"]
    rules: dict[str, tuple[list[str], dict[str, Any]]] = {
        "Read": (["*"], {}),
        "Regional": (["*"], regions),
        "Machines": (["*"], tagged),
        "Buckets": (buckets, {}),
        "Roles": ([f"{arn}:iam::*:role/{named}"], {}),
        "PassRole": ([f"{arn}:iam::*:role/{named}"], to_ec2),
        "Profiles": ([f"{arn}:iam::*:instance-profile/{named}"], {}),
        "Users": ([f"{arn}:iam::*:user/{named}"], {}),
        "ServiceRoles": ([f"{arn}:iam::*:role/aws-service-role/*"], linked),
        "Records": (["*"], records),
        "Zones": (["*"], {}),
    }
    grouped: dict[str, list[str]] = {}
    for action in actions(reach.modes):
        grouped.setdefault(_rule(action), []).append(action)
    return [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": grouped[sid],
            "Resource": resources,
            **({"Condition": condition} if condition else {}),
        }
        for sid, (resources, condition) in rules.items()
        if sid in grouped
    ]


def _rule(action: str) -> str:
    service, _, name = action.partition(":")
    if service == "s3":
        return "Buckets"
    if service == "tag" or name.startswith(_READS):
        return "Read"
    if service == "iam":
        return _iam_rule(name)
    if service == "route53":
        return "Records" if name == "ChangeResourceRecordSets" else "Zones"
    return "Machines" if action in _MACHINES else "Regional"


def _iam_rule(name: str) -> str:
    if name in _IAM_RULES:
        return _IAM_RULES[name]
    if "InstanceProfile" in name:
        return "Profiles"
    return "Users" if any(part in name for part in _USERS) else "Roles"


def documents(reach: Reach) -> dict[str, str]:
    """Return the policy documents by the last part of their names, each short enough for a managed policy.

    What belongs together stays together, so that a new region changes one policy and moves nothing to another.

    Raises:
        ValueError: the regions or the domains alone are longer than a policy can be.
    """
    found = statements(reach)
    packed: dict[str, list[Statement]] = {}
    for subject in ("compute", "names"):
        own = [piece for one in found if (one["Sid"] in COMPUTE) == (subject == "compute") for piece in _pieces(one)]
        for number, part in enumerate(_packed(own)):
            packed[f"{subject}-{number}" if number else subject] = part
    written = {name: _document(part) for name, part in packed.items()}
    for name, document in written.items():
        if len(document) >= LIMIT:
            raise ValueError(
                f"policy {name} of {reach.user} has {len(document)} characters: too many regions or domains"
            )
    return written


def _packed(pieces: Iterable[Statement]) -> list[list[Statement]]:
    packed: list[list[Statement]] = []
    for piece in pieces:
        if packed and len(_document([*packed[-1], piece])) < LIMIT:
            packed[-1].append(piece)
        else:
            packed.append([piece])
    return packed


def _document(found: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": found}, separators=(",", ":"))


def _pieces(statement: Statement) -> Iterator[Statement]:
    """Halve a statement until it fits; the halves share its condition."""
    if len(_document([statement])) < LIMIT or len(statement["Action"]) == 1:
        yield statement
        return
    middle = len(statement["Action"]) // 2
    for number, part in enumerate((statement["Action"][:middle], statement["Action"][middle:])):
        yield from _pieces({**statement, "Sid": f"{statement['Sid']}{number}", "Action": part})
