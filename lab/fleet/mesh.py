"""Plays Skupper and MetalLB in the clusters of a mesh."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from urllib3.exceptions import HTTPError

from lab.cluster import Cluster
from lab.fleet import metallb, skupper
from lab.fleet.player import Player, Say, look
from lab.fleet.skupper_world import World
from lab.fleet.timing import Clock, Timings


class MeshFleet(Player):
    """The player of a mesh, with the administrator's rights. Clusters may come and go.

    Args:
        kubeconfig: has the contexts.
        contexts: of the clusters.
        factor: how many times faster than in the real world the played parts are.
        say: is told what was played.
        timings: how long things take in the real world.
    """

    # Nearly all that it reads is watched.
    resync = 5.0

    def __init__(
        self,
        kubeconfig: Path,
        contexts: Sequence[str],
        factor: float = 120,
        say: Say = print,
        timings: Timings | None = None,
    ):
        super().__init__(factor, say, timings)
        self._kubeconfig = kubeconfig
        self._contexts = contexts
        self._acting: dict[str, Cluster] = {}

    def start(self) -> None:
        """Begin to play."""
        watched = (*skupper.WATCHED, (metallb.API, "IPAddressPool"))
        self.play({self._reconcile: watched}, [partial(self._connect, context) for context in self._contexts])

    def _reconcile(self, clock: Clock, say: Say) -> None:
        for context in self._contexts:
            if context not in self._acting and (cluster := self._connect(context)):
                self._acting[context] = cluster
        world = World(self._acting)
        # Its addresses first, so that one look takes a network far.
        with look(clock, say):
            metallb.reconcile(world, clock, say)
        skupper.reconcile(world, clock, say)

    def _connect(self, context: str) -> Cluster | None:
        try:
            return Cluster(self._kubeconfig, "lab-fleet", context)
        except (HTTPError, OSError):
            return None
