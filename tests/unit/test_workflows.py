"""What must hold of the workflows beyond what zizmor and the schema check.

Does not prove that GitHub runs them: that takes a repository there.
"""

import re
from typing import Any

import pytest
import yaml

from preview.recording import ROOT
from preview.report import MARKER
from tests import ledger

KINDS = ("| repository variable", "| secret of the environment")
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


def steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_and_say_their_version(path: Any) -> None:
    """A tag can be moved: in 2025 those of a popular action were, to print the secrets of whoever ran it."""
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_permitted_that_a_job_does_not_name(path: Any) -> None:
    document = workflow(path.name)
    assert document["permissions"] == {}
    writes = {key for job in document["jobs"].values() for key, right in job["permissions"].items() if right == "write"}
    assert writes <= {"pull-requests"}


# What runs the code of a pull request, from forks too, and when.
OF_ANYONE = {
    "preview": {"pull_request": None},
    "quick": {"pull_request": None, "push": {"branches": ["main"]}},
}


@pytest.mark.parametrize("name", OF_ANYONE)
def test_what_runs_the_code_of_a_fork_has_no_secret_and_no_right_to_write(name: str) -> None:
    """With pull_request_target, or with secrets here, anyone could read them by opening a pull request."""
    document, text = workflow(f"{name}.yml"), (ROOT / f".github/workflows/{name}.yml").read_text()
    assert document[True] == OF_ANYONE[name]  # YAML 1.1 reads the key `on` as true
    assert "secrets." not in text
    assert {key: job["permissions"] for key, job in document["jobs"].items()} == {name: {"contents": "read"}}


def test_what_needs_no_control_plane_runs_on_pull_requests() -> None:
    """Argo CD delivers gitops/ as it is in git: a stale folder that is merged is an application of another config."""
    assert steps(workflow("quick.yml"))[-1]["run"] == "make quick"
    named = {" ".join(step.command): step.quick for step in ledger.STEPS}
    assert named["preview.gitops --check"]
    assert named["settings.schema --check"]


def test_what_writes_the_comment_takes_no_code_of_the_pull_request() -> None:
    document, text = workflow("comment.yml"), (ROOT / ".github/workflows/comment.yml").read_text()
    assert document[True] == {"workflow_run": {"workflows": [workflow("preview.yml")["name"]], "types": ["completed"]}}
    assert not [step for step in steps(document) if "checkout" in step["uses"] or "run" in step]
    assert "secrets." not in text


def test_the_comment_is_found_by_the_marker_of_the_report() -> None:
    """Were they different, every push would make another comment."""
    (script,) = [step["with"]["script"] for step in steps(workflow("comment.yml")) if "script" in step.get("with", {})]
    assert f"const MARKER = '{MARKER}';" in script


def test_credentials_are_for_branches_of_this_repository_only() -> None:
    (job,) = workflow("pulumi.yml")["jobs"].values()
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
    assert job["environment"] == "preview"


def test_the_cli_is_of_the_sdk_s_version() -> None:
    (step,) = [step for step in steps(workflow("pulumi.yml")) if "pulumi/actions" in step.get("uses", "")]
    assert f"pulumi=={step['with']['pulumi-version']}" in (ROOT / "requirements.in").read_text()
    assert (step["with"]["policyPacks"], step["with"]["policyPackConfigs"]) == ("policies", "guardrails.json")


def test_a_stack_of_any_backend_is_found() -> None:
    """Pulumi Cloud has no organization of the name `organization`, and lets nobody in without a token."""
    (step,) = [step for step in steps(workflow("pulumi.yml")) if "pulumi/actions" in step.get("uses", "")]
    assert step["with"]["stack-name"] == "${{ vars.PULUMI_ORG || 'organization' }}/spillway/${{ matrix.stack }}"
    assert step["env"]["PULUMI_ACCESS_TOKEN"] == "${{ secrets.PULUMI_ACCESS_TOKEN }}"


def test_the_page_names_what_the_repository_must_be_given() -> None:
    """What it does not name is not set, and an expression that finds nothing is empty without a word."""
    used = set(re.findall(r"\b(?:vars|secrets)\.(\w+)", (ROOT / ".github/workflows/pulumi.yml").read_text()))
    rows = [line for line in (ROOT / "docs/pull-requests.md").read_text().splitlines() if line.startswith(KINDS)]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[2])} == used
