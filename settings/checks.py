"""Rules between parts of the settings. Each looks only at parts that are valid by themselves, so that all are told."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from settings import aws_checks, cluster_checks
from settings.application import Burst, Delivery, Guardrails, Interconnect, Workload
from settings.aws import Aws
from settings.hub import KYVERNO_CHART, ClusterSet, Hub, Kyverno, Operators
from settings.mistakes import Mistake, config_path, remove_command, set_command, wrong
from settings.pools import Pool
from settings.skupper_operator import of_version
from settings.values import canonical_duration, nanoseconds
from settings.watch import Watch

CLUSTER_SET_LABEL = "cluster.open-cluster-management.io/clusterset"
# OpenShift, ACM and GitOps own these; a pool in one of them would delete it when it goes.
RESERVED = (
    "default",
    "openshift",
    "openshift-gitops",
    "openshift-operators",
    "openshift-marketplace",
    "multicluster-engine",
)
# The longest name made of both is <pool>-<burst>-heartbeat, which Kyverno uses as the value of a label (63).
LONGEST_PAIR = 52


@dataclass
class Parts:
    """The parts of a config that are valid by themselves; pools and bursts by their position in the file."""

    hub: Hub | None = None
    cluster_set: ClusterSet | None = None
    pools: dict[int, Pool] = field(default_factory=dict[int, Pool])
    workload: Workload | None = None
    bursts: dict[int, Burst] = field(default_factory=dict[int, Burst])
    delivery: Delivery | None = None
    interconnect: Interconnect | None = None
    guardrails: Guardrails | None = None
    aws: Aws | None = None
    watch: Watch | None = None
    all_pools: bool = False


def _operators(parts: Parts) -> Iterator[Mistake]:
    if not parts.hub:
        return
    for name in ("gitops", "acm", "skupper"):
        operator = getattr(parts.hub.operators, name)
        if operator and operator.approval == "Manual" and not operator.starting_csv:
            yield wrong(
                config_path("hub", ["operators", name, "startingCsv"]),
                "is missing, and approval is Manual",
                "the ClusterServiceVersion to install; the program approves just that one",
                f"{name}.v1.0.0",
            )
    yield from _neighbours(parts.hub.operators)


def _neighbours(operators: Operators) -> Iterator[Mistake]:
    """GitOps and Skupper share a namespace, where OLM's plans are for all of it; ACM has one of its own."""
    approvals = {
        "gitops": operators.gitops.approval,
        "skupper": operators.skupper.approval if operators.skupper else "Automatic",
    }
    for name, other in (("gitops", "skupper"), ("skupper", "gitops")):
        if (approvals[name], approvals[other]) == ("Manual", "Automatic"):
            yield wrong(
                config_path("hub", ["operators", name, "approval"]),
                f"got Manual, but that of {other} is Automatic",
                "the same for both: they share a namespace, where OLM lets all wait for approval once one is Manual",
                "Automatic",
            )


def kyverno_version(kyverno: Kyverno, path: str) -> Iterator[Mistake]:
    """Tell whether the chart is pinned; `path` is that of the version."""
    if kyverno.install == "chart" and not kyverno.version:
        allowed = "the version of the chart, so that it is pinned"
        yield wrong(path, "is missing, and install is chart", allowed, KYVERNO_CHART)


def _kyverno(parts: Parts) -> Iterator[Mistake]:
    if parts.hub:
        yield from kyverno_version(parts.hub.kyverno, config_path("hub", ["kyverno", "version"]))


def _sizes(parts: Parts) -> Iterator[Mistake]:
    for index, pool in parts.pools.items():
        if pool.running > pool.size:
            yield wrong(
                config_path("pools", [index, "running"]),
                f"got {pool.running}, but size is {pool.size}",
                "at most size: the running clusters are some of those that are kept ready",
                pool.size,
            )
        if pool.size > pool.max_size:
            yield wrong(
                config_path("pools", [index, "maxSize"]),
                f"got {pool.max_size}, but size is {pool.size}",
                "at least size: it caps all clusters of the pool, claimed ones too",
                pool.size + 1,
            )


def _zones(parts: Parts) -> Iterator[Mistake]:
    for index, pool in parts.pools.items():
        for position, zone in enumerate(pool.zones):
            path = config_path("pools", [index, "zones", position])
            if zone[:-1] != pool.region:
                yield wrong(path, f"got {zone!r}", f"a zone of {pool.region}", f"{pool.region}a")
            elif zone in pool.zones[:position]:
                yield Mistake(path, f"{zone!r} is there twice", "each zone once", remove_command(path))


def _clusters(parts: Parts) -> Iterator[Mistake]:
    rules = (cluster_checks.machines, cluster_checks.releases, cluster_checks.volumes, cluster_checks.networks)
    for rule in (*rules, cluster_checks.tags):
        yield from rule(parts.pools)


def _lifetimes(parts: Parts) -> Iterator[Mistake]:
    for index, pool in parts.pools.items():
        lifetime = pool.claim_lifetime
        if nanoseconds(lifetime.default) > nanoseconds(lifetime.maximum):
            yield wrong(
                config_path("pools", [index, "claimLifetime", "default"]),
                f"got {lifetime.default}, but maximum is {lifetime.maximum}",
                "at most maximum",
                lifetime.maximum,
            )
    pools = {pool.name: pool for pool in parts.pools.values()}
    for index, burst in parts.bursts.items():
        path = config_path("bursts", [index, "lifetime"])
        if nanoseconds(burst.lifetime) <= nanoseconds(burst.minimum_hold):
            yield wrong(
                config_path("bursts", [index, "minimumHold"]),
                f"got {burst.minimum_hold}, but lifetime is {burst.lifetime}",
                "shorter than lifetime, or every claim ends by its lifetime",
                canonical_duration(f"{nanoseconds(burst.lifetime) // 2}ns"),
            )
        pool = pools.get(burst.pool)
        if pool and nanoseconds(burst.lifetime) > nanoseconds(pool.claim_lifetime.maximum):
            maximum = pool.claim_lifetime.maximum
            yield wrong(
                path,
                f"got {burst.lifetime}",
                f"at most {maximum}, the maximum of pool {pool.name}: Hive cuts it",
                maximum,
            )


def _credentials(parts: Parts) -> Iterator[Mistake]:
    for index, pool in parts.pools.items():
        source = pool.credentials.source
        for key, value in (("awsSecret", pool.credentials.aws_secret), ("pullSecret", pool.credentials.pull_secret)):
            path = config_path("pools", [index, "credentials", key])
            if source == "existing" and not value:
                yield wrong(path, "is missing, and source is existing", "a Secret in the pool's namespace", "name")
            if value and (source == "config" or (source == "identity" and key == "awsSecret")):
                allowed = f"nothing, as source is {source}: the program makes the Secret and names it"
                yield Mistake(path, f"got {value!r}", allowed, remove_command(path))


def _aws(parts: Parts) -> Iterator[Mistake]:
    yield from aws_checks.account(parts.aws)
    yield from aws_checks.keys(parts.aws)
    yield from aws_checks.identity(parts.pools, parts.aws, parts.guardrails)
    yield from aws_checks.zones(parts.pools, parts.aws, all_pools=parts.all_pools)


def _labels(parts: Parts) -> Iterator[Mistake]:
    for index, pool in parts.pools.items():
        if CLUSTER_SET_LABEL in pool.labels:
            path = config_path("pools", [index, "labels", CLUSTER_SET_LABEL])
            allowed = "any other label: this one is the program's, and ACM lets nobody change it"
            yield Mistake(path, "is the cluster-set label", allowed, remove_command(path))


def _unique(section: str, names: dict[int, str]) -> Iterator[Mistake]:
    counts = Counter(names.values())
    seen: set[str] = set()
    for index, name in names.items():
        if counts[name] > 1 and name in seen:
            path = config_path(section, [index, "name"])
            yield wrong(path, f"{name!r} is there already", "a name of its own", f"{name[:40]}-{index}")
        seen.add(name)


def _names(parts: Parts) -> Iterator[Mistake]:
    yield from _unique("pools", {index: pool.name for index, pool in parts.pools.items()})
    yield from _unique("bursts", {index: burst.name for index, burst in parts.bursts.items()})


def _namespaces(parts: Parts) -> Iterator[Mistake]:
    owned: dict[str, str] = dict.fromkeys(RESERVED, "OpenShift")
    if parts.hub:
        owned[parts.hub.multi_cluster_hub.namespace] = "ACM"
        owned[parts.hub.kyverno.namespace] = "Kyverno"
    if parts.workload:
        owned[parts.workload.namespace] = "the application"
    for index, pool in parts.pools.items():
        others = {other.place: f"pool {other.name}" for at, other in parts.pools.items() if at < index}
        owner = {**owned, **others}.get(pool.place)
        if owner:
            yield wrong(
                config_path("pools", [index, "namespace"]),
                f"{pool.place!r} is the namespace of {owner}",
                "a namespace of its own: ACM deletes a pool's Secrets with it, and its namespace holds the claims",
                f"{pool.name}-pool",
            )
        for at, other in parts.pools.items():
            # Hive makes a namespace for each cluster, named <pool>-<five characters>.
            suffix = pool.place.removeprefix(f"{other.name}-")
            if at != index and pool.place != suffix and len(suffix) == 5 and suffix.isalnum():
                yield wrong(
                    config_path("pools", [index, "namespace"]),
                    f"{pool.place!r} may be the name of a cluster of pool {other.name}",
                    "a namespace that is not <another pool>-<five characters>",
                    f"{pool.name}-pool",
                )


def _references(parts: Parts) -> Iterator[Mistake]:
    names = sorted(pool.name for pool in parts.pools.values())
    taken: dict[str, str] = {}
    for index, burst in parts.bursts.items():
        path = config_path("bursts", [index, "pool"])
        if burst.pool not in names and parts.all_pools:
            yield wrong(path, f"there is no pool {burst.pool!r}", f"one of {', '.join(names)}", names[0])
        if burst.pool in taken:
            allowed = "a pool of its own: two triggers on one pool would take each other's clusters"
            free = sorted(set(names) - {other.pool for other in parts.bursts.values()})
            mend = set_command(path, free[0]) if free else remove_command(config_path("bursts", [index]))
            yield Mistake(path, f"burst {taken[burst.pool]} has pool {burst.pool!r} already", allowed, mend)
        taken.setdefault(burst.pool, burst.name)
        if len(burst.pool) + len(burst.name) > LONGEST_PAIR:
            yield wrong(
                config_path("bursts", [index, "name"]),
                f"{burst.pool}-{burst.name} has {len(burst.pool) + len(burst.name) + 1} characters",
                f"at most {LONGEST_PAIR} for pool and burst together: Kyverno's policies are named by both",
                burst.name[: max(1, LONGEST_PAIR - len(burst.pool))].rstrip("-"),
            )


def _stability(parts: Parts) -> Iterator[Mistake]:
    workload = parts.workload
    if workload and workload.min_replicas > workload.max_replicas:
        yield wrong(
            config_path("workload", ["minReplicas"]),
            f"got {workload.min_replicas}, but maxReplicas is {workload.max_replicas}",
            "at most maxReplicas",
            1,
        )
    for index, burst in parts.bursts.items():
        if burst.release_at + burst.replicas >= burst.claim_at:
            yield wrong(
                config_path("bursts", [index, "claimAt"]),
                f"got {burst.claim_at}, but releaseAt + replicas is {burst.release_at} + {burst.replicas}",
                "more than releaseAt + replicas: the burst cluster takes load off the hub, so with less the hub "
                "falls to releaseAt by that alone, the cluster is released, the load comes back, and it claims again",
                burst.release_at + burst.replicas + 1,
            )
        if workload and burst.claim_at > workload.max_replicas:
            yield wrong(
                config_path("workload", ["maxReplicas"]),
                f"got {workload.max_replicas}, but burst {burst.name} claims at {burst.claim_at}",
                "at least claimAt, or no burst ever begins",
                burst.claim_at + 1,
            )
        if workload and workload.min_replicas > burst.release_at:
            yield wrong(
                config_path("bursts", [index, "releaseAt"]),
                f"got {burst.release_at}, but the autoscaler never goes below {workload.min_replicas} (minReplicas)",
                "at least minReplicas, or no burst ever ends",
                workload.min_replicas,
            )


def not_skuppers(name: str, path: str) -> Iterator[Mistake]:
    """Tell whether an application has the name of a Service of Skupper's own, at which a listener would stop."""
    if name == "skupper" or name.startswith("skupper-"):
        allowed = "a name of its own: Skupper has Services called so"
        yield wrong(path, f"got {name!r}", allowed, f"my-{name}"[:63].rstrip("-"))


def _network(parts: Parts) -> Iterator[Mistake]:
    if parts.workload:
        yield from not_skuppers(parts.workload.name, config_path("workload", ["name"]))
    if parts.interconnect and parts.workload and parts.interconnect.namespace != parts.workload.namespace:
        yield wrong(
            config_path("interconnect", ["namespace"]),
            f"got {parts.interconnect.namespace!r}, but the application is in {parts.workload.namespace!r}",
            "the application's namespace: Skupper exposes what is in the site's",
            parts.workload.namespace,
        )


def _skupper(parts: Parts) -> Iterator[Mistake]:
    operator = parts.hub.operators.skupper if parts.hub else None
    if parts.interconnect and operator:
        path, version = config_path("hub", ["operators", "skupper"]), parts.interconnect.version
        yield from of_version(path, operator, version, "interconnect.version")


def _prefixes(parts: Parts) -> Iterator[Mistake]:
    if not parts.interconnect:
        return
    for key, prefix in (("token", parts.interconnect.token), ("sync", parts.interconnect.sync)):
        longest = max((len(pool.name) for pool in parts.pools.values()), default=0)
        if len(prefix) + longest + 1 > 63:
            yield wrong(
                config_path("interconnect", [key]),
                f"{prefix}-<pool> has up to {len(prefix) + longest + 1} characters",
                "at most 63 with the longest pool's name",
                prefix[: max(1, 62 - longest)].rstrip("-"),
            )


CHECKS: tuple[Callable[[Parts], Iterator[Mistake]], ...] = (
    _operators, _kyverno, _sizes, _zones, _clusters, _lifetimes, _credentials, _aws, _labels, _names, _namespaces,
    _references, _stability, _network, _skupper, _prefixes,
)  # fmt: skip


def check(parts: Parts) -> list[Mistake]:
    """Return every broken rule."""
    return [mistake for rule in CHECKS for mistake in rule(parts)]
