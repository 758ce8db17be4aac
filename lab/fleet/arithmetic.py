"""What a pool and its claims do next: Hive's decisions as pure functions.

Source: openshift/hive, pkg/controller/clusterpool (Reconcile, reconcileDeletedPool, assignClustersToClaims, isBroken,
calculatePoolVersion) and pkg/controller/clusterclaim (getClaimLifetime).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    # It has been resuming for too long.
    broken: bool = False
    # The pool has changed since it was made.
    stale: bool = False

    @property
    def free(self) -> bool:
        """Whether the cluster is unclaimed and not on its way out; a broken one still is."""
        return not (self.claim or self.deleting or self.released)

    @property
    def installing(self) -> bool:
        """Whether the cluster is unclaimed and being installed."""
        return self.free and not self.installed


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
    in their order, only by clusters that are installed and running. A broken cluster is replaced, once nothing is to be
    added; one whose pool has changed is, once the pool has its size and nothing is being installed, one at a time.

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
    room = 2**31 if pool.maximum is None else pool.maximum - len(clusters)
    broken = [c.name for c in free if c.broken]
    stale = [c.name for c in free if c.stale]
    if not slots:
        pass
    elif drift < 0 and room > 0:
        add = min(-drift, room, slots)
    elif broken:
        delete += broken[:slots]
    elif drift > 0:
        # Those first that are furthest from serving: installing (the newest), hibernated, running (the oldest).
        surplus = [c.name for c in reversed(free) if not c.installed]
        surplus += [c.name for c in free if c.installed and not c.running]
        surplus += [c.name for c in free if c.installed and c.running]
        delete += surplus[: min(drift, slots)]
    elif drift == 0 and stale and not any(c.installing for c in free):
        delete.append(stale[0])
    run = [c.name for c in free if not (c.broken or c.name in delete)][: pool.running + waiting]
    return Plan(assign, delete, add, run)


def plan_end(pool: PoolSize, clusters: Sequence[PoolCluster]) -> list[str]:
    """Return which clusters of a deleted pool to delete now; the claimed ones wait for their claims."""
    delete, slots = _released(pool, clusters)
    return delete + [c.name for c in clusters if c.free][:slots]


def _released(pool: PoolSize, clusters: Sequence[PoolCluster]) -> tuple[list[str], int]:
    """Return which released clusters to delete now, and how many more may be installed or deleted."""
    busy = sum(c.deleting or c.installing for c in clusters)
    slots = len(clusters) + 2**31 if pool.concurrent is None else max(0, pool.concurrent - busy)
    delete = [c.name for c in clusters if c.released and not c.deleting][:slots]
    return delete, slots - len(delete)


def lifetime(claim: str | None, default: str | None, maximum: str | None) -> str | None:
    """Return how long a claim may live: its own or the pool's default, at most the pool's maximum; None is for ever."""
    return min((text for text in (claim or default, maximum) if text), key=nanoseconds, default=None)


def pool_hash(spec: Mapping[str, Any]) -> str:
    """Return what a pool's clusters are compared by: a change of these fields, and of no others, makes them stale."""
    fields = ("platform", "baseDomain", "imageSetRef", "installConfigSecretTemplateRef", "customizationRef")
    content = [spec.get(field) for field in fields] + ["inventory" in spec]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
