"""What Argo CD delivers is what the components say, is all that the project allows, and is nobody else's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from preview.gitops import main, rendered, stack_files
from preview.recording import ROOT, record
from preview.registration import reveal
from preview.stack_file import load
from preview.stack_settings import hub_stacks, read_settings

STACKS = hub_stacks(ROOT)


@dataclass(frozen=True)
class Case:
    """A stack with a hub, as it is shipped or with changes by config path."""

    stack: str
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def files(self) -> dict[Path, str]:
        return stack_files(self.stack, read_settings(self.stack, ROOT, self.changes))

    @property
    def delivered(self) -> dict[str, list[dict[str, Any]]]:
        """The manifests of each pool."""
        found: dict[str, list[dict[str, Any]]] = {}
        for path, text in self.files.items():
            found.setdefault(path.parts[2], []).append(yaml.safe_load(text))
        return found

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        recording = record(self.stack, overrides=self.changes)
        return [reveal(r.inputs) for r in recording.registrations if r.custom and r.type.endswith(f":{kind}")]

    def inputs(self, kind: str) -> dict[str, Any]:
        (found,) = self.recorded(kind)
        return found


# All that is shipped is of version 2 of Skupper.
CASES = {**{stack: Case(stack) for stack in STACKS}, "Skupper 1": Case("dev", {"spillway:interconnect.version": 1})}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def identity(manifest: dict[str, Any]) -> tuple[str, str, str | None, str]:
    metadata = manifest["metadata"]
    return manifest["apiVersion"].split("/")[0], manifest["kind"], metadata.get("namespace"), metadata["name"]


def test_every_hub_stack_delivers_something() -> None:
    assert {"dev", "lab"} <= set(STACKS)
    assert {path.parts[1] for path in rendered(ROOT)} == set(STACKS)


@every_case
def test_each_pool_has_the_hubs_application_with_its_bursts_replicas(case: Case) -> None:
    """Two copies of a manifest drift apart; the burst cluster would serve another version than the hub."""
    hub = case.inputs("Deployment")
    config = json.loads(load(case.stack, ROOT, {}, {}).values["spillway:bursts"])
    replicas = {burst["pool"]: burst["replicas"] for burst in config}
    for pool, manifests in case.delivered.items():
        (deployment,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
        assert deployment["spec"].pop("replicas") == replicas.get(pool, 1)
        assert {key: deployment[key] for key in ("metadata", "spec")} == {key: hub[key] for key in ("metadata", "spec")}
        # With version 1 of Skupper it is reached there too, with version 2 a connector leads to it from the hub.
        (beside,) = [manifest for manifest in manifests if manifest["kind"] != "Deployment"]
        assert beside["kind"] == ("Route" if case is CASES["Skupper 1"] else "Connector")
        assert beside["spec"] == case.inputs(beside["kind"])["spec"]


@every_case
def test_the_project_allows_just_what_is_delivered(case: Case) -> None:
    project = case.inputs("AppProject")["spec"]
    manifests = [manifest for pool in case.delivered.values() for manifest in pool]
    allowed = {(entry["group"], entry["kind"]) for entry in project["namespaceResourceWhitelist"]}
    assert allowed == {(manifest["apiVersion"].split("/")[0], manifest["kind"]) for manifest in manifests}
    assert "clusterResourceWhitelist" not in project
    places = {(entry["name"], entry["namespace"]) for entry in project["destinations"]}
    assert places == {(f"{pool}-*", m["metadata"]["namespace"]) for pool in case.delivered for m in manifests}


@every_case
def test_what_hive_delivers_and_what_argo_cd_delivers_do_not_overlap(case: Case) -> None:
    """Two owners of one object undo each other; and Hive, in mode Sync, deletes what leaves its list."""
    syncs = [found["spec"] for found in case.recorded("SelectorSyncSet")]
    assert len(syncs) == len(case.delivered)
    for spec in syncs:
        hive = {identity(manifest) for manifest in spec["resources"]}
        hive |= {("v1", "Secret", m["targetRef"]["namespace"], m["targetRef"]["name"]) for m in spec["secretMappings"]}
        argo = {identity(manifest) for pool in case.delivered.values() for manifest in pool}
        assert len(hive) > 3
        assert not hive & argo
        assert {("v1", "Namespace", None, namespace) for _, _, namespace, _ in argo} <= hive
    # Argo CD makes no namespace either, but relies on the one from Hive.
    options = case.inputs("ApplicationSet")["spec"]["template"]["spec"]["syncPolicy"]["syncOptions"]
    assert "CreateNamespace=true" not in options


@every_case
def test_nothing_secret_is_in_git(case: Case) -> None:
    """The article keeps a Skupper token with its private key in its repository."""
    for path, text in case.files.items():
        manifest = yaml.safe_load(text)
        assert manifest["kind"] not in ("Secret", "SealedSecret", "ConfigMap"), path
        assert not [word for word in ("token", "password", "PRIVATE KEY", "auths", "AKIA") if word in text], path


@every_case
def test_the_application_set_finds_the_folder_of_each_pool(case: Case) -> None:
    source = case.inputs("ApplicationSet")["spec"]["template"]["spec"]["source"]
    folder, _, pool = source["path"].partition("/{{")
    assert folder == f"gitops/{case.stack}"
    assert "regexReplaceAll" in pool
    assert set(case.delivered) == {path.name for path in (ROOT / folder).iterdir()}


def test_a_stale_a_missing_and_a_foreign_file_are_told_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text((ROOT / "Pulumi.dev.yaml").read_text())
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    folder = tmp_path / "gitops" / "dev" / "aws"
    (folder / "deployment.yaml").write_text((folder / "deployment.yaml").read_text().replace("1.4.39", "1.4.40"))
    (folder / "connector.yaml").unlink()
    (folder / "by-hand.yaml").write_text("kind: Secret\n")
    capsys.readouterr()
    assert main(["--check"], tmp_path) == 1
    told = capsys.readouterr().out
    assert [line.split("/")[3].split(" ")[0] for line in told.splitlines()] == [
        "by-hand.yaml",
        "connector.yaml",
        "deployment.yaml",
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
