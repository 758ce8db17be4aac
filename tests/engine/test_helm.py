"""Kyverno by its Helm chart. Its pods are KWOK's: this shows that the release comes up, not that Kyverno works."""

from pathlib import Path

from lab.cluster import Cluster, Manifest
from lab.controlplane import ControlPlane
from tests.engine.chart import kyverno_chart, next_version
from tests.engine.stacks import new_stack, preview, program, remove_crds, up

KYVERNO = ("--target", "**Kyverno**", "--target", "**::hub")


def without_acm(program: str) -> str:
    """Let Kyverno come though ACM, which it comes after, is not on this API server."""
    assert "after=[acm.hub]" in program
    return program.replace("after=[acm.hub]", "after=[]")


def test_kyverno_from_a_local_chart_and_its_next_version(bare: ControlPlane, tmp_path: Path) -> None:
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
        with program(stack, tmp_path, without_acm):
            assert preview(stack, *KYVERNO) == expected
            assert up(stack, *KYVERNO) == expected
            deployments = deployments_of(cluster)
            assert {found["metadata"]["labels"]["app.kubernetes.io/instance"] for found in deployments} == {
                "my-kyverno"
            }
            assert len(deployments) == 4
            assert cluster.resource("policies.kyverno.io/v1", "GeneratingPolicy")
            assert preview(stack, "--refresh", "--expect-no-changes", *KYVERNO) == set()

            stack.override({"spillway:hub.kyverno.version": (version := next_version(Path(settings["chart"])))})
            # With all the rest, which is not there yet: nothing but the release is touched.
            assert {planned for planned in preview(stack) if not planned.startswith("create ")} == {
                "update kyverno-release"
            }
            assert preview(stack, *KYVERNO) == up(stack, *KYVERNO) == {"update kyverno-release"}
            charts = [found["metadata"]["labels"]["helm.sh/chart"] for found in deployments_of(cluster)]
            assert charts == [f"kyverno-{version}"] * 4
    finally:
        # No destroy: the chart's hooks for it are jobs with a kubectl in them, which KWOK's pods have not.
        cluster.delete("v1", "Namespace", "kyverno")
        remove_crds(cluster)


def deployments_of(cluster: Cluster) -> list[Manifest]:
    return cluster.find("apps/v1", "Deployment", "kyverno")
