"""The simulated Hive decides as the real one does; each row is a rule of openshift/hive's clusterpool controller."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lab.fleet.arithmetic import Plan, PoolCluster, PoolSize, lifetime, plan, plan_end
from lab.fleet.hive_hibernation import next_power
from lab.fleet.olm import offer, phase
from lab.fleet.timing import MINUTE, Timings


def installing(name: str) -> PoolCluster:
    return PoolCluster(name)


def standby(name: str) -> PoolCluster:
    return PoolCluster(name, installed=True)


def running(name: str) -> PoolCluster:
    return PoolCluster(name, installed=True, running=True)


def claimed(name: str, claim: str = "x", *, released: bool = False, deleting: bool = False) -> PoolCluster:
    return PoolCluster(name, installed=True, running=True, claim=claim, released=released, deleting=deleting)


def broken(name: str) -> PoolCluster:
    return PoolCluster(name, installed=True, broken=True)


def stale(name: str, *, installed: bool = True) -> PoolCluster:
    return PoolCluster(name, installed=installed, stale=True)


def deleted(name: str) -> PoolCluster:
    return PoolCluster(name, installed=True, deleting=True)


ROWS = {
    "an empty pool installs its size": (PoolSize(2), [], [], Plan(add=2)),
    "no more than maxConcurrent at a time": (PoolSize(3, concurrent=1), [], [], Plan(add=1)),
    "what installs counts as concurrent": (PoolSize(3, concurrent=1), [installing("a")], [], Plan()),
    "what deprovisions counts as concurrent": (PoolSize(3, concurrent=1), [deleted("a")], [], Plan()),
    "a full pool sleeps": (PoolSize(1), [standby("a")], [], Plan()),
    "runningCount keeps the oldest awake": (PoolSize(2, 1), [standby("a"), standby("b")], [], Plan(run=["a"])),
    "a claim resumes the oldest standby and installs one more at once": (
        PoolSize(2), [standby("a"), standby("b")], ["x"], Plan(add=1, run=["a"]),
    ),
    "maxSize stops the extra install, not the resume": (
        PoolSize(1, maximum=1), [standby("a")], ["x"], Plan(run=["a"]),
    ),
    "claimed clusters count for maxSize": (PoolSize(1, maximum=1), [claimed("a")], [], Plan()),
    "deprovisioning clusters count for maxSize": (PoolSize(1, maximum=1), [deleted("a")], [], Plan()),
    "a claim that got a cluster makes the pool fill up": (PoolSize(1), [claimed("a")], [], Plan(add=1)),
    "a pool of size 0 installs for the claim": (PoolSize(0), [], ["x"], Plan(add=1)),
    "what is installed for a claim stays awake": (PoolSize(0), [installing("a")], ["x"], Plan(run=["a"])),
    "only a running cluster is given": (PoolSize(1, maximum=1), [standby("a")], ["x"], Plan(run=["a"])),
    "the first claim gets the oldest running cluster": (
        PoolSize(0), [running("a"), running("b")], ["x", "y"], Plan(assign=[("x", "a"), ("y", "b")]),
    ),
    "more claims than running clusters: the first ones are served": (
        PoolSize(0, maximum=2), [running("a"), standby("b")], ["x", "y"], Plan(assign=[("x", "a")], run=["b"]),
    ),
    "a given cluster is not resumed or deleted by the same look": (
        PoolSize(0), [running("a"), running("b")], ["x"], Plan(assign=[("x", "a")], delete=["b"]),
    ),
    "a released cluster is deleted": (
        PoolSize(0), [claimed("a", released=True)], [], Plan(delete=["a"]),
    ),
    "a released cluster waits for maxConcurrent": (
        PoolSize(1, concurrent=1), [installing("a"), claimed("b", released=True)], [], Plan(),
    ),
    "a released cluster never serves again": (
        PoolSize(0, maximum=1), [claimed("a", released=True)], ["y"], Plan(delete=["a"]),
    ),
    "what is deleted for a released claim leaves no room for an install": (
        PoolSize(2, concurrent=1), [claimed("a", released=True)], [], Plan(delete=["a"]),
    ),
    "a cluster that is to be removed does not serve, claimed or not": (
        PoolSize(0, maximum=1), [PoolCluster("a", True, True, released=True)], ["x"], Plan(delete=["a"]),
    ),
    "shrinking respects maxConcurrent": (
        PoolSize(0, concurrent=1), [standby("a"), standby("b")], [], Plan(delete=["a"]),
    ),
    "a claimed cluster is never deleted to shrink": (PoolSize(0), [claimed("a")], [], Plan()),
    "shrinking takes the newest that installs first": (
        PoolSize(2), [standby("a"), installing("b"), installing("c")], [], Plan(delete=["c"]),
    ),
    "then the oldest standby, then the oldest running": (
        PoolSize(0, 1), [running("a"), standby("b"), standby("c")], [], Plan(delete=["b", "c", "a"]),
    ),
    "a broken cluster is deleted": (PoolSize(1), [broken("a")], [], Plan(delete=["a"])),
    "a broken cluster counts for the size until it is deleted": (
        PoolSize(2), [broken("a"), standby("b")], [], Plan(delete=["a"]),
    ),
    "what is missing is added before what is broken is deleted": (PoolSize(2), [broken("a")], [], Plan(add=1)),
    "a broken cluster is deleted before a claim gets its own at maxSize": (
        PoolSize(1, maximum=1), [broken("a")], ["x"], Plan(delete=["a"]),
    ),
    "what is broken goes before what is too many": (
        PoolSize(1), [standby("a"), standby("b"), broken("c")], [], Plan(delete=["c"]),
    ),
    "a broken cluster is never resumed": (
        PoolSize(1, maximum=2), [broken("a"), standby("b")], ["x"], Plan(delete=["a"], run=["b"]),
    ),
    "nor while it has to wait for its deletion": (
        PoolSize(1, concurrent=1), [broken("a"), deleted("b")], ["x"], Plan(),
    ),
    "a claimed cluster is never broken": (
        PoolSize(0), [PoolCluster("a", True, claim="x", broken=True)], [], Plan(),
    ),
    "stale clusters are replaced, one at a time": (PoolSize(2), [stale("a"), stale("b")], [], Plan(delete=["a"])),
    "but not while something installs": (PoolSize(2), [stale("a"), installing("b")], [], Plan()),
    "nor while the pool has not its size": (PoolSize(2), [stale("a")], [], Plan(add=1)),
    "nor while maxSize keeps the pool from its size": (PoolSize(2, maximum=1), [stale("a")], [], Plan()),
    "a stale cluster still serves a claim": (
        PoolSize(1, maximum=1), [PoolCluster("a", True, True, stale=True)], ["x"], Plan(assign=[("x", "a")]),
    ),
    "a claimed cluster is never stale": (
        PoolSize(0), [PoolCluster("a", True, True, claim="x", stale=True)], [], Plan(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", ROWS)
def test_plan(rule: str) -> None:
    pool, clusters, pending, expected = ROWS[rule]
    assert plan(pool, clusters, pending) == expected


def test_a_deleted_pool_keeps_claimed_clusters() -> None:
    members = [standby("a"), claimed("b"), claimed("c", released=True), deleted("d")]
    assert plan_end(PoolSize(1), members) == ["c", "a"]


def test_a_deleted_pool_respects_max_concurrent() -> None:
    assert plan_end(PoolSize(1, concurrent=2), [standby("a"), standby("b"), deleted("c")]) == ["a"]


numbers = st.builds(
    PoolSize,
    size=st.integers(0, 4),
    running=st.integers(0, 2),
    maximum=st.none() | st.integers(0, 6),
    concurrent=st.none() | st.integers(0, 3),
)
kinds = st.sampled_from(
    [
        installing,
        standby,
        running,
        deleted,
        broken,
        stale,
        lambda name: stale(name, installed=False),
        lambda name: claimed(name, f"of-{name}"),
        lambda name: claimed(name, f"of-{name}", released=True),
        lambda name: claimed(name, f"of-{name}", deleting=True),
    ]
)
members = st.lists(kinds, max_size=7).map(lambda made: [make(f"c{i}") for i, make in enumerate(made)])
claims = st.integers(0, 4).map(lambda count: [f"new{i}" for i in range(count)])


@given(numbers, members, claims)
def test_no_state_makes_the_pool_break_a_limit(pool: PoolSize, clusters: list[PoolCluster], pending: list[str]) -> None:
    todo = plan(pool, clusters, pending)
    by_name = {cluster.name: cluster for cluster in clusters}
    if pool.maximum is not None and todo.add:
        assert len(clusters) + todo.add <= pool.maximum
    if pool.concurrent is not None and (todo.add or todo.delete):
        busy = sum(c.deleting or (c.free and not c.installed) for c in clusters)
        assert busy + todo.add + len(todo.delete) <= pool.concurrent
    given_away = [cluster for _, cluster in todo.assign]
    assert len(set(given_away)) == len(given_away)
    assert [claim for claim, _ in todo.assign] == pending[: len(given_away)]
    assert all(by_name[name].free and by_name[name].running for name in given_away)
    assert all(by_name[name].free or by_name[name].released for name in todo.delete)
    assert not set(given_away) & {*todo.delete, *todo.run}
    assert not set(todo.delete) & set(todo.run)
    assert not (todo.add and any(by_name[name].free for name in todo.delete)), "grows and shrinks at once"


@given(
    st.builds(PoolSize, st.integers(0, 3), st.integers(0, 1), st.none() | st.integers(4, 8), st.none() | st.just(1)),
    members,
    claims,
)
def test_every_pool_settles(pool: PoolSize, clusters: list[PoolCluster], pending: list[str]) -> None:
    """Played on without an end, all claims that fit are served, the rest of the pool has its size and sleeps."""
    # The maximum stops what is added; it does not shrink a pool that is too large already.
    assume(pool.maximum is None or len(clusters) <= pool.maximum)
    made = 0
    for _ in range(60):
        todo = plan(pool, clusters, pending)
        assigned = {cluster: claim for claim, cluster in todo.assign}
        pending = pending[len(assigned) :]
        # What is being deleted goes, what installs is installed, and powers follow, before the next look.
        clusters = [
            PoolCluster(
                c.name,
                installed=True,
                running=bool(c.claim) or c.name in assigned or c.name in todo.run,
                claim=c.claim or assigned.get(c.name),
                deleting=c.name in todo.delete,
                released=c.released,
            )
            for c in clusters
            if not c.deleting
        ] + [PoolCluster(f"made{made + i}") for i in range(todo.add)]
        made += todo.add
    held = sum(bool(c.claim) for c in clusters)
    free = [c for c in clusters if c.free]
    room = 99 if pool.maximum is None else max(0, pool.maximum - held)
    assert not any(c.deleting or c.released for c in clusters)
    assert not pending or held >= (pool.maximum or 0)
    assert len(free) == min(pool.size, room)
    assert sum(c.running for c in free) == min(pool.running, len(free))


@pytest.mark.parametrize(
    ("claim", "default", "maximum", "expected"),
    [
        ("8h0m0s", "2h0m0s", None, "8h0m0s"),
        (None, "2h0m0s", None, "2h0m0s"),
        ("8h0m0s", None, "90m", "90m"),
        ("30m0s", None, "90m", "30m0s"),
        (None, None, "24h0m0s", "24h0m0s"),
        (None, "9h", "8h", "8h"),
        (None, None, None, None),
    ],
)
def test_lifetime_is_the_claims_or_the_default_but_at_most_the_maximum(
    claim: str | None, default: str | None, maximum: str | None, expected: str | None
) -> None:
    assert lifetime(claim, default, maximum) == expected


@pytest.mark.parametrize(
    ("state", "wanted", "over", "after"),
    [
        ("Running", "Running", False, "Running"),
        ("Running", "Hibernating", False, "Stopping"),
        ("Stopping", "Hibernating", False, "Stopping"),
        ("Stopping", "Hibernating", True, "Hibernating"),
        # A claim that comes while a cluster goes to sleep waits for both ways.
        ("Stopping", "Running", False, "Stopping"),
        ("Stopping", "Running", True, "Hibernating"),
        ("Hibernating", "Running", False, "StartingMachines"),
        ("StartingMachines", "Running", True, "Running"),
        ("StartingMachines", "Hibernating", False, "StartingMachines"),
    ],
)
def test_a_power_change_ends_before_the_next_begins(state: str, wanted: str, over: bool, after: str) -> None:
    assert next_power(state, wanted, over=over) == after


@pytest.mark.parametrize(
    ("approved", "over", "expected"),
    [
        (False, False, "RequiresApproval"),
        (False, True, "RequiresApproval"),
        (True, False, "Installing"),
        (True, True, "Complete"),
    ],
)
def test_an_install_plan_waits_for_approval(approved: bool, over: bool, expected: str) -> None:
    assert phase(approved=approved, over=over) == expected


@pytest.mark.parametrize(
    ("wait", "minutes"), [("reapply", 120), ("sync_sets", 10), ("lease_grace", 5), ("namespace", 5), ("resync", 5)]
)
def test_what_is_a_constant_of_the_real_code_waits_as_long_here(wait: str, minutes: int) -> None:
    """The other durations are estimates; by these the real controllers reapply, hibernate, taint and reap."""
    assert getattr(Timings(), wait) == minutes * MINUTE


@pytest.mark.parametrize(
    ("available", "asked", "installed", "expected"),
    [
        # A catalog that says nothing has what is asked for.
        ((), "v1", None, "v1"),
        ((), "v1", "v1", None),
        ((), "v2", "v1", "v2"),
        (("v1", "v2", "v3"), "v2", None, "v2"),
        (("v1", "v2", "v3"), "v4", None, None),
        # What is asked for counts until something is installed.
        (("v1", "v2", "v3"), "v3", "v1", "v2"),
        (("v1", "v2", "v3"), "v2", "v2", "v3"),
        (("v1", "v2", "v3"), "v3", "v3", None),
    ],
)
def test_olm_offers_the_next_version(
    available: tuple[str, ...], asked: str, installed: str | None, expected: str | None
) -> None:
    assert offer(available, asked, installed) == expected
