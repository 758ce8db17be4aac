"""Versions 1 and 2 of Skupper share the operator's package; only the channel tells them apart."""

import re
from collections.abc import Iterator

from settings.hub import Operator
from settings.mistakes import Mistake, wrong

# The old channels name no version.
_CHANNEL = re.compile(r"stable-v?([12])(?:\.([0-9]+))?")
_CSV = re.compile(r"[a-z0-9-]+\.v([12])\..+")
CHANNELS = {1: "stable-1.9", 2: "stable-2.2"}


def minor_of(channel: str) -> int | None:
    """Return the minor version that a channel is pinned to, None if it names none."""
    found = _CHANNEL.fullmatch(channel)
    return int(found[2]) if found and found[2] else None


def of_version(path: str, operator: Operator, version: int, key: str) -> Iterator[Mistake]:
    """Yield what of an operator is not of a major version.

    Args:
        path: the operator's config path.
        operator: channel and version.
        version: the major version that is wanted.
        key: the config key that says so.
    """
    channel = _CHANNEL.fullmatch(operator.channel)
    if not channel or int(channel[1]) != version:
        yield wrong(
            f"{path}.channel",
            f"got {operator.channel!r}, but {key} is {version}",
            f"a channel of version {version}, which all clusters get: the two versions cannot talk",
            CHANNELS[version],
        )
    csv = _CSV.fullmatch(operator.starting_csv or "")
    if operator.starting_csv and (not csv or int(csv[1]) != version):
        yield wrong(
            f"{path}.startingCsv",
            f"got {operator.starting_csv!r}, but {key} is {version}",
            f"a ClusterServiceVersion of version {version}",
            f"skupper-operator.v{version}.0.0",
        )
