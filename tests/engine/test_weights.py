"""Weights that Kyverno keeps, and the Pulumi CLI, which applies with a field manager of its own: no fight over the field."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.mesh import MeshLab
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import destroy, preview, up
from tests.engine.test_changes import updated
from tests.mesh import APPLICATION, BY_PODS, MESH, Net, key, kyverno_on_c1

FOUR = {key("c2"): 1, key("c3"): 4}


@pytest.fixture
def weighted(mesh: MeshLab, tmp_path: Path) -> Iterator[tuple[PulumiStack, Net]]:
    kyverno_on_c1(mesh)
    net = Net(mesh, 2, tmp_path / "direct")
    stack = PulumiStack("mesh", tmp_path / "pulumi", mesh.kubeconfig)
    stack.override(net.config(BY_PODS))
    up(stack)
    net.wait_linked()
    yield stack, net
    destroy(stack)


def test_weights_that_follow_the_pods_are_no_change(weighted: tuple[PulumiStack, Net]) -> None:
    """The program writes them once; a later `up` that wrote them again would send load to where no pod is."""
    stack, net = weighted
    stack.override({f"{MESH}.clusters[2].replicas": 4})
    assert up(stack) == updated("c3-application-deployment")
    net.wait_weights({"c2": 1, "c3": 4})
    assert up(stack, "--expect-no-changes") == set()
    assert preview(stack, "--refresh", "--expect-no-changes") == set()
    stack.override({f"{MESH}.application.port": 9090})
    assert updated("c1-service-weighted-listener") <= up(stack)
    assert net.get("c1", "MultiKeyListener", APPLICATION)["spec"]["port"] == 9090
    assert net.weights() == FOUR
