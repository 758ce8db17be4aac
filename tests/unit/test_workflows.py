"""What must hold of the workflows beyond what zizmor and the schema check.

Does not prove that GitHub runs them: that takes a repository there.
"""

import re
from typing import Any

import pytest
import yaml

from preview.recording import ROOT
from preview.report import MARKER

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


def test_what_runs_the_code_of_a_fork_has_no_secret_and_no_right_to_write() -> None:
    """With pull_request_target, or with secrets here, anyone could read them by opening a pull request."""
    document, text = workflow("preview.yml"), (ROOT / ".github/workflows/preview.yml").read_text()
    assert document[True] == {"pull_request": None}  # YAML 1.1 reads the key `on` as true
    assert "secrets." not in text
    assert {key: job["permissions"] for key, job in document["jobs"].items()} == {"preview": {"contents": "read"}}


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
