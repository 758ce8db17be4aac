"""What a pool and its claims do next: Hive's decisions as pure functions.

Source: openshift/hive, pkg/controller/clusterpool (Reconcile, getClustersToDelete, reconcileDeletedPool,
assignClustersToClaims) and pkg/controller/clusterclaim (getClaimLifetime).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from settings.values import nanoseconds


@dataclass(frozen=True)
class PoolCluster:
    """A cluster of a pool, as the arithmetic sees it."""

    name: str
    installed: bool = False
    running: bool = False
    claim: str | None = None
    deleting: bool = False
    # Its claim was released; the pool is to delete it.
    released: bool = False

    @property
    def free(self) -> bool:
        """Whether the cluster is unclaimed and to be kept."""
        return not (self.claim or self.deleting or self.released)


@dataclass(frozen=True)
class PoolSize:
    """The numbers of a pool; None is no limit."""

    size: int
    running: int = 0
    maximum: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True)
class Plan:
    """What to do: who gets which cluster (claim, cluster), whom to delete, how many to add, which free ones shall run.

    A missing dependency stops Hive where it adds clusters, and with that also before it resumes any.
    """

    assign: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    delete: list[str] = field(default_factory=list[str])
    add: int = 0
    run: list[str] = field(default_factory=list[str])


def plan(pool: PoolSize, clusters: Sequence[PoolCluster], pending: Sequence[str]) -> Plan:
    """Return the next step of a pool.

    A pending claim makes Hive install another cluster at once, even if a hibernated one can serve, unless the maximum
    stops it: claimed and deleting clusters count until they are gone. The oldest free clusters run. Claims are served
    in their order, only by clusters that are installed and running.

    Args:
        pool: its numbers.
        clusters: all its clusters, oldest first.
        pending: claims without a cluster, oldest first.
    """
    ready = [c.name for c in clusters if c.free and c.installed and c.running]
    assign = list(zip(pending, ready, strict=False))
    given = {cluster for _, cluster in assign}
    free = [c for c in clusters if c.free and c.name not in given]
    waiting = len(pending) - len(assign)

    delete, slots = _released(pool, clusters)
    add = 0
    drift = len(free) - pool.size - waiting
    if drift < 0:
        room = -drift if pool.maximum is None else pool.maximum - len(clusters)
        add = max(0, min(-drift, room, slots))
    elif drift > 0:
        # Those first that are furthest from serving: installing (the newest), hibernated, running (the oldest).
        surplus = [c.name for c in reversed(free) if not c.installed]
        surplus += [c.name for c in free if c.installed and not c.running]
        surplus += [c.name for c in free if c.installed and c.running]
        delete += surplus[: min(drift, slots)]
    run = [c.name for c in free if c.name not in delete][: pool.running + waiting]
    return Plan(assign, delete, add, run)


def plan_end(pool: PoolSize, clusters: Sequence[PoolCluster]) -> list[str]:
    """Return which clusters of a deleted pool to delete now; the claimed ones wait for their claims."""
    delete, slots = _released(pool, clusters)
    return delete + [c.name for c in clusters if c.free][:slots]


def _released(pool: PoolSize, clusters: Sequence[PoolCluster]) -> tuple[list[str], int]:
    """Return which released clusters to delete now, and how many more may be installed or deleted."""
    busy = sum(c.deleting or (c.free and not c.installed) for c in clusters)
    slots = len(clusters) + 2**31 if pool.concurrent is None else max(0, pool.concurrent - busy)
    delete = [c.name for c in clusters if c.released and not c.deleting][:slots]
    return delete, slots - len(delete)


def lifetime(claim: str | None, default: str | None, maximum: str | None) -> str | None:
    """Return how long a claim may live: its own or the pool's default, at most the pool's maximum; None is for ever."""
    return min((text for text in (claim or default, maximum) if text), key=nanoseconds, default=None)
