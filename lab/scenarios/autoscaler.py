"""The hub's autoscaler, played in closed loop: what it sees is what the burst cluster leaves to the hub.

The arithmetic is the HorizontalPodAutoscaler's (kubernetes/kubernetes, pkg/controller/podautoscaler): replicas times
usage by target, rounded up, nothing within a tolerance of a tenth, and the highest wish of a while when going down.
The load is given in pods: a load of 4 keeps four pods busy at their target. It is split evenly between the pods of all
linked clusters. What it writes into its status is a measurement, which differs a little from one look to the next, as
of any real load; what it decides by does not. Left out: metrics' delays, limits on the speed of going up, unready pods.
"""

import math
import random
from dataclasses import dataclass, field
from typing import Any

TOLERANCE = 0.1
# How far a measurement may be from the truth.
NOISE = 0.03


def desired(replicas: int, elsewhere: int, load: float) -> int:
    """Return the replicas that the autoscaler wants on the hub, before its bounds.

    Args:
        replicas: those of the hub, at least one.
        elsewhere: pods of other clusters that serve too.
        load: the whole load, in pods.
    """
    usage = load / (replicas + elsewhere)
    return replicas if abs(usage - 1) <= TOLERANCE else math.ceil(replicas * usage)


def status(replicas: int, wanted: int, elsewhere: int, load: float, target: int) -> dict[str, Any]:
    """Return the status that the autoscaler writes after a look.

    Args:
        replicas: those of the hub when it looked.
        wanted: those that it has set.
        elsewhere: pods of other clusters that serve too.
        load: the whole load, in pods.
        target: its averageUtilization, in percent.
    """
    usage = load / max(replicas + elsewhere, 1)
    measured = usage * target * (1 + random.uniform(-NOISE, NOISE))  # noqa: S311 (no secret)
    cpu = {"name": "cpu", "current": {"averageUtilization": round(measured)}}
    metrics = [{"type": "Resource", "resource": cpu}]
    return {"currentReplicas": replicas, "desiredReplicas": wanted, "currentMetrics": metrics}


@dataclass
class Autoscaler:
    """An autoscaler with its bounds, and its memory.

    Args:
        least: its minReplicas.
        most: its maxReplicas.
        window: seconds of scale-down stabilization.
    """

    least: int
    most: int
    window: float
    _wishes: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def look(self, now: float, replicas: int, elsewhere: int, load: float) -> int:
        """Return the replicas that it sets at this look."""
        if not replicas:
            return 0  # An autoscaler leaves an application alone that somebody has scaled to zero.
        wish = min(max(desired(replicas, elsewhere, load), self.least), self.most)
        self._wishes = [one for one in self._wishes if one[0] > now - self.window] + [(now, wish)]
        stable = max(one[1] for one in self._wishes)
        return wish if wish >= replicas else min(stable, replicas)
