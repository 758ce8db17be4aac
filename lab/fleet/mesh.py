"""Plays Skupper and MetalLB in the clusters of a mesh: one loop, woken by watches and by what is due next."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster
from lab.fleet import (
    metallb,
    skupper1_links,
    skupper1_services,
    skupper1_sites,
    skupper1_tokens,
    skupper_certificates,
    skupper_grants,
    skupper_links,
    skupper_services,
    skupper_sites,
    skupper_tokens,
    skupper_world,
)
from lab.fleet.timing import Clock, Timings

# In the order in which one waits for another, so that one look takes a network far.
CONTROLLERS: tuple[Callable[[skupper_world.World, Clock, Callable[[str], None]], None], ...] = (
    metallb.reconcile,
    skupper_sites.reconcile,
    skupper1_sites.reconcile,
    skupper_certificates.reconcile,
    skupper_grants.reconcile,
    skupper_tokens.reconcile,
    skupper1_tokens.reconcile,
    skupper_links.reconcile,
    skupper1_links.reconcile,
    skupper_services.reconcile,
    skupper1_services.reconcile,
)
# What wakes it. Services and ConfigMaps change by its own hand only.
WATCHED = (
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("v1", "Service"),
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    (metallb.API, "IPAddressPool"),
    *(
        (skupper_world.API, kind)
        for kind in ("Site", "AccessGrant", "AccessToken", "Link", "Connector", "Listener", "MultiKeyListener")
    ),
)
# It looks this often even if nothing woke it, and never more often, in seconds.
RESYNC, PAUSE = 5.0, 0.1


class MeshFleet:
    """The player of a mesh, with the administrator's rights.

    All state is in the API objects; it may end at any point and start again. Clusters may come and go.

    Args:
        kubeconfig: has the contexts.
        contexts: of the clusters.
        factor: how many times faster than in the real world the played parts are.
        say: is told what was played.
        timings: how long things take in the real world.
    """

    def __init__(
        self,
        kubeconfig: Path,
        contexts: Sequence[str],
        factor: float = 120,
        say: Callable[[str], None] = print,
        timings: Timings | None = None,
    ):
        self._kubeconfig = kubeconfig
        self._contexts = contexts
        self._factor = factor
        self._tell = say
        self._timings = timings or Timings()
        self._acting: dict[str, Cluster] = {}
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()
        for context in self._contexts:
            for api, kind in WATCHED:
                threading.Thread(target=self._watch, args=(context, api, kind), daemon=True).start()

    def stop(self) -> None:
        """Stop playing after the look that is under way."""
        self._stopped.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            clock = Clock(self._timings, self._factor, time.time())
            for context in self._contexts:
                if context not in self._acting and (cluster := self._connect(context)):
                    self._acting[context] = cluster
            world = skupper_world.World(self._acting)
            for reconcile in CONTROLLERS:
                try:
                    reconcile(world, clock, lambda text: self._tell(f"played: {text}"))
                except (ApiException, HTTPError, OSError, LookupError) as error:
                    # Somebody else was quicker, or a cluster is away: look again.
                    if isinstance(error, KeyError | IndexError):
                        self._tell(traceback.format_exc())
                    clock.due = 0
            time.sleep(PAUSE)
            self._wake.wait(min(RESYNC, max(0, clock.due - time.time())))

    def _connect(self, context: str) -> Cluster | None:
        try:
            return Cluster(self._kubeconfig, "lab-fleet", context)
        except (HTTPError, OSError):
            return None

    def _watch(self, context: str, api_version: str, kind: str) -> None:
        cluster: Cluster | None = None
        while not self._stopped.is_set():
            cluster = cluster or self._connect(context)
            try:
                for _ in cluster.watch(api_version, kind) if cluster else ():
                    self._wake.set()
                    if self._stopped.is_set():
                        return
            except LookupError:
                pass
            self._stopped.wait(1)
