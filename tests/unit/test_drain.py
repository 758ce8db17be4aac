"""The steps of draining, over a hub that is a dictionary. Does not prove that an API server enforces the quota."""

from dataclasses import dataclass, field, replace

import pytest

from drain.__main__ import main
from drain.hub import Claim
from drain.steps import DrainError, drain, resume

A = Claim("aws", "aws-burst-a", "aws", released=False, cluster="aws-7xk2p", infra_id="aws-7xk2p-abcde")


@dataclass
class FakeHub:
    """`looks` is how often a released claim is seen before it is gone."""

    present: dict[str, Claim] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ("aws",)
    looks: int = 2
    enforces: bool = True
    late: Claim | None = None
    did: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def claims(self, place: str) -> list[Claim]:
        found = [claim for claim in self.present.values() if claim.place == place]
        for claim in [claim for claim in found if claim.released]:
            self.looks -= 1
            if self.looks <= 0:
                del self.present[str(claim)]
        if self.late:
            self.present[str(self.late)], self.late = self.late, None
        return found

    def release(self, claim: Claim) -> None:
        self.did.append(f"release {claim}")
        self.present[str(claim)] = replace(claim, released=True)

    def hold(self, place: str) -> bool:
        if place not in self.namespaces:
            return False
        self.did.append(f"hold {place}")
        self.held.add(place)
        return True

    def holds(self, place: str) -> bool:
        return self.enforces

    def resume(self, place: str) -> bool:
        return place in self.held and not self.held.remove(place)


def run(hub: FakeHub, timeout: float = 5, places: tuple[str, ...] = ("aws",)) -> list[str]:
    said: list[str] = []
    drain(hub, places, say=said.append, timeout=timeout, look_every=0)
    return said


def test_no_new_claim_may_come_before_the_first_is_released() -> None:
    # Else the trigger claims again at once, while the application is still past its threshold.
    hub = FakeHub({str(A): A})
    said = run(hub)
    assert hub.did == ["hold aws", f"release {A}"]
    assert said[-2:] == ["aws/aws-burst-a: gone", "no claim is left"]


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
