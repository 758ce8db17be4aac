"""Rules on the AWS account: identity, keys, hosted zones, and how the pools use them."""

from collections.abc import Iterator, Mapping

from settings.application import Guardrails
from settings.aws import Aws
from settings.mistakes import Mistake, config_path, remove_command, wrong
from settings.pools import Pool

# AWS allows a user two access keys.
MOST_KEYS = 2

Pools = Mapping[int, Pool]


def account(aws: Aws | None) -> Iterator[Mistake]:
    """Check that the account is named before anything is made in it."""
    if aws and (aws.identity or aws.zones) and not aws.account:
        yield wrong(
            config_path("aws", ["account"]),
            "is missing, and identity or zones need it",
            "the account's number: nothing is made in any other account",
            "123456789012",
        )


def keys(aws: Aws | None) -> Iterator[Mistake]:
    """Check the generations of the access key."""
    if not aws or not aws.identity:
        return
    generations = aws.identity.keys
    path = config_path("aws", ["identity", "keys", 0])
    if not generations:
        yield wrong(path, "is missing", "at least one generation of the key", "a")
    if len(generations) > MOST_KEYS:
        allowed = "at most 2, as AWS allows a user no more: drop the oldest when no cluster holds it any more"
        yield Mistake(path, f"is one of {len(generations)} keys", allowed, remove_command(path))
    for position, generation in enumerate(generations):
        if generation in generations[:position]:
            path = config_path("aws", ["identity", "keys", position])
            yield Mistake(path, f"{generation!r} is there twice", "each generation once", remove_command(path))
    if not aws.identity.modes:
        yield wrong(config_path("aws", ["identity", "modes", 0]), "is missing", "at least one mode", "Passthrough")


def identity(pools: Pools, aws: Aws | None, guardrails: Guardrails | None) -> Iterator[Mistake]:
    """Check that the pools which take their key from the identity are within its reach."""
    for index, pool in pools.items():
        if pool.credentials.source != "identity" or not aws:
            continue
        if not aws.identity:
            yield wrong(
                config_path("aws", ["identity", "user"]),
                f"is missing, and pool {pool.name} takes its key from it",
                "a name for the IAM user",
                "spillway-installer",
            )
            continue
        yield from _within(index, pool, aws)
        regions = guardrails.regions if guardrails else ()
        if regions and pool.region not in regions:
            yield wrong(
                config_path("guardrails", ["regions", len(regions)]),
                f"has no {pool.region}, the region of pool {pool.name}",
                "the regions of all pools with source identity: its user may act in these only",
                pool.region,
            )


def _within(index: int, pool: Pool, aws: Aws) -> Iterator[Mistake]:
    if not aws.identity:
        return
    prefix, modes = aws.identity.cluster_prefix, aws.identity.modes
    if not pool.name.startswith(prefix):
        yield wrong(
            config_path("pools", [index, "name"]),
            f"{pool.name!r} does not begin with {prefix!r}",
            "aws.identity.clusterPrefix, and more: the identity may touch only clusters that are named so",
            f"{prefix}-{pool.name}"[:48].rstrip("-"),
        )
    if pool.credentials_mode is None or (modes and pool.credentials_mode not in modes):
        yield wrong(
            config_path("pools", [index, "credentialsMode"]),
            "is missing" if pool.credentials_mode is None else f"got {pool.credentials_mode}",
            f"one of aws.identity.modes ({', '.join(modes)}), the modes that the identity has the permissions for",
            modes[0] if modes else "Passthrough",
        )
    if pool.base_domain not in {zone.name for zone in aws.zones}:
        yield wrong(
            config_path("aws", ["zones", len(aws.zones), "name"]),
            f"there is no zone {pool.base_domain}, the base domain of pool {pool.name}",
            "a zone for each base domain: the identity may write records of these only",
            pool.base_domain,
        )


def zones(pools: Pools, aws: Aws | None, *, all_pools: bool) -> Iterator[Mistake]:
    """Check the hosted zones. One without a pool is allowed: it has to outlive the pool's clusters."""
    for index, zone in enumerate(aws.zones if aws else ()):
        path = config_path("aws", ["zones", index, "name"])
        parent = config_path("aws", ["zones", index, "parent"])
        if aws and zone.name in {other.name for other in aws.zones[:index]}:
            entry = config_path("aws", ["zones", index])
            yield Mistake(path, f"{zone.name!r} is there already", "each zone once", remove_command(entry))
        if zone.parent and zone.source == "existing":
            allowed = "nothing, as source is existing: an existing zone is delegated already"
            yield Mistake(parent, f"got {zone.parent!r}", allowed, remove_command(parent))
        elif zone.parent and not zone.name.endswith(f".{zone.parent}"):
            yield wrong(parent, f"got {zone.parent!r}", f"a zone above {zone.name}", zone.name.partition(".")[2])
        elif zone.parent and aws and zone.parent in {other.name for other in aws.zones if other.source == "create"}:
            allowed = "a zone that exists: it is looked up before anything is made; or nothing, and delegate by hand"
            yield Mistake(parent, f"got {zone.parent!r}, which the stack makes itself", allowed, remove_command(parent))
    if not aws or not aws.zones or not all_pools:
        return
    names = {zone.name for zone in aws.zones}
    for index, pool in pools.items():
        if pool.base_domain not in names and pool.credentials.source != "identity":
            yield wrong(
                config_path("pools", [index, "baseDomain"]),
                f"there is no zone {pool.base_domain!r} in spillway:aws.zones",
                f"the name of a zone, one of {', '.join(sorted(names))}",
                min(names),
            )
