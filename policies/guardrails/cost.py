"""What a stack may cost."""

from collections import Counter
from collections.abc import Iterator, Sequence

from . import prices
from .durations import seconds
from .install_configs import KEY, install_config, machines, secret_texts
from .model import Config, Finding, Reads, Resource, Rule
from .types import POOL, SECRET

POOLS = "https://github.com/openshift/hive/blob/master/docs/clusterpools.md"
NUMBER = {"type": "integer"}
TEXTS = {"type": "array", "items": {"type": "string"}}
INSTALL_CONFIG = Reads(SECRET, ("metadata.name", "stringData.*", "data.*"), names="*-install-config-*")


def _number(resource: Resource, path: str) -> int | None:
    value = resource.at(path)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def pool_size(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """The pool has a cap, within the budget."""
    for pool in resources:
        cap = _number(pool, "spec.maxSize")
        if cap is None or cap < 1:
            yield Finding(pool.urn, "spec.maxSize is missing: Hive would install without limit")
        elif cap > config["maximum"]:
            yield Finding(pool.urn, f"spec.maxSize is {cap}, the budget of a pool is {config['maximum']}")


def clusters(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """All pools together, and those of each region, are within the budget."""
    regions: Counter[str] = Counter()
    for pool in resources:
        regions[str(pool.at("spec.platform.aws.region"))] += _number(pool, "spec.maxSize") or 0
    for region, count in sorted(regions.items()):
        if count > config["perRegion"]:
            yield Finding(resources[0].urn, f"{count} clusters in {region}, its budget is {config['perRegion']}")
    if regions.total() > config["perStack"]:
        yield Finding(resources[0].urn, f"{regions.total()} clusters in all pools, the budget is {config['perStack']}")


def running(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Few clusters run while nobody needs them."""
    count = sum(_number(pool, "spec.runningCount") or 0 for pool in resources)
    if count > config["maximum"]:
        yield Finding(resources[0].urn, f"{count} clusters are kept running, the budget is {config['maximum']}")


def claim_lifetime(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Every claim of the pool ends."""
    limit = seconds(config["maximum"])
    for pool in resources:
        for path in ("spec.claimLifetime.default", "spec.claimLifetime.maximum"):
            length = seconds(pool.at(path))
            if length is None:
                yield Finding(pool.urn, f"{path} is missing: a forgotten claim would keep its cluster for ever")
            elif limit is None or length > limit:
                yield Finding(pool.urn, f"{path} is {pool.at(path)}, the budget is {config['maximum']}")


def instances(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Clusters have the machines that are allowed, and not too many."""
    for secret in resources:
        parsed = install_config(secret)
        if not parsed:
            if INSTALL_CONFIG.covers(secret) or KEY in secret_texts(secret):
                yield Finding(secret.urn, f"has no {KEY} that can be read")
            continue
        roles = machines(parsed)
        for role in roles:
            if config["types"] and role.type not in config["types"]:
                yield Finding(secret.urn, f"{role.role} is {role.type}; allowed: {', '.join(config['types'])}")
        count = sum(role.replicas for role in roles)
        if count > config["maximum"]:
            yield Finding(secret.urn, f"a cluster has {count} machines, the budget is {config['maximum']}")


def regions(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Pools are where they may be."""
    for pool in resources:
        region = pool.at("spec.platform.aws.region")
        if config["allowed"] and region not in config["allowed"]:
            yield Finding(pool.urn, f"region {region}; allowed: {', '.join(config['allowed'])}")


def monthly(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """The stack costs no more than its budget, at rest and at full burst."""
    figures = prices.figures(resources, config["prices"])
    anchor = next((resource for resource in resources if resource.type == POOL), None)
    if not anchor:
        return
    for gap in figures.gaps:
        yield Finding(anchor.urn, f"the price table of {config['prices']['date']} has no {gap}")
    for state, amount in (("rest", figures.rest), ("burst", figures.burst)):
        if amount > config[state]:
            yield Finding(anchor.urn, f"about ${amount:.0f} a month at {state}, the budget is ${config[state]}")


RULES = (
    Rule(
        "pool-size", "cost", "critical",
        "Without maxSize each claim also installs a spare, and a loop of claims has no end.",
        "Set spillway:pools[].maxSize, or raise spillway:guardrails.maxClustersPerPool.",
        POOLS, (Reads(POOL, ("spec.maxSize",)),), pool_size, schema={"maximum": NUMBER},
    ),
    Rule(
        "clusters", "cost", "high",
        "Pools that are small by themselves add up, on the bill and against the quotas of a region.",
        "Lower maxSize, or raise spillway:guardrails.maxClusters or maxClustersPerRegion.",
        POOLS, (Reads(POOL, ("spec.maxSize", "spec.platform.aws.region")),), clusters, each=False,
        schema={"perRegion": NUMBER, "perStack": NUMBER},
    ),
    Rule(
        "running-clusters", "cost", "high",
        "A cluster that is not hibernated costs about a dollar an hour for six machines, day and night.",
        "Lower spillway:pools[].running, or raise spillway:guardrails.maxRunning.",
        POOLS, (Reads(POOL, ("spec.runningCount",)),), running, each=False, schema={"maximum": NUMBER},
    ),
    Rule(
        "claim-lifetime", "cost", "critical",
        "The lifetime is the last thing that ends a burst when all else fails.",
        "Set spillway:pools[].claimLifetime, or raise spillway:guardrails.maxClaimLifetime.",
        POOLS, (Reads(POOL, ("spec.claimLifetime.default", "spec.claimLifetime.maximum")),), claim_lifetime,
        schema={"maximum": {"type": "string"}},
    ),
    Rule(
        "instance-types", "cost", "high",
        "Machines are most of what a running cluster costs.",
        "Choose an allowed type, or add it to spillway:guardrails.instanceTypes; maxMachines is the number a cluster.",
        "https://github.com/openshift/installer/blob/main/docs/user/aws/customization.md",
        (INSTALL_CONFIG, Reads(SECRET)), instances,
        schema={"types": TEXTS, "maximum": NUMBER},
    ),
    Rule(
        "regions", "cost", "high",
        "Prices, quotas and where data may be differ by region.",
        "Move the pool, or add the region to spillway:guardrails.regions.",
        POOLS, (Reads(POOL, ("spec.platform.aws.region",)),), regions, schema={"allowed": TEXTS},
    ),
    Rule(
        "monthly-cost", "cost", "medium",
        "A hibernated cluster is not free: disks, gateways, addresses and load balancers stay.",
        "Make pools smaller or use fewer zones, or raise spillway:guardrails.monthlyAtRest or monthlyAtBurst.",
        POOLS,
        (
            Reads(POOL, ("spec.size", "spec.maxSize", "spec.runningCount", "spec.platform.aws.region")),
            INSTALL_CONFIG,
        ),
        monthly, each=False,
        schema={"rest": {"type": "number"}, "burst": {"type": "number"}, "prices": {"type": "object"}},
    ),
)  # fmt: skip
