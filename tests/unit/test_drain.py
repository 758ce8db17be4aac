"""The steps of draining, over a hub that is a dictionary. Does not prove that an API server enforces the quota."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from drain.__main__ import main
from drain.burst_cluster import Application, UnreachableError, withdraw
from drain.hub import LIMIT, Claim, Hub, HubAwayError
from drain.steps import DrainError, drain, resume

A = Claim("aws", "aws-burst-a", "aws", released=False, cluster="aws-7xk2p", infra_id="aws-7xk2p-abcde")
APPLICATION = Application("interconnect", "app")


@dataclass
class FakeHub:
    """`looks` is how often a released claim is seen before it is gone; `pods` what is left of them at each look.

    `away` are the questions that are not answered, counted from 1: to hold, whether it holds, for claims, for pods ...
    """

    present: dict[str, Claim] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ("aws",)
    looks: int = 2
    enforces: bool = True
    late: Claim | None = None
    away: Collection[int] = ()
    asked: int = 0
    pods: list[int] = field(default_factory=lambda: [0])
    did: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def claims(self, place: str) -> list[Claim]:
        self._ask()
        found = [claim for claim in self.present.values() if claim.place == place]
        for claim in [claim for claim in found if claim.released]:
            self.looks -= 1
            if self.looks <= 0:
                del self.present[str(claim)]
        if self.late:
            self.present[str(self.late)], self.late = self.late, None
        return found

    def _ask(self) -> None:
        self.asked += 1
        if self.asked in self.away:
            raise HubAwayError("the hub answers 503")

    def withdraw(self, claim: Claim, application: Application) -> int:
        self._ask()
        assert application == APPLICATION
        self.did.append(f"withdraw {claim.cluster}")
        if not self.pods:
            raise UnreachableError("it cannot be reached")
        return self.pods.pop(0) if len(self.pods) > 1 else self.pods[0]

    def release(self, claim: Claim) -> None:
        self.did.append(f"release {claim}")
        self.present[str(claim)] = replace(claim, released=True)

    def hold(self, place: str) -> bool:
        self._ask()
        if place not in self.namespaces:
            return False
        self.did.append(f"hold {place}")
        self.held.add(place)
        return True

    def holds(self, place: str) -> bool:
        self._ask()
        return self.enforces

    def resume(self, place: str) -> bool:
        self._ask()
        return place in self.held and not self.held.remove(place)


def run(hub: FakeHub, timeout: float = 5, places: tuple[str, ...] = ("aws",), grace: float = 5) -> list[str]:
    said: list[str] = []
    drain(hub, places, APPLICATION, say=said.append, timeout=timeout, grace=grace, look_every=0)
    return said


def test_no_new_claim_may_come_before_the_first_is_released() -> None:
    # Else the trigger claims again at once, while the application is still past its threshold.
    hub = FakeHub({str(A): A})
    said = run(hub)
    assert hub.did == ["hold aws", "withdraw aws-7xk2p", f"release {A}"]
    assert said[-2:] == ["aws/aws-burst-a: gone", "no claim is left"]


def test_a_claim_is_released_when_the_connections_of_its_cluster_have_finished() -> None:
    """A cluster that is removed under its connections breaks every one of them."""
    hub = FakeHub({str(A): A}, pods=[2, 2, 1, 0])
    said = run(hub)
    assert hub.did == ["hold aws", *["withdraw aws-7xk2p"] * 4, f"release {A}"]
    assert [line for line in said if "withdrawn" in line] == [
        f"aws-7xk2p: app is withdrawn; pods that have connections to finish: {pods}" for pods in (2, 1, 0)
    ]


def test_connections_that_do_not_finish_are_cut_after_the_grace() -> None:
    hub = FakeHub({str(A): A}, pods=[1])
    assert "not finished after 0 seconds, and released all the same: aws-7xk2p" in run(hub, grace=0)
    assert hub.did[-1] == f"release {A}"


def test_a_cluster_that_cannot_be_reached_is_released_without_waiting() -> None:
    """Else a cluster that hangs could never be given back."""
    hub = FakeHub({str(A): A}, pods=[])
    assert "aws-7xk2p: it cannot be reached; its connections are not waited for" in run(hub)
    assert hub.did == ["hold aws", "withdraw aws-7xk2p", f"release {A}"]


@pytest.mark.parametrize("claim", [replace(A, released=True), replace(A, cluster=None)])
def test_a_claim_that_is_released_or_has_no_cluster_has_nothing_to_withdraw(claim: Claim) -> None:
    hub = FakeHub({str(claim): claim})
    run(hub)
    assert "withdraw aws-7xk2p" not in hub.did


@pytest.mark.parametrize(
    ("kubeconfig", "why"),
    [
        ("", "its kubeconfig cannot be used"),
        ("token: [sesame", "its kubeconfig cannot be used"),
        ("apiVersion: v1\nkind: Config\ncontexts: []\n", "its kubeconfig cannot be used"),
        (
            "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a, user: "
            "{token: sesame}}], clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]}",
            r"it cannot be reached \(MaxRetryError\)",
        ),
    ],
)
def test_why_a_cluster_cannot_be_asked_is_told_without_its_kubeconfig(kubeconfig: str, why: str) -> None:
    with pytest.raises(UnreachableError, match=f"^{why}$"):
        withdraw(kubeconfig, APPLICATION)


@pytest.mark.parametrize("away", [(1,), (2,), (3,), (4,), (5, 6), (8,), (10, 11)])
def test_a_hub_that_is_away_for_a_while_is_asked_again(away: tuple[int, ...]) -> None:
    """A wait takes an hour, in which an API server is replaced now and then: one 503 once ended a destroy.

    During the withdrawal it was once taken for a burst cluster that cannot be asked, whose connections were cut.
    """
    hub = FakeHub({str(A): A}, away=away, pods=[2, 1, 0])
    said = run(hub)
    assert hub.did == ["hold aws", *["withdraw aws-7xk2p"] * 3, f"release {A}"]
    assert [line for line in said if "hub" in line] == [
        "the hub answers 503; it is asked again",
        "the hub answers again",
    ]
    assert said[-1] == "no claim is left"


def test_a_hub_that_stays_away_ends_the_wait() -> None:
    with pytest.raises(DrainError, match=r"not gone after 0 minutes: the hub answers 503\. Run this again"):
        run(FakeHub({str(A): A}, away=range(5, 10**6)), timeout=0.05)


@pytest.mark.parametrize("first", range(1, 6))
def test_a_hub_that_stays_away_is_not_asked_for_ever(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drain.steps.AWAY_TIMEOUT", 0.05)
    with pytest.raises(HubAwayError):
        run(FakeHub({str(A): A}, away=range(first, 10**6)))


def test_while_the_hub_is_away_no_connection_is_given_up() -> None:
    """The grace once went by while the hub was away, and the first thing that it heard was to remove the clusters."""
    hub = FakeHub({str(A): A}, away=range(3, 100), pods=[1])
    said = run(hub, grace=0)
    assert hub.did[-1] == f"release {A}"
    assert "aws-7xk2p: app is withdrawn; pods that have connections to finish: 1" in said


def test_claims_come_again_though_the_hub_is_away_for_a_while() -> None:
    """A pool that was replaced would get no claim, and no later `up` takes away a quota that is not Pulumi's."""
    hub, said = FakeHub(away=(1, 2), held={"aws"}), list[str]()
    resume(hub, ["aws"], say=said.append, look_every=0)
    assert said[-1] == "aws: claims may come again"
    assert not hub.held


class Silent(BaseHTTPRequestHandler):
    """An API server that takes requests and answers none, or that is overloaded."""

    def do_GET(self) -> None:
        if "/silent/" in self.path:
            time.sleep(5)
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()


@pytest.mark.parametrize(
    "ask",
    [
        lambda hub, place: hub.claims(place),
        lambda hub, place: hub.withdraw(replace(A, cluster=place, access="kubeconfig"), APPLICATION),
        lambda hub, place: hub.release(replace(A, place=place)),
        lambda hub, place: hub.hold(place),
        lambda hub, place: hub.holds(place),
        lambda hub, place: hub.resume(place),
    ],
    ids=["claims", "withdraw", "release", "hold", "holds", "resume"],
)
@pytest.mark.parametrize(
    ("place", "why"), [("silent", r"cannot be reached \(.*Read timed out"), ("busy", "answers 503")]
)
def test_a_hub_that_goes_silent_is_not_waited_on_for_ever(
    ask: Callable[[Hub, str], object], place: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection through a VPN that went away once held up a destroy past any of its timeouts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cluster = {"name": "a", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "a", "context": {"cluster": "a", "user": "a"}}
    config = {"clusters": [cluster], "contexts": [context], "users": [{"name": "a", "user": {}}], "current-context": ""}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    monkeypatch.setitem(LIMIT, "_request_timeout", 0.1)
    try:
        with pytest.raises(HubAwayError, match=f"^the hub {why}"):
            ask(Hub("a", str(tmp_path / "kubeconfig")), place)
    finally:
        server.shutdown()


def test_it_tells_the_tag_by_which_leftovers_are_found_on_aws() -> None:
    assert any("kubernetes.io/cluster/aws-7xk2p-abcde" in line for line in run(FakeHub({str(A): A})))


def test_a_claim_that_is_being_released_is_waited_for_and_not_released_again() -> None:
    hub = FakeHub({str(A): replace(A, released=True)})
    assert "was released before" in run(hub)[1]
    assert hub.did == ["hold aws"]


def test_a_claim_that_was_let_in_just_before_the_quota_is_released_too() -> None:
    late = replace(A, name="aws-burst-b")
    hub = FakeHub({str(A): A}, late=late)
    run(hub)
    assert f"release {late}" in hub.did
    assert not hub.present


def test_a_second_run_finds_nothing_to_do() -> None:
    hub = FakeHub()
    assert run(hub)[-1] == run(hub)[-1] == "no claim is left"


def test_a_stack_that_was_never_brought_up_is_drained() -> None:
    assert "there is no such namespace" in run(FakeHub(namespaces=()))[0]


def test_nothing_is_released_while_claims_may_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drain.steps.HOLD_TIMEOUT", 0)
    hub = FakeHub({str(A): A}, enforces=False)
    with pytest.raises(DrainError, match=r"aws/spillway-drain.*Nothing was released"):
        run(hub)
    assert hub.did == ["hold aws"]


def test_after_the_timeout_it_names_the_clusters_and_what_keeps_them() -> None:
    stuck = replace(A, trouble="AuthenticationFailure: the key is gone")
    with pytest.raises(DrainError, match=r"aws/aws-burst-a \(aws-7xk2p; AuthenticationFailure.*Never take a finalizer"):
        run(FakeHub({str(stuck): stuck}, looks=10**6), timeout=0.05)


def test_what_keeps_a_cluster_is_told_once_when_it_shows() -> None:
    stuck = replace(A, trouble="AuthenticationFailure: the key is gone")
    said = run(FakeHub({str(stuck): stuck}, looks=50))
    assert sum("the key is gone" in line for line in said) == 1


def test_resume_lets_claims_come_again() -> None:
    hub, said = FakeHub(), list[str]()
    run(hub)
    resume(hub, ["aws"], say=said.append)
    resume(hub, ["aws"], say=said.append)
    assert said == ["aws: claims may come again", "aws: nothing kept claims from coming"]


@pytest.mark.parametrize(
    ("arguments", "said"), [(["nowhere"], "there is no"), (["dev"], "the kubeconfig cannot be used")]
)
def test_a_mistake_is_told_without_a_traceback(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "kubeconfig").write_text("apiVersion: v1\nkind: Config\ncontexts: []\nclusters: []\nusers: []\n")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    assert main(arguments) == 1
    assert said in capsys.readouterr().out
