"""Plays Hive's unreachable controller (openshift/hive, pkg/controller/unreachable).

Keeps: the condition Unreachable of an installed cluster.
Leaves out: the growing pauses between looks at a cluster out of reach.
"""

from lab.fleet.faults import FAULT, LOST
from lab.fleet.objects import Thing


def look(deployment: Thing, *, up: bool) -> None:
    """Tell whether a cluster can be reached; `up`: its API answers."""
    reachable = ("False", "ClusterReachable", "cluster is reachable")
    if not up or deployment.annotations.get(FAULT) == LOST:
        reachable = ("True", "ErrorConnectingToCluster", "no answer")
    deployment.set_conditions(Unreachable=reachable)
