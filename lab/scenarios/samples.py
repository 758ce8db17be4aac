"""What the lab looks like at a moment, and what has changed since the one before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, deleting
from lab.fleet.observe import clusters
from lab.fleet.observe_network import network, served_elsewhere

INSTALLING, HIBERNATING, RESUMING, RUNNING, REMOVING = "installing", "hibernating", "resuming", "running", "removing"
# From what the simulator calls it (`lab.fleet.observe`) to what a picture tells apart.
STATES = {
    "Installing": INSTALLING,
    "Running": RUNNING,
    "SyncSetsNotApplied": RUNNING,
    "Stopping": HIBERNATING,
    "Hibernating": HIBERNATING,
    "StartingMachines": RESUMING,
    "Deprovisioning": REMOVING,
}


@dataclass(frozen=True)
class Sample:
    """The lab at a moment; `at` is in seconds since the begin, `load` in pods."""

    at: float
    load: float
    replicas: int
    elsewhere: int
    live: int = 0
    releasing: int = 0
    states: dict[str, int] = field(default_factory=dict[str, int])
    applications: int = 0


@dataclass(frozen=True)
class Mark:
    """Something that the scenario did, for the picture."""

    at: float
    text: str


def take(cluster: Cluster, at: float, load: float, namespace: str, workload: str) -> Sample:
    """Look at the hub."""
    deployment = cluster.get("apps/v1", "Deployment", workload, namespace) or {"spec": {"replicas": 0}}
    claims = cluster.find(HIVE, "ClusterClaim")
    released = sum(map(deleting, claims))
    return Sample(
        at=at,
        load=load,
        replicas=int(deployment["spec"]["replicas"]),
        elsewhere=served_elsewhere(network(cluster, namespace)),
        live=len(claims) - released,
        releasing=released,
        states=dict(Counter(STATES.get(seen.state, seen.state) for seen in clusters(cluster))),
        applications=len(cluster.find("argoproj.io/v1alpha1", "Application")),
    )


def news(before: Sample, after: Sample) -> list[str]:
    """Return what changed, in words."""
    told: list[str] = []
    pairs: Sequence[tuple[str, object, object]] = (
        ("replicas on the hub", before.replicas, after.replicas),
        ("pods in burst clusters", before.elsewhere, after.elsewhere),
        ("live claims", before.live, after.live),
        ("claims being released", before.releasing, after.releasing),
        *(
            (f"clusters {state}", before.states.get(state, 0), after.states.get(state, 0))
            for state in names(before, after)
        ),
        ("applications", before.applications, after.applications),
    )
    told += [f"{what}: {old} -> {new}" for what, old, new in pairs if old != new]
    return told


def names(*samples: Sample) -> list[str]:
    """Return the states that clusters were in, in the order of a cluster's life."""
    order = [INSTALLING, HIBERNATING, RESUMING, RUNNING, REMOVING]
    seen = {state for sample in samples for state in sample.states}
    return [*(state for state in order if state in seen), *sorted(seen - set(order))]


def swings(samples: Sequence[Sample]) -> int:
    """Return how often a claim came where there was none."""
    return sum(not before.live and bool(after.live) for before, after in pairwise(samples))
