"""Nothing ever goes to whatever cluster kubectl points at."""

from pathlib import Path
from typing import Any

import yaml

from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import program, refused, up

NEW_IMAGE = "quay.io/openshift-release-dev/ocp-release:4.12.41-multi"


def contents(cluster: Cluster) -> set[tuple[str, str]]:
    kinds = ("Namespace", "Secret", "ConfigMap", "Event")
    return {(kind, found["metadata"]["uid"]) for kind in kinds for found in cluster.find("v1", kind)}


def test_another_current_context_gets_nothing(hub: Hub, bare: ControlPlane, stack: PulumiStack, tmp_path: Path) -> None:
    both: dict[str, Any] = yaml.safe_load(hub.kubeconfig.read_text())
    other: dict[str, Any] = yaml.safe_load(bare.kubeconfig.read_text())
    for part in ("clusters", "users", "contexts"):
        both[part] += [{**entry, "name": "elsewhere"} for entry in other[part]]
    both["contexts"][-1]["context"] = {"cluster": "elsewhere", "user": "elsewhere"}
    both["current-context"] = "elsewhere"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(both))
    elsewhere = Cluster(tmp_path / "kubeconfig")
    before = contents(elsewhere)
    stack.override({"spillway:pools[0].releaseImage": NEW_IMAGE, "spillway:pools[0].workers": {"replicas": 5}})
    stack.env["KUBECONFIG"] = str(tmp_path / "kubeconfig")
    try:
        assert "update pool-aws-pool" in up(stack)
    finally:
        stack.env["KUBECONFIG"] = str(hub.kubeconfig)
    assert contents(elsewhere) == before
    pool = hub.cluster.get("hive.openshift.io/v1", "ClusterPool", "aws", "aws") or {}
    assert hub.cluster.get("hive.openshift.io/v1", "ClusterImageSet", pool["spec"]["imageSetRef"]["name"])


def test_a_resource_without_a_provider_is_refused(stack: PulumiStack, tmp_path: Path) -> None:
    def forget(text: str) -> str:
        begin = text.index('Workload("workload"')
        return text[:begin] + text[begin:].replace(", opts=on_hub", "", 1)

    with program(stack, tmp_path, forget):
        assert "Default provider for 'kubernetes' disabled" in refused(stack, "preview")
