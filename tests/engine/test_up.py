"""The stack comes up, and nothing of what controllers write to its objects makes Pulumi change anything."""

from lab.fleet.objects import HIVE
from lab.fleet.observe import clusters
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import DEPLOYMENT, POOL, claims, preview, recorded_names, running_claim, scale, up


def test_up_made_what_is_recorded_and_up_again_changes_nothing(stack: PulumiStack) -> None:
    stack_json = stack.show("export")
    for name in recorded_names():
        assert f'::{name}"' in stack_json
    assert up(stack, "--expect-no-changes") == set()


def test_what_controllers_write_is_no_change(hub: Hub, stack: PulumiStack) -> None:
    """Every field that Pulumi and a controller both write is a fight that `pulumi up` wins until the next look."""
    hub.cluster.wait_for("a standby cluster", lambda: [seen.state for seen in clusters(hub.cluster)] == ["Hibernating"])
    claim = running_claim(hub)
    pool = hub.cluster.get(*POOL) or {}
    site = hub.cluster.get("skupper.io/v2alpha1", "Site", "hub", "interconnect") or {}
    certificate = hub.cluster.get("skupper.io/v2alpha1", "Certificate", "token-req-aws", "interconnect") or {}
    deployment = hub.cluster.get(*DEPLOYMENT) or {}
    # Otherwise the test would prove nothing.
    assert hub.cluster.get("v1", "ConfigMap", "acm-placement", "openshift-gitops")
    assert claim["spec"]["namespace"]
    assert pool["metadata"]["finalizers"]
    assert pool["status"]["conditions"]
    assert site["status"]["network"]
    assert certificate["status"]["conditions"]
    assert deployment["spec"]["replicas"] == 5
    assert preview(stack, "--refresh", "--expect-no-changes") == set()
    assert up(stack, "--refresh", "--expect-no-changes") == set()
    scale(hub, 1)
    hub.cluster.wait_for("the release", lambda: not claims(hub), 60)
    assert hub.cluster.find(HIVE, "ClusterPool")
