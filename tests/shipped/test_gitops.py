"""What Argo CD delivers is what the components say, is all that the project allows, and is nobody else's."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from preview.gitops import main, rendered
from preview.recording import ROOT, record
from preview.registration import reveal
from preview.stack_file import load
from preview.stack_settings import hub_stacks

STACKS = hub_stacks(ROOT)


def delivered(stack: str) -> dict[str, list[dict[str, Any]]]:
    """Return the manifests of each pool."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, text in rendered(ROOT).items():
        if path.parts[1] == stack:
            found.setdefault(path.parts[2], []).append(yaml.safe_load(text))
    return found


def inputs(stack: str, kind: str) -> dict[str, Any]:
    (found,) = [r for r in record(stack).registrations if r.custom and r.type.endswith(f":{kind}")]
    return reveal(found.inputs)


def identity(manifest: dict[str, Any]) -> tuple[str, str, str | None, str]:
    metadata = manifest["metadata"]
    return manifest["apiVersion"].split("/")[0], manifest["kind"], metadata.get("namespace"), metadata["name"]


def test_every_hub_stack_delivers_something() -> None:
    assert {"dev", "lab"} <= set(STACKS)
    assert {path.parts[1] for path in rendered(ROOT)} == set(STACKS)


@pytest.mark.parametrize("stack", STACKS)
def test_each_pool_has_the_hubs_application_with_its_bursts_replicas(stack: str) -> None:
    """Two copies of a manifest drift apart; the burst cluster would serve another version than the hub."""
    hub = inputs(stack, "Deployment")
    config = json.loads(load(stack, ROOT, {}, {}).values["spillway:bursts"])
    replicas = {burst["pool"]: burst["replicas"] for burst in config}
    for pool, manifests in delivered(stack).items():
        (deployment,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
        assert deployment["spec"].pop("replicas") == replicas.get(pool, 1)
        assert {key: deployment[key] for key in ("metadata", "spec")} == {key: hub[key] for key in ("metadata", "spec")}
        # With version 1 of Skupper it is reached there too, with version 2 a connector leads to it from the hub.
        (beside,) = [manifest for manifest in manifests if manifest["kind"] != "Deployment"]
        assert beside["kind"] in ("Route", "Connector")
        assert beside["spec"] == inputs(stack, beside["kind"])["spec"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_project_allows_just_what_is_delivered(stack: str) -> None:
    project = inputs(stack, "AppProject")["spec"]
    manifests = [manifest for pool in delivered(stack).values() for manifest in pool]
    allowed = {(entry["group"], entry["kind"]) for entry in project["namespaceResourceWhitelist"]}
    assert allowed == {(manifest["apiVersion"].split("/")[0], manifest["kind"]) for manifest in manifests}
    assert "clusterResourceWhitelist" not in project
    places = {(entry["name"], entry["namespace"]) for entry in project["destinations"]}
    assert places == {(f"{pool}-*", m["metadata"]["namespace"]) for pool in delivered(stack) for m in manifests}


@pytest.mark.parametrize("stack", STACKS)
def test_what_hive_delivers_and_what_argo_cd_delivers_do_not_overlap(stack: str) -> None:
    """Two owners of one object undo each other; and Hive, in mode Sync, deletes what leaves its list."""
    syncs = [reveal(r.inputs)["spec"] for r in record(stack).registrations if r.type.endswith(":SelectorSyncSet")]
    assert len(syncs) == len(delivered(stack))
    for spec in syncs:
        hive = {identity(manifest) for manifest in spec["resources"]}
        hive |= {("v1", "Secret", m["targetRef"]["namespace"], m["targetRef"]["name"]) for m in spec["secretMappings"]}
        argo = {identity(manifest) for pool in delivered(stack).values() for manifest in pool}
        assert len(hive) > 3
        assert not hive & argo
        assert {("v1", "Namespace", None, namespace) for _, _, namespace, _ in argo} <= hive
    # Argo CD makes no namespace either, but relies on the one from Hive.
    options = inputs(stack, "ApplicationSet")["spec"]["template"]["spec"]["syncPolicy"]["syncOptions"]
    assert "CreateNamespace=true" not in options


def test_nothing_secret_is_in_git() -> None:
    """The article keeps a Skupper token with its private key in its repository."""
    for path, text in rendered(ROOT).items():
        manifest = yaml.safe_load(text)
        assert manifest["kind"] not in ("Secret", "SealedSecret", "ConfigMap"), path
        assert not [word for word in ("token", "password", "PRIVATE KEY", "auths", "AKIA") if word in text], path


@pytest.mark.parametrize("stack", STACKS)
def test_the_application_set_finds_the_folder_of_each_pool(stack: str) -> None:
    source = inputs(stack, "ApplicationSet")["spec"]["template"]["spec"]["source"]
    folder, _, pool = source["path"].partition("/{{")
    assert folder == f"gitops/{stack}"
    assert "regexReplaceAll" in pool
    assert set(delivered(stack)) == {path.name for path in (ROOT / folder).iterdir()}


def test_a_stale_a_missing_and_a_foreign_file_are_told_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text((ROOT / "Pulumi.dev.yaml").read_text())
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    folder = tmp_path / "gitops" / "dev" / "aws"
    (folder / "deployment.yaml").write_text((folder / "deployment.yaml").read_text().replace("1.4.39", "1.4.40"))
    (folder / "route.yaml").unlink()
    (folder / "by-hand.yaml").write_text("kind: Secret\n")
    capsys.readouterr()
    assert main(["--check"], tmp_path) == 1
    told = capsys.readouterr().out
    assert [line.split("/")[3].split(" ")[0] for line in told.splitlines()] == [
        "by-hand.yaml",
        "deployment.yaml",
        "route.yaml",
    ]
    assert "run `make gitops`" in told
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


def test_a_change_of_the_config_makes_it_stale(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text()
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    assert main([], tmp_path) == 0
    (tmp_path / "Pulumi.dev.yaml").write_text(text.replace("      replicas: 2\n", "      replicas: 1\n"))
    assert main(["--check"], tmp_path) == 1
