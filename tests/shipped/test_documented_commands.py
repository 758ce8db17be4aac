"""Commands in the docs that somebody copies in need."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from preview.guardrails import pack_config, verdicts
from preview.recording import ROOT, record

DOCUMENTS = sorted(path for folder in (".", "docs", "docs/runbooks") for path in (ROOT / folder).glob("*.md"))


def destroying(path: Path) -> dict[str, Any]:
    """Return what a page's commands set before `pulumi destroy`."""
    text = path.read_text()
    section = re.split(r"\n(?:## Destroy\n|\*\*Destroy|\*\*What is protected)", text)[1].split("\n## ")[0]
    found: dict[str, Any] = {}
    for line in re.findall(r"^    pulumi config set (.*)$", section, re.MULTILINE):
        key, value = [word for word in shlex.split(line) if word != "--path"]
        found[key] = json.loads(value)
    return found


@pytest.mark.parametrize(
    ("stack", "page"),
    [("dev", "README.md"), ("dev", "docs/engine.md"), ("prod", "docs/aws.md"), ("mesh", "docs/mesh.md")],
)
def test_the_commands_before_a_destroy_leave_nothing_protected_and_break_no_guardrail(stack: str, page: str) -> None:
    """They once named the pools only, of a stack whose site is protected, and left out the guardrail that insists."""
    assert [r.name for r in record(stack).registrations if r.options.protect]
    changes = destroying(ROOT / page)
    recording = record(stack, overrides=changes)
    assert [r.name for r in recording.registrations if r.options.protect] == []
    assert [v.rule.name for v in verdicts(recording, pack_config(stack, ROOT, changes)) if v.failed] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_claims_are_named_with_their_group(path: Path) -> None:
    """ACM has a kind ClusterClaim too, whose list is another: by it a runbook would remove live clusters."""
    for line in re.findall(r"^.*\b(?:kubectl|oc)\b.*$", path.read_text(), re.MULTILINE):
        assert not re.search(r"\bclusterclaims?\b(?!\.hive\.openshift\.io)", line), line
