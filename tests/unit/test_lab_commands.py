"""A wrong value in a stack's file is told by the lab's commands as by Pulumi, and hinders none that do not need it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from preview.recording import ROOT

PROGRAM = ("components", "drain", "gitops", "kinds", "lab", "policies", "preview", "settings", "stacks")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project whose files may be changed."""
    for folder in PROGRAM:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "tools"))
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    shutil.copy(ROOT / "__main__.py", tmp_path)
    return tmp_path


def lab(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "lab", command]
    env = {**os.environ, "PYTHONPATH": str(project)}
    return subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("command", "file", "change", "path"),
    [
        ("demo", "Pulumi.lab.yaml", ("maxSize: 2", "maxSize: two"), "spillway:pools[0].maxSize"),
        ("demo-mesh", "Pulumi.mesh.yaml", ("version: 2", "version: 3"), "spillway:mesh.version"),
    ],
)
def test_a_wrong_value_is_told_without_a_traceback(
    project: Path, command: str, file: str, change: tuple[str, str], path: str
) -> None:
    text = (project / file).read_text()
    assert change[0] in text
    (project / file).write_text(text.replace(*change))
    done = lab(project, command)
    assert done.returncode == 1
    assert f"{path}: got" in done.stdout
    assert "mend:    pulumi config set --path" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_demo_does_not_begin_with_an_application_of_another_config(project: Path) -> None:
    """By the other version of Skupper it would come up, claim, deliver, and wait for pods that join no network."""
    file = project / "Pulumi.lab.yaml"
    file.write_text(file.read_text().replace("    version: 2\n", "    version: 1\n"))
    done = lab(project, "demo")
    assert done.returncode == 1
    assert "gitops/lab/aws/connector.yaml is not what Pulumi.lab.yaml says: run `make gitops` first" in done.stdout
    assert not (project / ".lab").exists()


@pytest.mark.parametrize("command", ["down", "status"])
def test_a_lab_is_stopped_whatever_the_mesh_says(project: Path, command: str) -> None:
    """Who made a mistake in one stack must still be able to stop what runs."""
    (project / "Pulumi.mesh.yaml").write_text("config: { 'spillway:mesh': { version: 3 } }\n")
    assert lab(project, command).returncode == 0
