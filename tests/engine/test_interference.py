"""What others do to an `up`: it goes on when they have stopped, or says what is to be done."""

import subprocess

from lab.hub import Hub
from lab.kyverno import ADMISSION
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, refused, up
from tests.engine.test_changes import CHANGES

NEW_REGION, _ = CHANGES["new region"]
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
    assert up(stack) <= {f"update burst-aws-burst-{policy}" for policy in ("claim", "reclaim", "heartbeat")}
    assert up(stack, "--expect-no-changes") == set()


def test_an_api_server_that_restarts_meanwhile(hub: Hub, stack: PulumiStack) -> None:
    stack.override(NEW_REGION)
    process = subprocess.Popen(
        stack.command(*UP), cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    hub.cluster.wait_for("the first object", lambda: hub.cluster.get("v1", "Namespace", "west"), 60)
    try:
        hub.control_plane.process("kube-apiserver").stop()
    finally:
        hub.control_plane.start()
        hub.kyverno.start()
    told, _ = process.communicate(timeout=300)
    if process.returncode:
        # What it had sent may have been done or not: then the commands for a run that was killed.
        assert "connection refused" in told or "EOF" in told or "already exists" in told, told
        stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
        stack.run(*UP, env={"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"})
    assert up(stack, "--refresh") <= {"update hub"}
    assert hub.cluster.get("hive.openshift.io/v1", "ClusterPool", "west", "west")
