"""The scenarios: what is done to the lab, and what must come of it.

Each is a function of a run that is under way; it raises LabError when something does not come about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from components.burst_policies import BurstContext, release_policy
from drain.burst_cluster import Application
from drain.hub import Hub as DrainHub
from drain.steps import drain as release_all
from kinds.kyverno import DeletingPolicySpec as ReleasePolicy
from lab import engine
from lab.binaries import LabError
from lab.demo import traces, wake_generators
from lab.fleet.acm_claims import API as MANAGED
from lab.fleet.acm_taints import UNREACHABLE
from lab.fleet.faults import LOST, set_fault
from lab.fleet.objects import HIVE, Thing, deleting
from lab.fleet.observe import clusters, leaks
from lab.kyverno import CLEANUP
from lab.scenarios.run import Run

# The lab's thresholds: claimAt 4, two pods in the burst cluster, releaseAt 1.
HIGH, LOW = 5.0, 1.0
# A load that the hub and a burst cluster carry together with three pods on the hub.
BOTH = 4.0
# Seconds without an API server: Kyverno's ten attempts at the release policy take five, and then it forgets the policy.
AWAY = 12
# Above the thresholds of two tiers, and between them.
HUGE, BETWEEN = 12.0, 6.0


@dataclass(frozen=True)
class Scenario:
    """What is played.

    Args:
        title: names the picture.
        play: does it.
        changes: config of the lab stack that is changed for it, by path.
    """

    title: str
    play: Callable[[Run], None]
    changes: Mapping[str, object] = field(default_factory=dict[str, object])


def burst(run: Run) -> None:
    """The main job: up, served, down, released, gone."""
    run.load(HIGH)
    run.wait("claim", lambda: run.now.live)
    run.wait("burst cluster that serves", run.served)
    run.hold(15)
    run.load(LOW)
    _all_over(run)


def unstable(run: Run) -> None:
    """A release as soon as the burst cluster has taken load off the hub: every swing costs an install."""
    context = _context(run)
    broken = context.burst.model_copy(update={"release_at": context.burst.claim_at - 1})
    policy = release_policy(BurstContext(broken, context.pool, context.workload))
    name = f"{context.name}-release"
    found = run.hub.cluster.get(ReleasePolicy.api_version, ReleasePolicy.kind, name) or {}
    _force(run, name, policy.render())
    run.mark(f"releaseAt is forced to {broken.release_at}, which the settings refuse")
    try:
        run.load(BOTH)
        run.wait("third claim", lambda: run.swings() > 2, 300)
        run.load(LOW)
        _all_over(run)
    finally:
        _force(run, name, found["spec"])


def stable(run: Run) -> None:
    """The same load with the thresholds of the stack: one claim, held until the load is gone."""
    run.load(BOTH)
    run.wait("burst cluster that serves", run.served)
    before = _live(run)
    run.hold(60)
    if run.swings() != 1 or _live(run) != before:
        raise LabError(f"{run.swings()} claims for one load; first {before}, and now {_live(run)}")
    run.load(LOW)
    _all_over(run)


def double(run: Run) -> None:
    """The load goes and comes again while the cluster is still on its way: it is the same burst."""
    run.load(HIGH)
    run.wait("resuming cluster", lambda: run.now.states.get("resuming"))
    before = _live(run)
    run.load(LOW)
    run.hold(6)
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    run.hold(5)
    if run.swings() != 1 or _live(run) != before:
        raise LabError(f"{run.swings()} claims for one burst; first {before}, and now {_live(run)}")
    run.load(LOW)
    _all_over(run)


def again(run: Run) -> None:
    """A burst comes while the cluster of the last one is being removed: it claims by another name."""
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    run.hold(5)
    run.load(LOW)
    run.wait("release", lambda: run.now.releasing)
    # So high that the hub's own pods pass the threshold while those of the last cluster still serve.
    run.load(HUGE)
    run.wait("second claim", lambda: run.now.live)
    if not any(sample.live and sample.releasing for sample in run.samples):
        raise LabError("the first cluster was gone before the second claim came")
    run.wait("end of the first cluster's service", lambda: not run.served())
    run.wait("burst cluster that serves", run.served, 180)
    run.hold(5)
    run.load(LOW)
    _all_over(run)


def full(run: Run) -> None:
    """The pool is at its maxSize: the next burst waits until the last cluster is gone and another is installed."""
    again(run)
    if most := [sample for sample in run.samples if sum(sample.states.values()) > run.settings.pools[0].max_size]:
        raise LabError(f"more clusters than maxSize: {most[0]}")


def tiers(run: Run) -> None:
    """A second tier, in another pool, carries what the first does not; it is released first."""
    run.load(HUGE)
    run.wait("two claims", lambda: run.now.live > 1)
    run.wait("two burst clusters that serve", lambda: run.now.elsewhere >= PODS_OF_TIERS)
    run.hold(10)
    run.load(BETWEEN)
    run.wait("release of one", lambda: run.now.live == 1)
    run.hold(10)
    first = run.settings.bursts[0].pool
    if not run.served() or [pool for _, pool in _live(run)] != [first]:
        raise LabError(f"the first tier, in pool {first}, was released under its load; left: {_live(run)}")
    run.load(LOW)
    _all_over(run)


def three(run: Run) -> None:
    """Two people claim clusters by hand beside the burst; the whole lab stays below its bound of memory."""
    pool = run.settings.pools[0]
    by_hand = ("by-hand-1", "by-hand-2")
    for name in by_hand:
        metadata = {"name": name, "namespace": pool.place}
        claim = {"apiVersion": HIVE, "kind": "ClusterClaim", "metadata": metadata}
        run.hub.cluster.create({**claim, "spec": {"clusterPoolName": pool.name}})
    run.mark("two claims are made by hand")
    run.load(HIGH)
    run.wait("three clusters with the application", lambda: run.now.applications >= CLAIMED, 240)
    run.wait("all pods in the network", lambda: run.now.elsewhere >= CLAIMED * run.settings.bursts[0].replicas)
    taken = run.hub.memory()
    run.mark(f"the whole lab takes {taken / GIB:.1f} GiB")
    if taken > MOST_MEMORY:
        raise LabError(f"the lab takes {taken / GIB:.1f} GiB, above {MOST_MEMORY / GIB:.0f}")
    for name in by_hand:
        run.hub.cluster.delete(HIVE, "ClusterClaim", name, pool.place)
    run.load(LOW)
    _all_over(run)


def unreachable(run: Run) -> None:
    """The burst cluster is out of reach for longer than ACM's patience: the hub carries the load until it is back."""
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    run.wait("hub with less of the load", lambda: run.now.replicas < HIGH)
    before = _claimed(run)
    ((name, _),) = before
    run.mark(f"{name} cannot be reached")
    set_fault(run.hub.cluster, name, LOST)
    # First the simulator must know that it is not to start the API server again.
    run.wait("notice by Hive", lambda: _unreachable(run, name))
    run.hub.spokes.control_plane(name).process("kube-apiserver").stop(grace=0)
    run.wait("end of its service", lambda: not run.served())
    run.wait("hub with all of the load", lambda: run.now.replicas >= HIGH)
    run.wait("taint by ACM", lambda: _tainted(run, name))
    run.mark("ACM has noticed")
    run.hold(15)
    if not (run.now.live and run.now.applications):
        raise LabError("the claim or the application went while the cluster could not be reached")
    run.mark(f"{name} is back")
    set_fault(run.hub.cluster, name, None)
    run.wait("burst cluster that serves again", run.served)
    run.wait("hub with less of the load again", lambda: run.now.replicas < HIGH)
    if _claimed(run) != before or run.swings() != 1:
        raise LabError(f"{before} was claimed, and now {_claimed(run)}, after {run.swings()} claims")
    run.hold(5)
    run.load(LOW)
    _all_over(run)


def kyverno_down(run: Run) -> None:
    """Kyverno is down while the application scales: the autoscaler's next status claims when it is back."""
    run.hub.kyverno.stop()
    run.mark("all of Kyverno is down")
    run.load(HIGH)
    run.hold(10)
    if run.now.live:
        raise LabError("somebody else than Kyverno made a claim")
    before = run.now.replicas
    run.mark("Kyverno is started again")
    run.hub.kyverno.start()
    run.wait("claim", lambda: run.now.live)
    if run.now.replicas != before:
        raise LabError("the application was scaled again, so that it was not the status alone that claimed")
    run.wait("burst cluster that serves", run.served)
    run.load(LOW)
    _all_over(run)


def restart(run: Run) -> None:
    """The hub's API server goes away in mid-burst: the claim and the cluster are the same afterwards."""
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    before = _claimed(run)
    run.mark("the hub's API server is killed")
    run.hub.control_plane.process("kube-apiserver").stop(grace=0)
    run.hold(AWAY)
    run.mark("and started again")
    for part in (run.hub.control_plane, run.hub.kyverno, run.hub.argocd):
        part.start()
    # It may have looked while the API server was away.
    wake_generators(run.hub.cluster)
    run.hold(10)
    if _claimed(run) != before:
        raise LabError("another cluster serves the claim")
    run.load(LOW)
    run.wait("hub at releaseAt", lambda: run.now.replicas <= _context(run).burst.release_at)
    run.hold(15)
    if run.now.live:
        # The runbook of SpillwayReleaseLate.
        run.mark("the claim is not released: Kyverno's cleanup controller is started again")
        run.hub.kyverno.stop(CLEANUP)
        run.hub.kyverno.start(CLEANUP)
    _all_over(run)


def pull_secret(run: Run) -> None:
    """The pool's pull secret is missing: a hibernated cluster stands there, and is not resumed until it is back."""
    pool = run.settings.pools[0]
    secrets = run.hub.cluster.find("v1", "Secret", pool.place)
    (secret,) = [found for found in secrets if found["metadata"]["name"].startswith(f"{pool.name}-pull-secret")]
    run.hub.cluster.delete("v1", "Secret", secret["metadata"]["name"], pool.place)
    run.mark("the pull secret is deleted")
    run.load(HIGH)
    run.wait("claim", lambda: run.now.live)
    run.hold(20)
    if run.now.states.get("running") or run.now.states.get("resuming"):
        raise LabError("a cluster was resumed without the pull secret")
    metadata = {key: secret["metadata"][key] for key in ("name", "namespace")}
    run.hub.cluster.create({**secret, "metadata": metadata})
    run.mark("the pull secret is back")
    run.wait("burst cluster that serves", run.served)
    run.hold(5)
    run.load(LOW)
    _all_over(run)


def lifetime(run: Run) -> None:
    """The claim's lifetime ends while the load is still high: its cluster goes, and another one is claimed."""
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    run.wait("end of the lifetime", lambda: run.now.releasing)
    run.wait("another claim", lambda: run.now.live)
    run.wait("end of the first cluster's service", lambda: not run.served())
    run.wait("burst cluster that serves again", run.served)
    run.load(LOW)
    _all_over(run)


def destroy(run: Run) -> None:
    """The stack is drained and destroyed in mid-burst: nothing is left on AWS."""
    run.load(HIGH)
    run.wait("burst cluster that serves", run.served)
    run.hold(10)
    run.mark("python -m drain")
    places = [pool.place for pool in run.settings.pools]
    drained = DrainHub("lab", str(run.hub.kubeconfig))
    workload = run.settings.workload
    ((name, claim),) = _claimed(run)
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        run.hub.say(f"             {text}")

    application = Application(workload.namespace, workload.name)
    release_all(drained, places, application, say=say, timeout=180, look_every=1)
    steps = [line for line in told if f"{name}: {workload.name} is withdrawn" in line or f"{claim}: holds" in line]
    if not steps or "is withdrawn" not in steps[0]:
        raise LabError(f"the application was not withdrawn before the claim was released: {told}")
    run.mark("the stack is destroyed")
    engine.destroy("lab", run.hub.kubeconfig, run.hub.folder, say=lambda _: None)
    run.wait("end of all clusters", lambda: not clusters(run.hub.cluster))
    run.wait(f"end of all of {name}", lambda: not traces(run.hub.cluster, run.hub.spokes, name))
    if found := leaks(run.hub.cluster):
        raise LabError(f"leaked: {', '.join(found)}")


def _all_over(run: Run) -> None:
    run.wait("end of the burst", run.idle, 180)
    if found := leaks(run.hub.cluster):
        raise LabError(f"leaked: {', '.join(found)}")
    run.hold(2)


def _claimed(run: Run) -> list[tuple[str, str]]:
    """Return the claimed clusters with their claims."""
    return [(seen.name, seen.claim) for seen in clusters(run.hub.cluster) if seen.claim]


def _live(run: Run) -> list[tuple[str, str]]:
    """Return the claims that nobody has released: their uid and their pool."""
    found = run.hub.cluster.find(HIVE, "ClusterClaim")
    return [(one["metadata"]["uid"], one["spec"]["clusterPoolName"]) for one in found if not deleting(one)]


def _unreachable(run: Run, name: str) -> bool:
    found = run.hub.cluster.get(HIVE, "ClusterDeployment", name, name)
    return bool(found) and Thing(run.hub.cluster, found).condition("Unreachable").get("status") == "True"


def _tainted(run: Run, name: str) -> bool:
    found = run.hub.cluster.get(MANAGED, "ManagedCluster", name) or {"spec": {}}
    taints: list[dict[str, str]] = found["spec"].get("taints") or []
    return any(taint["key"] == UNREACHABLE for taint in taints)


def _context(run: Run) -> BurstContext:
    return BurstContext(run.settings.bursts[0], run.settings.pools[0], run.settings.workload)


def _force(run: Run, name: str, spec: Mapping[str, object]) -> None:
    kind = (ReleasePolicy.api_version, ReleasePolicy.kind)
    found = run.hub.cluster.get(*kind, name) or {}
    run.hub.cluster.replace({**found, "spec": spec})


# A second pool and a second tier on it, which claims when the hub has eight pods.
TIERS: dict[str, object] = {
    "spillway:workload.maxReplicas": 10,
    "spillway:guardrails.maxClusters": 4,
    "spillway:pools[1]": {
        "name": "far",
        "region": "us-east-1",
        "zones": ["us-east-1a"],
        "baseDomain": "burst.example.com",
        "releaseImage": "quay.io/openshift-release-dev/ocp-release:4.12.36-multi",
        "size": 1,
        "maxSize": 2,
        "resumeTimeout": "2h",
    },
    "spillway:bursts[1]": {
        "name": "surge",
        "pool": "far",
        "claimAt": 8,
        "replicas": 2,
        "releaseAt": 3,
        "minimumHold": "10s",
        "schedule": "*/5 * * * * * *",
        "lifetime": "8h",
    },
}
PODS_OF_TIERS = 4
CLAIMED = 3
GIB = 2**30
MOST_MEMORY = 5 * GIB

SCENARIOS = {
    "burst": Scenario("A burst", burst),
    "unstable": Scenario("Thresholds that break the rule: the burst swings", unstable),
    "stable": Scenario("The same load with the stack's thresholds", stable),
    "double": Scenario("Two bursts while the cluster resumes", double),
    "again": Scenario("A burst while the last cluster is being removed", again),
    "full": Scenario("A burst on a pool at its maxSize", full, {"spillway:pools[0].maxSize": 1}),
    "tiers": Scenario("Two tiers", tiers, TIERS),
    "three": Scenario(
        "Three claimed clusters", three, {"spillway:pools[0].maxSize": 4, "spillway:guardrails.maxClusters": 4}
    ),
    "unreachable": Scenario("The burst cluster cannot be reached for a while", unreachable),
    "kyverno-down": Scenario("Kyverno is down while the application scales", kyverno_down),
    "api-restart": Scenario("The hub's API server restarts in mid-burst", restart),
    "pull-secret": Scenario("The pool's pull secret is missing", pull_secret),
    "lifetime": Scenario("The lifetime ends under load", lifetime, {"spillway:bursts[0].lifetime": "2h"}),
    "destroy": Scenario("Drained and destroyed in mid-burst", destroy),
}
