"""Kyverno by its Helm chart. Its pods are KWOK's: this shows that the release comes up, not that Kyverno works."""

from pathlib import Path

from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from tests.engine.chart import kyverno_chart
from tests.engine.stacks import new_stack, remove_crds

KYVERNO = ("--target", "**Kyverno**", "--target", "**::hub")


def test_kyverno_from_a_local_chart(bare: ControlPlane, tmp_path: Path) -> None:
    settings = kyverno_chart(tmp_path)
    stack = new_stack(tmp_path / "pulumi", bare.kubeconfig, changes={"spillway:hub.kyverno": settings})
    expected = {"create hub", "create kyverno", "create kyverno-release", "create spillway-lab"}
    cluster = Cluster(bare.kubeconfig)
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": "node",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/os": "linux"},
            },
        }
    )
    try:
        assert {str(step) for step in stack.operations("preview", *KYVERNO)} == expected
        assert {str(step) for step in stack.operations("up", "--yes", "--skip-preview", *KYVERNO)} == expected
        deployments = cluster.find("apps/v1", "Deployment", "kyverno")
        assert {found["metadata"]["labels"]["app.kubernetes.io/instance"] for found in deployments} == {"my-kyverno"}
        assert len(deployments) == 4
        assert cluster.resource("policies.kyverno.io/v1", "GeneratingPolicy")
        assert stack.operations("preview", "--refresh", "--expect-no-changes", *KYVERNO) == []
    finally:
        # No destroy: the chart's hooks for it are jobs with a kubectl in them, which KWOK's pods have not.
        cluster.delete("v1", "Namespace", "kyverno")
        remove_crds(cluster)
