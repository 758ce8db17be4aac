"""What a pool does next: Hive's arithmetic as a pure function (openshift/hive, clusterpool_controller.go)."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PoolCluster:
    """A cluster of a pool, as the arithmetic sees it. `order` is when it was made."""

    name: str
    order: float
    installed: bool = False
    running: bool = False
    claim: str | None = None
    deleting: bool = False
    released: bool = False


@dataclass(frozen=True)
class PoolSize:
    """The numbers of a pool; None is no limit."""

    size: int
    running: int = 0
    maximum: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True)
class Plan:
    """What to do: how many to add, whom to delete, who shall run, and who gets which cluster (claim, cluster)."""

    add: int = 0
    delete: list[str] = field(default_factory=list[str])
    run: list[str] = field(default_factory=list[str])
    assign: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def plan(pool: PoolSize, clusters: Sequence[PoolCluster], pending: Sequence[str]) -> Plan:
    """Return the next step of a pool.

    A pending claim makes Hive install another cluster at once, even if a hibernated one can serve, unless the maximum
    stops it: deleting and broken clusters count until they are gone. The oldest clusters run first. Claims are served
    in their order, only by clusters that are installed and running.

    Args:
        pool: its numbers.
        clusters: all its clusters.
        pending: claims without a cluster, oldest first.
    """
    oldest = sorted(clusters, key=lambda cluster: cluster.order)
    free = [c for c in oldest if not c.claim and not c.deleting]
    installed = [c for c in free if c.installed]
    installing = [c for c in free if not c.installed]
    assign = list(zip(pending, [c.name for c in installed if c.running], strict=False))
    given = {cluster for _, cluster in assign}

    busy = len(installing) + sum(c.deleting for c in clusters)
    slots = max(0, pool.concurrent - busy) if pool.concurrent is not None else len(clusters) + len(pending) + pool.size
    delete = [c.name for c in oldest if c.released and not c.deleting][:slots]
    slots -= len(delete)

    drift = len(free) - pool.size - len(pending)
    add = 0
    if drift < 0:
        room = pool.maximum - len(clusters) if pool.maximum is not None else -drift
        add = max(0, min(-drift, room, slots))
    elif drift > 0:
        # Newest first, those that have cost least: installing, then hibernated, then running.
        surplus = [*reversed(installing), *(c for c in reversed(installed) if not c.running)]
        surplus += [c for c in reversed(installed) if c.running]
        delete += [c.name for c in surplus if c.name not in given][:drift][:slots]
    run = [c.name for c in installed if c.name not in delete][: pool.running + len(pending)]
    return Plan(add, delete, run, assign)
