"""Plays Hive's hibernation controller (openshift/hive, pkg/controller/hibernation).

Keeps: power states with their way in between (one state for Hive's five on the way up) and the conditions Hibernating
and Ready; a resumed cluster runs when its API answers; `hibernateAfter`, for claimed clusters only; a cluster whose
SyncSets are not applied waits ten minutes before its first hibernation.
Played by a fault: machines that fail to stop or to start.
"""

from collections.abc import Callable

from lab.fleet.faults import FAULT
from lab.fleet.objects import Thing, seconds
from lab.fleet.timing import Clock
from settings.values import nanoseconds

RUNNING, HIBERNATING, RESUMING, STOPPING = "Running", "Hibernating", "StartingMachines", "Stopping"
WAITING = "SyncSetsNotApplied"
# Where what is under way leads.
ENDS = {RESUMING: RUNNING, STOPPING: HIBERNATING}
# Where it gets stuck; Hive goes on trying.
FAILED = {"FailedToStartMachines": RESUMING, "FailedToStop": STOPPING}


def next_power(state: str, wanted: str, *, over: bool) -> str:
    """Return the power state that follows; what is under way is finished before the other way begins.

    Args:
        state: the present power state.
        wanted: Running or Hibernating.
        over: whether what is under way has had its time.
    """
    if state in ENDS:
        return ENDS[state] if over else state
    if state == wanted:
        return state
    return RESUMING if wanted == RUNNING else STOPPING


def look(deployment: Thing, clock: Clock, say: Callable[[str], None], *, applied: bool, up: bool) -> None:
    """Bring an installed cluster one step on.

    Args:
        deployment: the cluster.
        clock: the time.
        say: is told what was played.
        applied: its SyncSets have been applied once.
        up: its API answers.
    """
    state = deployment.status.get("powerState") or RUNNING
    wanted = deployment.spec.get("powerState") or RUNNING
    if wanted == RUNNING and _idle(deployment, clock):
        deployment.merge({"spec": {"powerState": HIBERNATING}})
        say(f"{deployment.name} has run for its hibernateAfter, {deployment.spec['hibernateAfter']}")
        return
    installed = deployment.status.get("installedTimestamp")
    fresh = installed and not applied and not clock.over(clock.timings.sync_sets, seconds(installed))
    if fresh and wanted == HIBERNATING and state in (RUNNING, WAITING):
        deployment.set_status(powerState=WAITING)
        return
    way = RUNNING if state == WAITING else FAILED.get(state, state)
    duration = clock.timings.resume if way == RESUMING else clock.timings.hibernate
    over = way in ENDS and clock.over(duration, deployment.since(way)) and (up or way != RESUMING)
    after = next_power(way, wanted, over=over)
    fault = deployment.annotations.get(FAULT, "")
    if over and FAILED.get(fault) == way:
        after = fault
    deployment.set_status(powerState=after)
    _report(deployment, after)
    if after == ENDS.get(way):
        say(f"{deployment.name} {'resumed' if after == RUNNING else 'hibernated'}")


def _idle(deployment: Thing, clock: Clock) -> bool:
    """Tell whether a claimed cluster has run for its `hibernateAfter`."""
    after, claimed = deployment.spec.get("hibernateAfter"), deployment.pool_reference.get("claimedTimestamp")
    ready = deployment.condition("Ready")
    if not (after and claimed and ready.get("status") == "True"):
        return False
    since = [claimed, ready["lastTransitionTime"], deployment.status.get("installedTimestamp") or claimed]
    return clock.over(nanoseconds(after) / 1e9, max(map(seconds, since)))


def _report(deployment: Thing, state: str) -> None:
    stopping = FAILED.get(state, state) == STOPPING
    reason = state if stopping or state == HIBERNATING else "ResumingOrRunning"
    off = "True" if state == HIBERNATING else "False"
    ready = "StoppingOrHibernating" if stopping or state == HIBERNATING else state
    deployment.set_conditions(
        Hibernating=(off, reason, f"power state {state}"),
        Ready=("True" if state == RUNNING else "False", ready, f"power state {state}"),
    )
