"""A preview needs nothing on the cluster: it comes before the operators that bring the kinds."""

from pathlib import Path

import yaml

from lab.controlplane import ControlPlane
from lab.pulumi_cli import PulumiStack
from tests.engine.chart import kyverno_chart
from tests.engine.stacks import preview, recorded_names

CREDENTIALS = {"source": "existing", "awsSecret": "aws-creds", "pullSecret": "pull-secret"}


def test_dev_with_existing_credentials_on_an_api_server_without_any_crd(bare: ControlPlane, tmp_path: Path) -> None:
    kubeconfig = yaml.safe_load(bare.kubeconfig.read_text())
    kubeconfig["contexts"][0]["name"] = "hub"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    changes = {
        "spillway:pools[0].credentials": CREDENTIALS,
        "spillway:hub.kyverno": kyverno_chart(tmp_path),
    }
    stack = PulumiStack("dev", tmp_path / "pulumi", tmp_path / "kubeconfig")
    stack.override(changes)
    assert preview(stack) == {f"create {name}" for name in {*recorded_names("dev", changes), "spillway-dev"}}
