"""A pool that must be replaced, or goes, gives its claims back first; what is only called otherwise in the program is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from drain.hub import QUOTA
from lab.fleet.observe import clusters, leaks
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, preview, program, running_claim, up
from tests.engine.test_changes import NEW_REGION, NEW_TIER, TIER, created, replaced, updated
from tests.objects import recorded_keys

# A set by another name, and what names it: the pool, whose Secrets get names of their own, as ACM deletes those of the
# old pool with it.
SET_CHANGED = (
    created("cluster-set-bursts", "cluster-set-bursts-binding")
    | replaced("pool-aws-pool", "pool-aws-install-config", "pool-aws-aws-creds", "pool-aws-pull-secret")
    | updated("cluster-set-placement", "interconnect-aws-sync")
    | {"delete cluster-set-interconnect", "delete cluster-set-interconnect-binding"}
)


def secrets_of(pool: dict[str, Any]) -> list[str]:
    spec = pool["spec"]
    references = [spec["pullSecretRef"], spec["installConfigSecretTemplateRef"]]
    return [ref["name"] for ref in [*references, spec["platform"]["aws"]["credentialsSecretRef"]]]


def test_a_pool_that_changes_its_set_under_load(hub: Hub, stack: PulumiStack) -> None:
    """ACM's webhook lets nobody change the set of a pool, so it is deleted and made anew, with a claim on it."""
    running_claim(hub)
    before = secrets_of(hub.cluster.get(*POOL) or {})
    stack.override({"spillway:clusterSet.name": "bursts"})
    assert preview(stack) == up(stack) == SET_CHANGED
    pool = hub.cluster.get(*POOL) or {}
    assert pool["metadata"]["labels"]["cluster.open-cluster-management.io/clusterset"] == "bursts"
    # ACM has deleted those of the old pool with it.
    assert not any(hub.cluster.get("v1", "Secret", name, "aws") for name in before)
    assert all(hub.cluster.get("v1", "Secret", name, "aws") for name in secrets_of(pool))
    assert leaks(hub.cluster) == []
    # Claims may come again.
    assert hub.cluster.get("v1", "ResourceQuota", QUOTA, "aws") is None


def test_a_pool_that_leaves_the_config_with_its_burst_under_load(hub: Hub, stack: PulumiStack) -> None:
    """The trigger that could release the claim goes in the same `up`, before the pool."""
    shipped = stack.file.read_text()
    stack.override({**NEW_REGION, **NEW_TIER})
    up(stack)
    claim = running_claim(hub, "west", TIER["claimAt"])
    assert claim["spec"]["namespace"] in [seen.name for seen in clusters(hub.cluster)]
    stack.file.write_text(shipped)
    said = stack.run("up", "--yes", "--skip-preview")
    # Released, not waited for until its lifetime is over.
    assert f"west/{claim['metadata']['name']}: gone" in said
    assert hub.cluster.get(*POOL[:2], "west", "west") is None
    assert claim["spec"]["namespace"] not in [seen.name for seen in clusters(hub.cluster)]
    assert hub.cluster.get("v1", "Namespace", "west") is None
    assert leaks(hub.cluster) == []


def uids(hub: Hub) -> set[str]:
    """Return the identity of each of the stack's objects, which it keeps as long as it is not made anew."""
    found = [hub.cluster.get(api, kind, name, namespace) for api, kind, namespace, name in recorded_keys()]
    return {manifest["metadata"]["uid"] for manifest in found if manifest}


def test_a_component_by_another_name_keeps_its_objects(hub: Hub, stack: PulumiStack, tmp_path: Path) -> None:
    """Names of children follow their component's; without an alias the application would be deleted and made anew."""

    def name(new: str, options: str) -> Callable[[str], str]:
        def change(text: str) -> str:
            head, workload, rest = text.partition('Workload("workload"')
            return head + workload.replace("workload", new) + rest.replace("opts=on_hub", options, 1)

        return change

    def alias(old: str) -> str:
        return f"opts=pulumi.ResourceOptions(provider=provider, aliases=[pulumi.Alias(name={old!r})])"

    before = uids(hub)
    assert len(before) == len(recorded_keys())
    with program(stack, tmp_path, name("application", "opts=on_hub")):
        assert {"create application-deployment", "delete workload-deployment"} <= preview(stack)
    for old, new in (("workload", "application"), ("application", "workload")):
        with program(stack, tmp_path, name(new, alias(old))):
            assert preview(stack) == up(stack) == set()
        state = stack.show("export")
        assert f"::{new}-deployment" in state
        assert f"::{old}-deployment" not in state
    assert up(stack, "--expect-no-changes") == set()
    assert uids(hub) == before
