"""A pool that must be replaced gives its claims back first; what is only called otherwise in the program is kept."""

from pathlib import Path
from typing import Any

from drain.hub import QUOTA
from lab.fleet.observe import leaks
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, preview, program, running_claim, up


def secrets_of(pool: dict[str, Any]) -> list[str]:
    spec = pool["spec"]
    references = [spec["pullSecretRef"], spec["installConfigSecretTemplateRef"]]
    return [ref["name"] for ref in [*references, spec["platform"]["aws"]["credentialsSecretRef"]]]


def test_a_pool_that_changes_its_set_under_load(hub: Hub, stack: PulumiStack) -> None:
    """ACM's webhook lets nobody change the set of a pool, so it is deleted and made anew, with a claim on it."""
    running_claim(hub)
    before = secrets_of(hub.cluster.get(*POOL) or {})
    stack.override({"spillway:clusterSet.name": "bursts"})
    assert {"replace pool-aws-pool", "create-replacement pool-aws-pool"} <= preview(stack)
    assert "delete-replaced pool-aws-pool" in up(stack)
    pool = hub.cluster.get(*POOL) or {}
    assert pool["metadata"]["labels"]["cluster.open-cluster-management.io/clusterset"] == "bursts"
    # ACM has deleted those of the old pool with it.
    assert not any(hub.cluster.get("v1", "Secret", name, "aws") for name in before)
    assert all(hub.cluster.get("v1", "Secret", name, "aws") for name in secrets_of(pool))
    assert leaks(hub.cluster) == []
    # Claims may come again.
    assert hub.cluster.get("v1", "ResourceQuota", QUOTA, "aws") is None


def test_a_component_by_another_name_keeps_its_objects(stack: PulumiStack, tmp_path: Path) -> None:
    """Names of children follow their component's; without an alias the application would be deleted and made anew."""

    def rename(text: str) -> str:
        return text.replace('Workload("workload"', 'Workload("application"')

    def rename_with_alias(text: str) -> str:
        begin = text.index('Workload("workload"')
        alias = "opts=pulumi.ResourceOptions(provider=provider, aliases=[pulumi.Alias(name='workload')])"
        return text[:begin] + rename(text[begin:]).replace("opts=on_hub", alias, 1)

    with program(stack, tmp_path, rename):
        assert "create application-deployment" in preview(stack)
    with program(stack, tmp_path, rename_with_alias):
        assert preview(stack) == set()
