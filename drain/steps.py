"""The steps of draining a stack, in their order."""

import time
from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from drain.burst_cluster import Application, UnreachableError
from drain.hub import QUOTA, Claim, HubAwayError

Say = Callable[[str], None]
# The quota's controller counts within a second or two, after half a minute in which it gets to know a new kind.
HOLD_TIMEOUT = 60.0
REMIND_AFTER = 60.0
# A hub of one node restarts in a quarter of an hour.
AWAY_TIMEOUT = 1800.0
# Pods end after half a minute by default.
GRACE = 300.0


class DrainError(Exception):
    """The stack is not drained; the message says what is left and what to do."""


class Claims(Protocol):
    """What draining needs of a hub; see `drain.hub.Hub`."""

    def claims(self, place: str) -> list[Claim]: ...  # noqa: D102
    def withdraw(self, claim: Claim, application: Application) -> int: ...  # noqa: D102
    def release(self, claim: Claim) -> None: ...  # noqa: D102
    def hold(self, place: str) -> bool: ...  # noqa: D102
    def holds(self, place: str) -> bool: ...  # noqa: D102
    def resume(self, place: str) -> bool: ...  # noqa: D102


def drain(
    hub: Claims,
    places: Collection[str],
    application: Application,
    *,
    say: Say,
    timeout: float,
    grace: float = GRACE,
    look_every: float = 5,
) -> None:
    """Withdraw the application from a stack's burst clusters, release all claims, and wait until the clusters are gone.

    First it lets no new claim come. It does so by a quota in each namespace and leaves the trigger's policies alone,
    which are Pulumi's: an event that Kyverno has not yet worked off, or a person, cannot claim either. The quota goes
    with the namespace. Then no new connections go to the burst clusters, and open ones may finish (see `withdraw`). A
    claim is gone only when Hive has removed its cluster from AWS.

    May be run again at any time: it takes up what is left.

    Args:
        hub: the hub.
        places: the namespaces of the stack's pools.
        application: what the burst clusters serve.
        say: is told what happens.
        timeout: seconds to wait for all clusters together to be removed.
        grace: seconds that open connections may take to finish.
        look_every: seconds between looks.

    Raises:
        DrainError: claims are left, or new ones cannot be kept from coming.
        HubAwayError: the hub has been away for half an hour.
    """
    held = [place for place in places if _insist(lambda place=place: hub.hold(place), say, look_every)]
    for place in places:
        say(f"{place}: no new claims" if place in held else f"{place}: there is no such namespace, hence no claim")
    _await_holds(hub, held, say)
    withdraw(hub, held, application, say=say, grace=grace, look_every=look_every)
    _release(hub, held, say, timeout, look_every)


def withdraw(
    hub: Claims, places: Collection[str], application: Application, *, say: Say, grace: float, look_every: float = 5
) -> None:
    """Take the application out of service in the clusters of all claims, and wait until its pods have ended.

    A pod that ends gets no new connections, and ends when it has finished the open ones or its own grace period is over
    (`terminationGracePeriodSeconds`, half a minute by default). Only the pod knows how many connections are open.
    A cluster that cannot be reached is not waited for. Nothing brings the pods back in these clusters: release them.

    Args:
        hub: the hub.
        places: the namespaces of the stack's pools.
        application: what the burst clusters serve.
        say: is told what happens.
        grace: seconds to wait for all clusters together; those in which the hub is away do not count.
        look_every: seconds between looks.

    Raises:
        HubAwayError: the hub has been away for half an hour.
    """
    waited = 0.0
    told: dict[str, str] = {}

    def serves(claim: Claim) -> bool:
        try:
            pods = hub.withdraw(claim, application)
            line = f"{application.name} is withdrawn; pods that have connections to finish: {pods}"
        except UnreachableError as error:
            pods, line = 0, f"{error}; its connections are not waited for"
        if told.get(str(claim)) != line:
            told[str(claim)] = line
            say(f"{claim.cluster}: {line}")
        return pods > 0

    away = _Away(say)
    left: list[Claim] | None = None
    while True:
        look = time.monotonic()
        with away:
            if left is None:
                claims = [claim for place in places for claim in hub.claims(place)]
                left = [claim for claim in claims if claim.cluster and not claim.released]
            left = [claim for claim in left if serves(claim)]
            if not left:
                return
            if waited >= grace:
                names = ", ".join(str(claim.cluster) for claim in left)
                say(f"not finished after {grace:.0f} seconds, and released all the same: {names}")
                return
        time.sleep(look_every)
        if not away:
            waited += time.monotonic() - look


def resume(hub: Claims, places: Collection[str], *, say: Say, look_every: float = 5) -> None:
    """Let claims come again, for a stack that is not destroyed after all.

    Raises:
        HubAwayError: the hub has been away for half an hour.
    """
    for place in places:
        held = _insist(lambda place=place: hub.resume(place), say, look_every)
        say(f"{place}: claims may come again" if held else f"{place}: nothing kept claims from coming")


class _Away:
    """Around questions to a hub that may be away for a while, which it tells once; true while the hub is away.

    What is no sign of that is raised, and so is that the hub has been away for longer than AWAY_TIMEOUT.
    """

    def __init__(self, say: Say):
        self._say = say
        self._why = ""
        self._since = 0.0

    def __enter__(self) -> None:
        """Ask."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Take the answer."""
        if error and not isinstance(error, HubAwayError):
            return False
        now = time.monotonic()
        if not self._why:
            self._since = now
        why = str(error or "")
        if why != self._why:
            self._say(f"{why}; it is asked again" if why else "the hub answers again")
            self._why = why
        return now - self._since <= AWAY_TIMEOUT

    def __bool__(self) -> bool:
        return bool(self._why)

    def __str__(self) -> str:
        return self._why


T = TypeVar("T")


def _insist(ask: Callable[[], T], say: Say, look_every: float) -> T:
    away = _Away(say)
    while True:
        with away:
            return ask()
        time.sleep(look_every)


def _await_holds(hub: Claims, places: Collection[str], say: Say) -> None:
    deadline = time.monotonic() + HOLD_TIMEOUT
    for place in places:
        while not _insist(lambda place=place: hub.holds(place), say, 1):
            if time.monotonic() > deadline:
                raise DrainError(
                    f"the API server does not enforce the quota {place}/{QUOTA}, so that claims could come while "
                    "others go. Nothing was released. Delete the stack's GeneratingPolicies, and run this again."
                )
            time.sleep(0.2)


def _release(hub: Claims, places: Collection[str], say: Say, timeout: float, look_every: float) -> None:
    begin = told = time.monotonic()
    seen: dict[str, Claim] = {}
    away = _Away(say)
    while True:
        left = seen
        with away:
            left = {str(claim): claim for place in places for claim in hub.claims(place)}
            # On every look: one may have been let in just before the quota was enforced.
            for claim in left.values():
                if not claim.released:
                    hub.release(claim)
        for name in seen.keys() - left.keys():
            say(f"{name}: gone")
        for name, claim in left.items():
            if name not in seen:
                say(_first_sight(claim))
        if not (left or away):
            say("no claim is left")
            return
        now = time.monotonic()
        if now - begin > timeout:
            raise DrainError(
                f"not gone after {timeout / 60:.0f} minutes: {away or _tell(left)}. Run this again to wait on. Never "
                "take a finalizer off: the cluster would keep running unseen."
            )
        news = any(claim.trouble and (name not in seen or seen[name].trouble is None) for name, claim in left.items())
        if news or now - told > REMIND_AFTER:
            told = now
            say(f"waiting for {(now - begin) / 60:.0f} minutes: {_tell(left)}")
        seen = left
        time.sleep(look_every)


def _first_sight(claim: Claim) -> str:
    tagged = f", tagged kubernetes.io/cluster/{claim.infra_id} on AWS" if claim.infra_id else ""
    holds = f"holds {claim.cluster}{tagged}" if claim.cluster else "has no cluster yet"
    return f"{claim}: {holds}; {'was released before' if claim.released else 'is released'}"


def _tell(left: dict[str, Claim]) -> str:
    return ", ".join(
        f"{name} ({claim.cluster or 'no cluster'}{f'; {claim.trouble}' if claim.trouble else ''})"
        for name, claim in sorted(left.items())
    )
