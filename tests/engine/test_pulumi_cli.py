"""The lab's use of the Pulumi CLI. Does not prove that the stack comes up under it: `test_up.py` does."""

from pathlib import Path

import pytest

from lab.binaries import LabError
from lab.pulumi_cli import PulumiStack, missing_parts
from preview.recording import ROOT
from tests.unit.stack_configs import PLANTED, SECRETS

missing = missing_parts()
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not on PATH: {', '.join(missing)}")

SHIPPED = ROOT / "Pulumi.lab.yaml"


def test_a_stack_is_taken_up_again_and_keeps_its_secrets_encrypted(tmp_path: Path) -> None:
    """The CLI writes the salt of a new stack into the stack's file where it runs; that must never be the one in git."""
    shipped = SHIPPED.read_text()
    for _ in range(2):
        stack = PulumiStack("lab", tmp_path / "pulumi", tmp_path / "kubeconfig")
        stack.set_secrets(SECRETS)
    written = stack.file.read_text()
    assert written.count("secure: v1:") == 3
    assert "encryptionsalt" in written
    assert SHIPPED.read_text() == shipped
    kept = [path.read_bytes().decode(errors="ignore") for path in stack.folder.rglob("*") if path.is_file()]
    assert not [text for text in PLANTED.values() if text in "".join(kept)]


def test_a_command_that_fails_says_what_the_cli_said(tmp_path: Path) -> None:
    stack = PulumiStack("lab", tmp_path / "pulumi", tmp_path / "kubeconfig")
    with pytest.raises(LabError, match="pulumi config failed:\n.*no such key|pulumi config failed:\n.*not found"):
        stack.run("config", "get", "spillway:nothing")
