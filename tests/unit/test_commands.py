"""Commands that write or make something: who asks what they do is told, and nothing is done."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from preview import examples, gitops
from preview import reference as guardrails
from preview.recording import ROOT
from settings import schema
from tests import ledger

Command = Callable[[list[str]], int]
COMMANDS: dict[str, tuple[Command, str]] = {
    "settings.schema": (schema.main, "--check"),
    "preview.reference": (guardrails.main, "--check"),
    "preview.examples": (examples.main, "--check"),
    "preview.gitops": (gitops.main, "--check"),
    "tests.ledger": (ledger.main, "--quick"),
}


@pytest.fixture
def harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lead what a broken command writes elsewhere, and return where."""
    monkeypatch.setattr(schema, "SCHEMA", tmp_path / "schema")
    monkeypatch.setattr(schema, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(guardrails, "REFERENCE", tmp_path / "guardrails")
    monkeypatch.setattr(examples, "FOLDER", tmp_path / "examples")
    monkeypatch.setattr(gitops, "FOLDER", str(tmp_path / "gitops"))
    monkeypatch.setattr(ledger, "STEPS", ())
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_who_asks_for_help_gets_it_and_nothing_is_written(
    name: str, harmless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, option = COMMANDS[name]
    with pytest.raises(SystemExit) as ended:
        command(["--help"])
    assert ended.value.code == 0
    assert f"usage: python -m {name} [-h] [{option}]" in capsys.readouterr().out
    assert not list(harmless.iterdir())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistyped_option_is_refused(name: str, harmless: Path) -> None:
    """A `--chek` in a workflow would write the files that it should compare, and pass for ever."""
    with pytest.raises(SystemExit) as ended:
        COMMANDS[name][0](["--chek"])
    assert ended.value.code == 2
    assert not list(harmless.iterdir())


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["--dry-run"], 2)])
def test_make_kind_makes_clusters_only_when_nothing_else_is_asked(words: list[str], code: int, tmp_path: Path) -> None:
    """On a machine with docker and kind it made three clusters, and rewrote Pulumi.mesh.yaml, for who asked for help."""
    env = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "lab.kind", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "usage: python -m lab.kind" in done.stdout + done.stderr
    assert "PATH" not in done.stdout
