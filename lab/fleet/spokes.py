"""Where the simulator finds the pools' clusters, to put things into them."""

from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, things

# A cluster's API server by the name of its ClusterDeployment; None while it cannot be reached.
Spokes = Callable[[str], Cluster | None]
HUB = "hub"


def nowhere(_name: str) -> None:
    """Say that a cluster has no API server."""


def everywhere(spokes: Spokes, hub: Cluster) -> dict[str, Cluster]:
    """Return the hub and the pools' clusters that can be reached, by name."""
    names = [found.name for found in things(hub, HIVE, "ClusterDeployment") if not found.deleting]
    return {HUB: hub} | {name: found for name in names if (found := spokes(name))}
