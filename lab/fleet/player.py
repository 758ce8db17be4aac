"""Runs played controllers: a loop each, woken by watches and by what is due next."""

import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster
from lab.fleet.timing import Clock, Timings

Say = Callable[[str], None]
Kind = tuple[str, str]
Reconcile = Callable[[Clock, Say], None]

# The least time between two looks that nothing woke, in seconds.
PAUSE = 0.1


@contextmanager
def look(clock: Clock, say: Say) -> Generator[None]:
    """Look once, and soon again if somebody else was quicker, or an API server or a kind is away."""
    try:
        yield
    except (ApiException, HTTPError, OSError, LookupError) as error:
        if isinstance(error, KeyError | IndexError):
            say(traceback.format_exc())
        clock.due = 0


class Player:
    """Plays until it is stopped.

    All state is in the API objects, every look starts from what is there: it may end at any point and start again.

    Args:
        factor: how many times faster than in the real world the played parts are.
        say: is told what was played.
        timings: how long things take in the real world.
    """

    # A controller looks this often even if nothing woke it, in seconds: not all that it reads is watched.
    resync = 1.0

    def __init__(self, factor: float, say: Say, timings: Timings | None):
        self._factor = factor
        self._tell = say
        self._timings = timings or Timings()
        self._stopped = threading.Event()
        self._speaking = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._wakes: list[threading.Event] = []

    def play(
        self, controllers: Mapping[Reconcile, Sequence[Kind]], clusters: Sequence[Callable[[], Cluster | None]]
    ) -> None:
        """Begin to play.

        Args:
            controllers: each with the kinds whose changes wake it.
            clusters: where these are watched: each connects, and is asked again as long as it cannot.
        """
        woken: dict[Kind, list[threading.Event]] = defaultdict(list)
        for reconcile, kinds in controllers.items():
            wake = threading.Event()
            self._wakes.append(wake)
            for kind in kinds:
                woken[kind].append(wake)
            self._threads.append(threading.Thread(target=self._run, args=(reconcile, wake), daemon=True))
        for thread in self._threads:
            thread.start()
        for connect in clusters:
            for kind, events in woken.items():
                threading.Thread(target=self._watch, args=(connect, kind, events), daemon=True).start()

    def stop(self) -> None:
        """Stop playing after the looks that are under way."""
        self._stopped.set()
        for wake in self._wakes:
            wake.set()
        for thread in self._threads:
            thread.join()

    def _say(self, text: str) -> None:
        with self._speaking:
            self._tell(f"played: {text}")

    def _run(self, reconcile: Reconcile, wake: threading.Event) -> None:
        while not self._stopped.is_set():
            clock = Clock(self._timings, self._factor, time.time())
            with look(clock, self._say):
                reconcile(clock, self._say)
            wake.wait(min(self.resync, max(PAUSE, clock.due - time.time())))
            wake.clear()

    def _watch(self, connect: Callable[[], Cluster | None], kind: Kind, woken: list[threading.Event]) -> None:
        cluster: Cluster | None = None
        while not self._stopped.is_set():
            cluster = cluster or connect()
            try:
                for _ in cluster.watch(*kind) if cluster else ():
                    for event in woken:
                        event.set()
                    if self._stopped.is_set():
                        return
            except LookupError:
                pass
            self._stopped.wait(self.resync)
