"""The burst trigger on a real Kyverno. Each test tells what went wrong, or would, without the rule that it guards."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

from kubernetes.client.exceptions import ApiException

from lab.kyverno import ADMISSION, BACKGROUND, CLEANUP, Controller
from tests.lab.trigger import CLAIM, CLAIM_AT, DEPLOYMENT, HOLD, NAMESPACE, RELEASE_AT, Trigger


def kill(trigger: Trigger, *controllers: Controller) -> None:
    for controller in controllers:
        trigger.lab.kyverno.process(controller).stop(grace=0)


def test_it_claims_once(trigger: Trigger) -> None:
    trigger.scale(5)
    claim = trigger.claim()
    assert claim["metadata"]["name"] == "aws-burst-a"
    assert claim["spec"] == {"clusterPoolName": "aws", "lifetime": "8h0m0s"}
    trigger.as_hive("aws-burst-a")
    for replicas in (6, 7, CLAIM_AT, 9):
        trigger.scale(replicas)
    trigger.settle()
    assert trigger.live() == ["aws-burst-a"]
    assert trigger.untouched("aws-burst-a")


def test_below_claim_at_nothing_is_claimed(trigger: Trigger) -> None:
    trigger.scale(CLAIM_AT - 1)
    time.sleep(1)
    trigger.settle()
    assert trigger.claims() == []


def test_it_keeps_in_the_hold_band_and_releases_at_release_at_after_the_hold(trigger: Trigger) -> None:
    trigger.scale(5)
    trigger.claim()
    trigger.scale(RELEASE_AT + 1)
    trigger.stays(["aws-burst-a"], HOLD + 3)
    trigger.scale(RELEASE_AT)
    trigger.wait("the release", lambda: not trigger.live())


def test_the_minimum_hold_holds(trigger: Trigger) -> None:
    """A cluster that is released before it arrived was paid for and never used."""
    trigger.scale(5)
    begin = time.monotonic()
    trigger.claim()
    trigger.scale(RELEASE_AT)
    trigger.wait("the release", lambda: not trigger.live())
    # Creation timestamps have whole seconds.
    assert time.monotonic() - begin > HOLD - 1


def test_what_changes_no_replicas_changes_no_claim(trigger: Trigger) -> None:
    """A rollout or a no-op update once made Kyverno write the claim anew, without Hive's finalizer: a leaked cluster."""
    trigger.scale(5)
    name = trigger.claim()["metadata"]["name"]
    trigger.as_hive(name)
    for number in range(20):
        trigger.annotate("note", str(number))
    trigger.cluster.patch(
        *DEPLOYMENT[:3], {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}, DEPLOYMENT[3]
    )
    trigger.wait("the same Deployment put in its own place", lambda: _replaced_by_itself(trigger))
    time.sleep(1)
    trigger.settle()
    assert trigger.live() == [name]
    assert trigger.untouched(name)


def _replaced_by_itself(trigger: Trigger) -> bool:
    try:
        trigger.cluster.replace(trigger.cluster.get(*DEPLOYMENT) or {})
    except ApiException as error:
        if error.status != 409:  # its status changed between the look and the replacement
            raise
        return False
    return True


def test_deleting_the_policies_releases_nothing(trigger: Trigger) -> None:
    """A policy that is replaced in an update of the stack must not take a serving cluster with it."""
    trigger.scale(5)
    name = trigger.claim()["metadata"]["name"]
    trigger.as_hive(name)
    trigger.delete_policies()
    trigger.stays([name], 4)
    assert trigger.untouched(name)


def test_a_load_from_before_the_trigger_claims(trigger: Trigger) -> None:
    trigger.delete_policies()
    trigger.scale(5)
    time.sleep(1)
    assert trigger.claims() == []
    trigger.apply_policies()
    trigger.claim()


def test_deleting_the_application_releases(trigger: Trigger) -> None:
    trigger.scale(5)
    trigger.claim()
    trigger.cluster.delete(*DEPLOYMENT)
    trigger.wait("the release", lambda: not trigger.live())


def test_each_policy_is_asked_of_its_own_kinds_in_its_own_namespace(trigger: Trigger) -> None:
    """By one webhook for all, each change of any Deployment on the hub made a request to each policy.

    With every request Kyverno lists all others: a storm on two cores took minutes, and a claim more than one.
    """
    kind = ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")
    hooks = [hook for found in trigger.cluster.find(*kind) for hook in found.get("webhooks", [])]
    asked = {
        hook["clientConfig"]["url"].partition("/gpol/")[2]: (
            hook["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
            {resource for rule in hook["rules"] for resource in rule["resources"]},
        )
        for hook in hooks
        if "/gpol/" in hook["clientConfig"]["url"]
    }
    application = DEPLOYMENT[3]
    assert asked == {
        "aws-burst-claim": (application, {"deployments", "deployments/status"}),
        "aws-burst-heartbeat": (application, {"horizontalpodautoscalers/status"}),
        "aws-burst-reclaim": (NAMESPACE, {"clusterclaims", "clusterclaims/status"}),
    }


def test_forty_scalings_at_once_make_one_claim(trigger: Trigger) -> None:
    """Two racing events once took two names: two clusters for one burst."""
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(trigger.scale, [CLAIM_AT + n % 6 for n in range(40)]))
    # Each try of a write that collides is an event, and with each Kyverno lists all others. Forty at a time made 430,
    # under which the API server answered nobody for a minute; four collide as well.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: trigger.annotate(f"n{n}", "x"), range(40)))
    trigger.claim()
    time.sleep(1)
    trigger.settle()
    assert len(trigger.claims()) == 1


def test_it_claims_again_while_the_last_cluster_is_still_being_removed(trigger: Trigger) -> None:
    """Hive keeps a released claim for up to an hour; with one name the next burst would have no cluster for so long."""
    trigger.scale(5)
    trigger.claim()
    trigger.as_hive("aws-burst-a")
    trigger.scale(RELEASE_AT)
    trigger.wait("the release", lambda: not trigger.live())
    trigger.scale(6)
    trigger.wait("the second claim", lambda: trigger.live() == ["aws-burst-b"])
    trigger.finish("aws-burst-a")
    for replicas in (7, 8, 5):
        trigger.scale(replicas)
    time.sleep(1)
    trigger.settle()
    assert [claim["metadata"]["name"] for claim in trigger.claims()] == ["aws-burst-b"]


def test_a_claim_that_goes_under_load_is_followed_by_another(trigger: Trigger) -> None:
    """A lifetime that ends under load, or a scale-up in the instant of the release: no event of the application follows."""
    trigger.scale(5)
    trigger.claim()
    trigger.as_hive("aws-burst-a")
    trigger.settle()
    trigger.cluster.delete(*CLAIM, "aws-burst-a", NAMESPACE)
    trigger.touch_status("aws-burst-a")
    trigger.wait("the second claim", lambda: trigger.live() == ["aws-burst-b"])


def test_the_autoscalers_status_makes_up_for_a_lost_event(trigger: Trigger) -> None:
    """Kyverno's webhooks let requests pass while it is down, so the scale-up itself may never be seen."""
    trigger.cluster.apply(trigger.autoscaler)
    kill(trigger, ADMISSION)
    trigger.scale(5)
    time.sleep(1)
    trigger.lab.kyverno.start()
    assert trigger.claims() == []
    status = {"desiredReplicas": 5, "currentReplicas": 5}
    trigger.wait("a claim", lambda: _beat(trigger, status) or trigger.live())
    trigger.cluster.delete("autoscaling/v2", "HorizontalPodAutoscaler", DEPLOYMENT[2], DEPLOYMENT[3])


def _beat(trigger: Trigger, status: dict[str, int]) -> None:
    status["currentReplicas"] = 4 if status["currentReplicas"] == 5 else 5
    trigger.cluster.patch_status("autoscaling/v2", "HorizontalPodAutoscaler", DEPLOYMENT[2], status, DEPLOYMENT[3])


def test_an_event_while_the_background_controller_is_down_is_worked_off_later(trigger: Trigger) -> None:
    kill(trigger, BACKGROUND)
    trigger.scale(5)
    time.sleep(1)
    assert trigger.claims() == []
    trigger.lab.kyverno.start()
    trigger.wait("a claim", trigger.live)


def test_an_old_event_does_not_claim_for_a_load_that_has_gone(trigger: Trigger) -> None:
    """Kyverno works events off as they were: one from before its restart once claimed a cluster that nobody needed."""
    kill(trigger, BACKGROUND)
    trigger.scale(5)
    trigger.scale(RELEASE_AT)
    trigger.lab.kyverno.start()
    time.sleep(10)
    trigger.settle()
    assert trigger.claims() == []


def test_what_kyverno_has_forgotten_is_released_when_its_cleanup_controller_is_started_again(trigger: Trigger) -> None:
    """The runbook of SpillwayReleaseLate. Ten attempts that fail in a row, and Kyverno does not look any more.

    It took five seconds without an API server, and the claim stayed until its lifetime was over.
    """
    trigger.scale(5)
    trigger.claim()
    trigger.lab.control_plane.process("kube-apiserver").stop(grace=0)
    log = trigger.lab.kyverno.process(CLEANUP).log
    begun = log.stat().st_size
    trigger.wait("Kyverno to forget", lambda: b"Failed to process request" in log.read_bytes()[begun:])
    trigger.lab.control_plane.start()
    trigger.scale(RELEASE_AT)
    trigger.stays(["aws-burst-a"], HOLD + 5)
    trigger.lab.kyverno.stop(CLEANUP)
    trigger.lab.kyverno.start(CLEANUP)
    trigger.wait("the release", lambda: not trigger.live())


def test_a_burst_with_controllers_killed_at_every_step(trigger: Trigger) -> None:
    """The release must not depend on what a controller remembers: a restarted one once released nothing, for ever."""

    def restart() -> None:
        kill(trigger, BACKGROUND, CLEANUP)
        trigger.lab.kyverno.start()

    restart()
    trigger.scale(5)
    trigger.wait("a claim", trigger.live)
    trigger.as_hive("aws-burst-a")
    restart()
    trigger.scale(RELEASE_AT + 1)
    trigger.stays(["aws-burst-a"], HOLD + 1)
    restart()
    assert trigger.untouched("aws-burst-a")
    trigger.scale(RELEASE_AT)
    restart()
    trigger.wait("the release", lambda: not trigger.live())
    restart()
    trigger.scale(6)
    trigger.wait("the second claim", lambda: trigger.live() == ["aws-burst-b"])


def test_random_scalings_settle_right(trigger: Trigger) -> None:
    """However fast and in what order: above the threshold one claim, at release none, and never two live ones."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for round_ in range(20):
        for _ in range(8):
            trigger.scale(chance.randint(1, 8))
            assert len(trigger.live()) <= 1, f"seed {seed}, round {round_}"
            time.sleep(chance.uniform(0, 0.2))
        if round_ % 5 == 4:
            kill(trigger, BACKGROUND)
            trigger.lab.kyverno.start(BACKGROUND)
        last = chance.choice([RELEASE_AT, CLAIM_AT, 8])
        trigger.scale(last)
        wanted = 0 if last == RELEASE_AT else 1
        trigger.wait(
            f"seed {seed}, round {round_}: {wanted} claims at {last}",
            lambda wanted=wanted: len(trigger.live()) == wanted,
        )
        assert len(trigger.claims()) <= 1, f"seed {seed}, round {round_}"
