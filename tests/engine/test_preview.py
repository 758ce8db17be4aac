"""A preview needs nothing on the cluster: it comes before the operators that bring the kinds."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.crds import CRD
from lab.pulumi_cli import PulumiStack
from tests.engine.chart import kyverno_chart
from tests.engine.stacks import preview, recorded_names

CONTEXTS = ("hub", "kind-c1", "kind-c2", "kind-c3")
# What comes from chart repositories and registries is taken as it is: the provider reads charts in a preview.
CHANGES: dict[str, dict[str, Any]] = {
    "dev": {
        "spillway:pools[0].credentials": {
            "source": "existing",
            "awsSecret": "aws-creds",
            "pullSecret": "pull-secret",
        }
    },
    "mesh": {
        "spillway:mesh.controller": {"install": "existing"},
        "spillway:mesh.metalLB": {"install": "existing"},
        "spillway:mesh.clusters[0].console": False,
    },
}


@pytest.mark.parametrize("stack_name", CHANGES)
def test_an_api_server_without_any_crd_is_enough(bare: ControlPlane, tmp_path: Path, stack_name: str) -> None:
    assert Cluster(bare.kubeconfig).find(*CRD) == []
    kubeconfig = yaml.safe_load(bare.kubeconfig.read_text())
    kubeconfig["contexts"] = [{**kubeconfig["contexts"][0], "name": name} for name in CONTEXTS]
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    changes = dict(CHANGES[stack_name])
    if stack_name == "dev":
        changes["spillway:hub.kyverno"] = kyverno_chart(tmp_path)
    stack = PulumiStack(stack_name, tmp_path / "pulumi", tmp_path / "kubeconfig")
    stack.override(changes)
    expected = {*recorded_names(stack_name, changes), f"spillway-{stack_name}"}
    assert preview(stack) == {f"create {name}" for name in expected}
