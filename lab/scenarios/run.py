"""One run of a scenario: the load in a closed loop, samples of the lab, a timeline, and the picture."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.binaries import LabError
from lab.hub import Hub
from lab.scenarios.autoscaler import Autoscaler, status
from lab.scenarios.picture import svg
from lab.scenarios.samples import Mark, Sample, news, swings, take
from settings import Settings

LOOK = 0.5
# Five minutes by default on a real hub; the lab's holds are short too.
WINDOW = 5.0


class Run:
    """A lab with a stack that is up, under a load.

    Args:
        hub: the lab.
        settings: the stack's.
    """

    def __init__(self, hub: Hub, settings: Settings):
        self.hub = hub
        self.settings = settings
        self.samples: list[Sample] = []
        self.marks: list[Mark] = []
        self._load = 1.0
        self._begin = time.monotonic()
        self._ended = threading.Event()
        self._loop = threading.Thread(target=self._work, daemon=True)
        workload = settings.workload
        self._autoscaler = Autoscaler(workload.min_replicas, workload.max_replicas, WINDOW)

    @property
    def now(self) -> Sample:
        """The newest sample."""
        return self.samples[-1]

    def begin(self) -> None:
        """Put the load on, and wait for the first look."""
        self._begin = time.monotonic()
        self._loop.start()
        self.wait("a look at the lab", lambda: bool(self.samples))

    def reset(self) -> None:
        """Forget what was seen up to now, which is not part of the scenario, and wait for the next look."""
        self._begin = time.monotonic()
        self.samples, self.marks = [], []
        self.wait("a look at the lab", lambda: bool(self.samples))

    def end(self) -> None:
        """Take the load off."""
        self._ended.set()
        self._loop.join()

    def load(self, pods: float) -> None:
        """Set the load, in pods."""
        self.mark(f"load for {pods:g} pods")
        self._load = pods

    def mark(self, text: str) -> None:
        """Note what is done to the lab."""
        mark = Mark(round(time.monotonic() - self._begin, 1), text)
        self.marks.append(mark)
        self.hub.say(f"  {mark.at:7.1f} s  * {text}")

    def wait(self, what: str, probe: Callable[[], object], timeout: float = 120) -> None:
        """Wait until something is so.

        Raises:
            LabError: it is not, after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not probe():
            if time.monotonic() > deadline:
                raise LabError(f"no {what} after {timeout:.0f} s; last seen: {self.samples[-1:]}")
            time.sleep(0.1)

    def hold(self, seconds: float) -> None:
        """Let it go on for a while."""
        time.sleep(seconds)

    def served(self) -> bool:
        """Tell whether a burst cluster serves."""
        return self.now.elsewhere > 0

    def idle(self) -> bool:
        """Tell whether all is over: no claim, no application, and only standby clusters."""
        now = self.now
        return not (now.live or now.releasing or now.applications) and set(now.states) == {"hibernating"}

    def swings(self) -> int:
        """Return how often a claim came where there was none."""
        return swings(self.samples)

    def draw(self, title: str, path: Path) -> None:
        """Write the picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(title, self.samples, self.marks))

    def _work(self) -> None:
        workload = self.settings.workload
        while not self._ended.is_set():
            begin = self._begin
            at = round(time.monotonic() - begin, 1)
            try:
                sample = take(self.hub.cluster, at, self._load, workload.namespace, workload.name)
                if begin == self._begin:
                    self._tell(sample)
                wanted = self._autoscaler.look(at, sample.replicas, sample.elsewhere, self._load)
                if wanted != sample.replicas:
                    patch = {"spec": {"replicas": wanted}}
                    place = (workload.name, patch, workload.namespace)
                    self.hub.cluster.patch("apps/v1", "Deployment", *place, subresource="scale")
                told = status(sample.replicas, wanted, sample.elsewhere, self._load, workload.target_cpu)
                where = ("autoscaling/v2", "HorizontalPodAutoscaler", workload.name)
                self.hub.cluster.patch_status(*where, told, workload.namespace)
            except (ApiException, HTTPError, OSError, LookupError):
                pass  # The API server or a webhook is away: an autoscaler tries again, too.
            self._ended.wait(LOOK)

    def _tell(self, sample: Sample) -> None:
        for text in news(self.samples[-1], sample) if self.samples else []:
            self.hub.say(f"  {sample.at:7.1f} s  {text}")
        self.samples.append(sample)
