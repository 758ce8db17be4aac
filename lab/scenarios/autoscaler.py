"""The hub's autoscaler, played in closed loop: what it sees is what the burst cluster leaves to the hub.

The arithmetic is the HorizontalPodAutoscaler's (kubernetes/kubernetes, pkg/controller/podautoscaler): replicas times
usage by target, rounded up, nothing within a tolerance of a tenth, and the highest wish of a while when going down.
The load is given in pods: a load of 4 keeps four pods busy at their target. It is split evenly between the pods of all
linked clusters. Left out: metrics' delays, limits on the speed of going up, unready pods.
"""

import math
from dataclasses import dataclass, field

TOLERANCE = 0.1


def desired(replicas: int, elsewhere: int, load: float) -> int:
    """Return the replicas that the autoscaler wants on the hub, before its bounds.

    Args:
        replicas: those of the hub.
        elsewhere: pods of other clusters that serve too.
        load: the whole load, in pods.
    """
    if not replicas:
        return 0  # An autoscaler leaves an application alone that somebody has scaled to zero.
    usage = load / (replicas + elsewhere)
    return replicas if abs(usage - 1) <= TOLERANCE else math.ceil(replicas * usage)


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
        wish = min(max(desired(replicas, elsewhere, load), self.least), self.most)
        self._wishes = [one for one in self._wishes if one[0] > now - self.window] + [(now, wish)]
        stable = max(one[1] for one in self._wishes)
        return wish if wish >= replicas else min(stable, replicas)
