"""Random sequences of events against the lab stack on a real Kyverno and the simulator, and what must hold after each.

A sequence is one seed: it begins with the same config and ends with no load, so that any one can be run again alone.
The clusters have no API servers of their own, with which a sequence takes minutes: Argo CD makes and removes their
Applications, and delivers nothing. SPOKES=1 gives them those, and with them what Argo CD delivers.
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kubernetes.client.exceptions import ApiException

from drain.burst_cluster import Application
from drain.hub import Hub as DrainedHub
from drain.steps import drain, resume
from kinds.argocd import API_VERSION as ARGO
from lab import argocd, engine
from lab.cluster import Cluster, Manifest
from lab.demo import REPOSITORY, await_generator
from lab.fleet import aws
from lab.fleet.acm import API as ACM
from lab.fleet.acm_claims import API as OCM
from lab.fleet.faults import set_fault
from lab.fleet.objects import HIVE, deleting
from lab.fleet.observe import clusters, leaks
from lab.hub import FLEET, Hub
from lab.kyverno import CONTROLLERS
from preview.recording import ROOT
from preview.stack_settings import read_settings
from tests.lab.requests import pending
from tests.lab.world import conditions
from tests.unit.stack_configs import SECRETS

STACK = "lab"
# An install takes 2 s, a resume 0.25 s, a deprovision 0.75 s, a claim's longest life 72 s.
FACTOR = 1200
# How long nothing may change before the lab counts as settled; longer than one look of the release policy.
QUIET = 2.0
SPOKES = bool(os.environ.get("SPOKES"))
PATIENCE = 300.0 if SPOKES else 120.0
# The simulator as a process, to be killed.
PLAY = (
    "import sys, threading; from pathlib import Path; from lab.fleet.runtime import Fleet;"
    "Fleet(Path(sys.argv[1]), float(sys.argv[2])).start(); threading.Event().wait()"
)
WATCHED = (
    ("apps/v1", "Deployment"), (HIVE, "ClusterPool"), (HIVE, "ClusterClaim"), (HIVE, "ClusterDeployment"),
    (OCM, "ManagedCluster"), (ARGO, "Application"),
)  # fmt: skip
SIZE, IMAGE, HOLD = "spillway:pools[0].size", "spillway:pools[0].releaseImage", "spillway:bursts[0].minimumHold"
CHOICES: dict[str, list[Any]] = {
    SIZE: [0, 1, 2],
    IMAGE: [f"quay.io/openshift-release-dev/ocp-release:4.12.{patch}-multi" for patch in (36, 37)],
    HOLD: ["2s", "3s"],
}
# With what a sequence begins.
START = {key: choices[1 if key == SIZE else 0] for key, choices in CHOICES.items()}
# What is killed without warning, beside the simulator.
KYVERNO = [f"kyverno-{controller.name}" for controller in CONTROLLERS]
ARGO_CD = [controller.process for controller in argocd.CONTROLLERS if controller.account]
ALWAYS: dict[str, Any] = {
    "spillway:pools[0].maxSize": 3,
    "spillway:bursts[0].schedule": "*/1 * * * * * *",
    "spillway:bursts[0].lifetime": "24h",
}


class Event(NamedTuple):
    """What happens, and what it is called in a log."""

    name: str
    act: Callable[[], None]


class UnsettledError(AssertionError):
    """The lab did not come to rest, or not where it should."""


def seeds() -> list[int]:
    """Return the seeds to run: SEQUENCES of them (default 20), from SEED (default: a random one) on."""
    first = int(os.environ.get("SEED") or random.randrange(10**8))
    return [first + number for number in range(int(os.environ.get("SEQUENCES") or 20))]


class Stack:
    """The lab stack with its simulator, brought up by the direct engine, and a load.

    Args:
        lab: the lab, without a simulator.
        folder: where the engine keeps its inventory.
    """

    def __init__(self, lab: Hub, folder: Path):
        self.lab, self.cluster, self._folder = lab, lab.cluster, folder
        settings = read_settings(STACK, ROOT)
        self.burst, self.pool, self.workload = settings.bursts[0], settings.pools[0], settings.workload
        self.delivery = settings.delivery
        self.config = dict(START)
        self.log: list[str] = []
        self._begin = time.monotonic()
        self._changed = threading.Condition()
        self._changes = 0
        self._beats = 0
        self._held = False
        # The config has changed, and the stack has not.
        self._behind = False

    def start(self) -> None:
        self.lab.repository.publish(ROOT, self.delivery.path)
        self._play_on()
        self.build()
        for kind in WATCHED:
            threading.Thread(target=self._watch, args=kind, daemon=True).start()

    def stop(self) -> None:
        self.restore()
        self.drain()
        self.destroy()
        left = aws.present(self.cluster)
        self.lab.process(FLEET).stop()
        if left:
            raise UnsettledError(f"destroyed in order, and left on AWS: {', '.join(sorted(left))}")

    def say(self, line: str) -> None:
        self.log.append(f"{time.monotonic() - self._begin:7.2f} s  {line}")

    # The events.

    def up(self) -> None:
        overrides = {**ALWAYS, **self.config, REPOSITORY: self.lab.repository.url}
        engine.up(STACK, self.lab.kubeconfig, self._folder, say=lambda _: None, overrides=overrides, secrets=SECRETS)

    def build(self) -> None:
        """Bring the stack up where there is none."""
        self.up()
        await_generator(self.cluster)

    def destroy(self) -> None:
        engine.destroy(STACK, self.lab.kubeconfig, self._folder, say=self.say)

    @contextmanager
    def without_dependencies(self) -> Generator[None]:
        """Let a destroy know of no dependencies: ACM goes first, then what was made first. It waits 3 seconds for each."""
        inventory = self._folder / f"inventory-{STACK}.json"
        kept = inventory.read_text()
        rows = [{**row, "delete_timeout": "3s"} for row in reversed(json.loads(kept))]
        # From the last to the first.
        rows.sort(key=lambda row: row["kind"] == "MultiClusterHub")
        inventory.write_text(json.dumps(rows))
        try:
            yield
        finally:
            # With what is gone by then; a destroy passes over that.
            inventory.write_text(kept)

    @contextmanager
    def another_acm(self) -> Generator[None]:
        """Let there be an ACM that is not the stack's, as who has removed the stack's would install one."""
        name = "another-acm"
        self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        metadata = {"name": name, "namespace": name}
        self.cluster.apply({"apiVersion": ACM, "kind": "MultiClusterHub", "metadata": metadata, "spec": {}})
        try:
            yield
        finally:
            self.cluster.delete("v1", "Namespace", name)

    def change(self, key: str, value: Any) -> None:
        """Change the config; without Kyverno, whose webhook then refuses its policies, `up` fails and is to be repeated."""
        self.config[key] = value
        self._behind = True
        try:
            self.up()
        except engine.EngineError as error:
            if all(self.lab.process(name).pid() for name in KYVERNO):
                raise
            self.say(f"up failed: {error}")
        else:
            self._behind = False

    def scale(self, replicas: int) -> None:
        where = ("apps/v1", "Deployment", self.workload.name)
        self.cluster.patch(*where, {"spec": {"replicas": replicas}}, self.workload.namespace, subresource="scale")

    def kill(self, name: str) -> None:
        self.lab.process(name).stop(grace=0)

    def start_controllers(self) -> None:
        """Start Kyverno's and Argo CD's controllers that were killed."""
        self.lab.kyverno.start()
        self.lab.argocd.start()

    def flap(self, *, lost: bool) -> None:
        """Make every claimed cluster unreachable for ACM, or bring all back."""
        for seen in clusters(self.cluster):
            if seen.claim or not lost:
                self._fault(seen.name, "Unreachable" if lost else None)

    def release(self) -> None:
        """Delete the live claims, as a person may."""
        for claim in self._claims():
            self.cluster.delete(HIVE, "ClusterClaim", claim["metadata"]["name"], self.pool.place)

    def drain(self) -> None:
        """Drain the stack; nothing may be left of its claims when that says that it is done."""
        self._held = True
        application = Application(self.workload.namespace, self.workload.name)
        drain(self._hub(), [self.pool.place], application, say=self.say, timeout=PATIENCE, look_every=0.2)
        left = [claim["metadata"]["name"] for claim in self.cluster.find(HIVE, "ClusterClaim", self.pool.place)]
        left += [seen.name for seen in clusters(self.cluster) if seen.claim]
        if left:
            raise UnsettledError("\n".join([f"drained, and left: {', '.join(left)}", "", *self.log]))

    def resume(self) -> None:
        resume(self._hub(), [self.pool.place], say=self.say)
        self._held = False

    def events(self, chance: random.Random) -> Iterator[Event]:
        """Yield the events of a sequence, and at its end what makes up for them: all that was killed is started."""
        burst, top = self.burst, self.workload.max_replicas
        for _ in range(chance.randint(3, 7)):
            replicas = chance.choice([burst.release_at, burst.release_at + 1, burst.claim_at, top])
            kyverno, argo_cd = chance.choice(KYVERNO), chance.choice(ARGO_CD)
            key = chance.choice(list(CHOICES))
            value = chance.choice(CHOICES[key])
            scale = Event(f"scale to {replicas}", lambda replicas=replicas: self.scale(replicas))
            kill = Event(f"kill {kyverno}", lambda kyverno=kyverno: self.kill(kyverno))
            kill_argo_cd = Event(f"kill {argo_cd}", lambda argo_cd=argo_cd: self.kill(argo_cd))
            change = Event(f"{key} = {value}", lambda key=key, value=value: self.change(key, value))
            yield chance.choices(
                [
                    scale, kill, kill_argo_cd, change, Event("Kyverno and Argo CD start again", self.start_controllers),
                    Event("kill the simulator", lambda: self.kill(FLEET)), Event("start it again", self._play),
                    Event("clusters lost", lambda: self.flap(lost=True)), Event("and found", self._find),
                    Event("release", self.release), Event("drain", self._drain_alive), Event("resume", self.resume),
                ],
                [6, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5],
            )[0]  # fmt: skip
        yield Event("all is started again", self.restore)

    def _play(self) -> None:
        if SPOKES:
            self.lab.play(FACTOR)
        else:
            command = [sys.executable, "-c", PLAY, self.lab.kubeconfig, str(FACTOR)]
            self.lab.process(FLEET).start(command, {"PYTHONPATH": str(ROOT)})

    def _drain_alive(self) -> None:
        # A drain waits for Hive: it is to be there.
        self._play()
        self.drain()

    def _find(self) -> None:
        self.flap(lost=False)

    def restore(self) -> None:
        """Start what was killed, and make up for what failed without it."""
        self._play_on()
        self._find()
        self.resume()
        if self._behind:
            self.up()
            self._behind = False

    def reset(self) -> None:
        """Bring load and config to where every sequence begins, whatever the one before has left."""
        self.scale(self.burst.release_at)
        if self.config != START:
            self.config = dict(START)
            self.up()
            self.settle()

    def _play_on(self) -> None:
        self.start_controllers()
        self._play()

    # What must hold.

    def settle(self, replicas: int | None = None) -> None:
        """Wait until nothing changes any more; fail if something is wrong for too long.

        The autoscaler's status goes on being written meanwhile, as in a cluster: it makes up for what Kyverno missed.

        Raises:
            UnsettledError: says what is wrong, and what happened.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            self._beat()
            with self._changed:
                seen = self._changes
            wrong = self.wrong()
            with self._changed:
                still = not self._changed.wait_for(lambda seen=seen: self._changes != seen, QUIET)
            if still and not wrong and not self.wrong():
                return
            if time.monotonic() > deadline:
                raise UnsettledError("\n".join([*(wrong or ["nothing is wrong, but it does not rest"]), "", *self.log]))

    def wrong(self) -> list[str]:
        """Return what does not hold now; all must when nothing is under way."""
        found = clusters(self.cluster)
        claims = self.cluster.find(HIVE, "ClusterClaim", self.pool.place)
        held = {seen.name: seen.claim for seen in found if seen.claim}
        running = {seen.name for seen in found if seen.state == "Running"}
        managed = {item["metadata"]["name"] for item in self.cluster.find(OCM, "ManagedCluster")}
        spare = [seen.state for seen in found if not seen.claim]
        size = min(self.config[SIZE], 3 - len(held))
        rules = {
            f"clusters running {sorted(running)}, claimed {sorted(held)}": running == set(held),
            f"claims {[c['metadata']['name'] for c in claims]}, clusters {held}": sorted(held.values(), key=str)
            == sorted(c["metadata"]["name"] for c in claims if _served(c) and not deleting(c))
            and len(held) == len(claims),
            f"managed {sorted(managed)}, claimed {sorted(held)}": managed == set(held),
            f"leaked {leaks(self.cluster)}": not leaks(self.cluster),
            f"on AWS {sorted(aws.present(self.cluster))}": aws.present(self.cluster) == {seen.name for seen in found},
            f"spare clusters {spare}, not {size} asleep": spare == ["Hibernating"] * size,
            "the pool has stale clusters": self._current(),
            **self._delivered(set(held)),
            "Kyverno has work left": not pending(self.cluster),
            **self._caused(len(claims)),
        }
        return [text for text, holds in rules.items() if not holds]

    def _caused(self, claims: int) -> dict[str, bool]:
        """Return what the load demands: a claim above, none below, at most one between."""
        replicas = self._replicas()
        text = f"{claims} claims at {replicas} replicas"
        if self._held or replicas <= self.burst.release_at:
            return {text: claims == 0}
        return {text: claims == 1 if replicas >= self.burst.claim_at else claims <= 1}

    def _claims(self) -> list[Manifest]:
        return [claim for claim in self.cluster.find(HIVE, "ClusterClaim", self.pool.place) if not deleting(claim)]

    def _replicas(self) -> int:
        """Return the application's replicas; none when it is gone."""
        found = self.cluster.get("apps/v1", "Deployment", self.workload.name, self.workload.namespace)
        return int(found["spec"]["replicas"]) if found else 0

    def _current(self) -> bool:
        pool = self.cluster.get(HIVE, "ClusterPool", self.pool.name, self.pool.place)
        return conditions(pool).get("AllClustersCurrent", ("", ""))[0] == "True"

    def _delivered(self, held: set[str]) -> dict[str, bool]:
        """Return that every claimed cluster has its application, and no application is without its cluster."""
        names = [found["metadata"]["name"] for found in self.cluster.find(ARGO, "Application")]
        where = {name.removeprefix(f"{self.delivery.name}-") for name in names}
        return {f"applications for {sorted(where)}, claimed {sorted(held)}": where == held}

    def _beat(self) -> None:
        """Write the autoscaler's status, as its controller does every 15 seconds."""
        self._beats += 1
        status = {"desiredReplicas": self._replicas(), "currentReplicas": self._beats % 2 + 1}
        where = ("autoscaling/v2", "HorizontalPodAutoscaler", self.workload.name)
        self.cluster.patch_status(*where, status, self.workload.namespace)

    def _watch(self, api: str, kind: str) -> None:
        for _ in Cluster(self.lab.kubeconfig).watch(api, kind):
            with self._changed:
                self._changes += 1
                self._changed.notify_all()

    def _fault(self, name: str, fault: str | None) -> None:
        try:
            set_fault(self.cluster, name, fault)
        except ApiException as gone:
            if gone.status != 404:
                raise

    def _hub(self) -> DrainedHub:
        return DrainedHub("lab", str(self.lab.kubeconfig))


def _served(claim: Manifest) -> bool:
    return conditions(claim).get("ClusterRunning") == ("True", "Running")


def run(stack: Stack, seed: int) -> None:
    """Run a sequence, check what must hold, then take the load away and check that all is given back."""
    chance = random.Random(seed)
    stack.log.clear()
    stack.say(f"seed {seed}: SEED={seed} SEQUENCES=1 make sequences")
    # Another sequence may have failed in its middle.
    stack.restore()
    stack.reset()
    stack.say(f"config {stack.config}")
    for event in stack.events(chance):
        stack.say(event.name)
        event.act()
        # Between two events of one sequence, from none to most of a resume.
        threading.Event().wait(chance.choice([0, 0, 0.2, 0.5, 1.0]))
    stack.settle()
    stack.say("no load")
    stack.scale(stack.burst.release_at)
    stack.settle()
