"""What others do to an `up`: it goes on when they have stopped, or says what is to be done."""

import json
import subprocess

from lab.hub import Hub
from lab.kyverno import ADMISSION
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, refused, up
from tests.engine.test_changes import NEW_REGION

APPLICATION_SET = ("argoproj.io/v1alpha1", "ApplicationSet", "cluster-init", "openshift-gitops")
UP = ("up", "--yes", "--skip-preview")


def test_what_somebody_changed_by_hand_is_told_and_taken_back(hub: Hub, stack: PulumiStack) -> None:
    hub.cluster.patch(*POOL[:3], {"spec": {"size": 0}}, POOL[3])
    message = refused(stack, *UP, "--refresh")
    assert "conflict" in message
    assert ".spec.size" in message
    stack.run(*UP, "--refresh", env={"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"})
    assert (hub.cluster.get(*POOL) or {})["spec"]["size"] == 1


def test_a_refreshed_application_set_can_still_be_changed(hub: Hub, stack: PulumiStack) -> None:
    """Argo CD takes the refresh's annotation away by writing the object back, and owns the generators from then on."""
    refresh = "argocd.argoproj.io/application-set-refresh"

    def annotations() -> dict[str, str]:
        return (hub.cluster.get(*APPLICATION_SET) or {})["metadata"].get("annotations") or {}

    hub.cluster.patch(*APPLICATION_SET[:3], {"metadata": {"annotations": {refresh: "true"}}}, APPLICATION_SET[3])
    hub.cluster.wait_for("Argo CD to refresh", lambda: refresh not in annotations(), 60)
    stack.override({"spillway:delivery.requeueAfter": 7})
    assert up(stack) == {"update delivery-application-set"}
    assert up(stack, "--refresh", "--expect-no-changes") == set()


def test_a_webhook_that_is_down_is_named_and_the_rerun_goes_on(hub: Hub, stack: PulumiStack) -> None:
    hub.kyverno.stop(ADMISSION)
    stack.override({"spillway:bursts[0].claimAt": 5})
    try:
        message = refused(stack, *UP)
        assert "failed calling webhook" in message
        assert "kyverno" in message
    finally:
        hub.kyverno.start()
    assert up(stack) == {f"update burst-aws-burst-{policy}" for policy in ("claim", "reclaim", "heartbeat")}
    assert up(stack, "--expect-no-changes") == set()


def test_an_api_server_that_restarts_meanwhile(hub: Hub, stack: PulumiStack) -> None:
    """It ends in success, or says so and `up` does the rest; unlike a kill, it leaves nothing to be cleared."""
    stack.override(NEW_REGION)
    words = stack.command(*UP)
    with subprocess.Popen(
        words, cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            hub.cluster.wait_for("the first object", lambda: hub.cluster.get("v1", "Namespace", "west"), 60)
            # Afterwards it may have ended, as it could not go on.
            assert process.poll() is None
            hub.control_plane.process("kube-apiserver").stop()
            hub.control_plane.start()
            hub.kyverno.start()
            told, _ = process.communicate(timeout=300)
        finally:
            process.kill()
            hub.control_plane.start()
    if process.returncode:
        assert "connection refused" in told or "EOF" in told, told
        # It has ended as it should: nothing is begun and not ended, as after a kill.
        assert not json.loads(stack.show("export"))["deployment"].get("pending_operations")
        stack.run(*UP)
    assert up(stack, "--refresh") == set()
    assert hub.cluster.get("hive.openshift.io/v1", "ClusterPool", "west", "west")
