"""Values that the settings are made of: each knows its own form, and says it when something else is given."""

import hashlib
import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from settings.addresses import parse_range

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
# Hive's pattern for durations (ClusterClaim and ClusterPool CRDs): no days, no weeks.
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
# More than Go's int64 of nanoseconds can hold would overflow in Hive.
_LONGEST = 2**63 - 1


def nanoseconds(text: str) -> int:
    """Return the length of a Go duration.

    Raises:
        ValueError: the text is none.
    """
    if not re.fullmatch(rf"(?:{_DURATION.pattern})+", text, re.ASCII):
        raise ValueError(f"{text!r} is not a duration")
    total = sum((Decimal(number) * _NANOSECONDS[unit] for number, unit in _DURATION.findall(text)), Decimal(0))
    if total > _LONGEST:
        raise ValueError(f"{text!r} is longer than 292 years")
    return int(total)


def canonical_duration(text: str) -> str:
    """Return a duration as Go prints it: "8h" is "8h0m0s".

    Hive stores durations in this form. Written in another, the two would rewrite each other for ever.

    Raises:
        ValueError: the text is no duration.
    """
    left = nanoseconds(text)
    if left == 0:
        return "0s"
    for unit in ("ns", "µs", "ms"):
        if left < _NANOSECONDS["s"] and left < 1000 * _NANOSECONDS[unit]:
            return f"{_decimal(left, _NANOSECONDS[unit])}{unit}"
    hours, left = divmod(left, _NANOSECONDS["h"])
    minutes, left = divmod(left, _NANOSECONDS["m"])
    text = f"{_decimal(left, _NANOSECONDS['s'])}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


def _decimal(value: int, unit: int) -> str:
    whole, fraction = divmod(value, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _checked(allowed: str, test: Callable[[str], bool]) -> AfterValidator:
    def check(value: str) -> str:
        if not test(value):
            raise PydanticCustomError("value", "{allowed}", {"allowed": allowed})
        return value

    return AfterValidator(check)


def _matches(allowed: str, pattern: str, longest: int = 253) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)
    return _checked(allowed, lambda value: len(value) <= longest and compiled.fullmatch(value) is not None)


def _duration(text: str) -> str:
    try:
        return canonical_duration(text)
    except ValueError:
        raise PydanticCustomError(
            "value", "a duration in hours, minutes and seconds such as 8h or 1h30m; Hive knows no days"
        ) from None


_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"

Duration = Annotated[str, AfterValidator(_duration)]
Name = Annotated[
    str, _matches("at most 63 lower-case letters, digits and hyphens, beginning with a letter (RFC 1123)", _LABEL, 63)
]
# Hive names clusters <pool>-<five characters>, and the installer takes 54 characters.
PoolName = Annotated[
    str,
    _matches(
        "at most 48 lower-case letters, digits and hyphens, beginning with a letter: "
        "clusters are named <pool>-xxxxx, and the installer takes 54 characters",
        _LABEL,
        48,
    ),
]
# The installer cuts a cluster's name to 21 characters for the names of what it makes; the credential operator to 20.
ClusterPrefix = Annotated[
    str, _matches("at most 20 lower-case letters, digits and hyphens, beginning with a letter", _LABEL, 20)
]
# `pulumi config set --path` and YAML make numbers of it.
AccountId = Annotated[
    str,
    BeforeValidator(lambda value: f"{value:012d}" if type(value) is int and value >= 0 else value),
    _matches("an AWS account number of 12 digits", r"[0-9]{12}"),
]
DnsName = Annotated[str, _matches("a DNS name such as example.com", rf"{_LABEL}(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+")]
Region = Annotated[str, _matches("an AWS region such as us-east-1", r"[a-z]{2}(-[a-z]+)+-[0-9]")]
Zone = Annotated[str, _matches("an AWS zone such as us-east-1a", r"[a-z]{2}(-[a-z]+)+-[0-9][a-z]")]
InstanceType = Annotated[str, _matches("an EC2 instance type such as m6a.xlarge", r"[a-z][a-z0-9-]*\.[a-z0-9-]+")]


def _is_network(text: str) -> bool:
    try:
        return str(ipaddress.IPv4Network(text)) == text
    except ValueError:
        return False


Network = Annotated[str, _checked("an IPv4 range such as 10.0.0.0/16, without bits behind the prefix", _is_network)]
# AWS's own limits, and what the installer keeps for itself (pkg/types/aws/validation/platform.go).
TagKey = Annotated[
    str,
    _checked(
        "a tag key: at most 128 letters, digits, spaces and _.:/=+-@, other than Name, and not under kubernetes.io/, "
        "openshift.io/ or aws:, which others own",
        lambda key: bool(
            re.fullmatch(r"(?!aws:|name$|([^/]*\.)?(kubernetes|openshift)\.io/)[\w.:/=+@ -]{1,128}", key, re.A | re.I)
        ),
    ),
]
TagText = Annotated[str, _matches("a tag value: 1 to 256 letters, digits, spaces and _.:/=+-@", r"[\w.:/=+@ -]+", 256)]
SshKey = Annotated[
    str,
    _matches(
        "a public SSH key of one line, such as the content of ~/.ssh/id_ed25519.pub",
        r"(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9-]+@openssh\.com) [A-Za-z0-9+/]+=*( [^\n]*)?",
        16384,
    ),
]
Quantity = Annotated[
    str, _matches("a Kubernetes quantity such as 500m or 1024Mi", r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
]
Image = Annotated[
    str,
    _matches(
        "an image pinned by a tag other than latest, or by digest",
        r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})",
        512,
    ),
]
# Credentials in the address would be a secret in plain, in git and in the ApplicationSet.
Repository = Annotated[
    str,
    _matches(
        "an https or ssh address of a git repository, without credentials (file:///... in the lab only)",
        r"(https://|ssh://git@|git@|file:///)[^@\s]+",
    ),
]
Page = Annotated[
    str, _matches("an https or http address without credentials and without #...", r"https?://[^@\s#/]+(/[^\s#]*)?")
]
RelativePath = Annotated[
    str,
    _checked(
        "a folder of the repository, written without a leading slash and without ..",
        lambda path: bool(re.fullmatch(r"[A-Za-z0-9._/-]+", path)) and path[0] != "/" and ".." not in path.split("/"),
    ),
]
Revision = Annotated[str, _matches("a branch, tag or commit", r"[A-Za-z0-9][A-Za-z0-9._/-]*")]
Cron = Annotated[
    str,
    _checked(
        "five fields, minute first (six or seven with seconds first), such as */1 * * * *",
        lambda text: len(text.split()) in (5, 6, 7) and bool(re.fullmatch(r"[0-9*/,?A-Za-z\s-]+", text)),
    ),
]
LabelText = Annotated[
    str,
    _matches(
        "a label value: at most 63 letters, digits, -, _ and .", r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?", 63
    ),
]
LabelKey = Annotated[
    str,
    _matches(
        "a label key such as example.com/team",
        r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
    ),
]
Text = Annotated[str, _matches("a text of one line", r"[^\x00-\x1f]+", 512)]


def _is_range(text: str) -> bool:
    try:
        parse_range(text)
    except ValueError:
        return False
    return True


# Skupper's router refuses others and restarts for ever (skupperproject/skupper#2373).
LinkCost = Annotated[int, Field(ge=1, le=2**31 - 1)]
AddressRange = Annotated[
    str, _checked("a CIDR such as 172.18.1.0/24, or two addresses such as 172.18.1.10-172.18.1.20", _is_range)
]


class SecretText:
    """A secret. It prints as `[secret]`; `digest` names its content without telling it."""

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Return the value."""
        return self._value

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits of its SHA-256."""
        return hashlib.sha256(self._value.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        return "[secret]"
