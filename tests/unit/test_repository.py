"""What Argo CD reads in the lab is the working tree, committed or not."""

import subprocess
from pathlib import Path

import pytest

from lab.binaries import LabError
from lab.repository import Repository


def read(repository: Repository, path: str) -> str:
    command = ["git", "--git-dir", str(repository.folder), "show", f"HEAD:{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def listed(repository: Repository) -> list[str]:
    command = ["git", "--git-dir", str(repository.folder), "ls-tree", "-r", "--name-only", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_it_has_what_the_folder_has_now_and_nothing_else(tmp_path: Path) -> None:
    """A demo of a changed deployment once would have shown the last commit's."""
    tree = tmp_path / "tree"
    (tree / "gitops" / "lab").mkdir(parents=True)
    (tree / ".gitignore").write_text("*.yaml\n")
    (tree / "gitops" / "lab" / "one.yaml").write_text("old")
    (tree / "gitops" / "lab" / "two.yaml").write_text("two")
    (tree / "secrets.yaml").write_text("secret")
    repository = Repository(tmp_path / "delivery.git")
    repository.publish(tree, "gitops/lab")
    assert listed(repository) == ["gitops/lab/one.yaml", "gitops/lab/two.yaml"]
    (tree / "gitops" / "lab" / "one.yaml").write_text("new")
    (tree / "gitops" / "lab" / "two.yaml").unlink()
    repository.publish(tree, "gitops/lab")
    assert listed(repository) == ["gitops/lab/one.yaml"]
    assert read(repository, "gitops/lab/one.yaml") == "new"
    assert repository.url == f"file://{tmp_path / 'delivery.git'}"


def test_a_hook_of_the_users_own_repository_is_left_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a hook git points its environment at the user's repository; the demo must not write there."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "user.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "user-index"))
    (tmp_path / "gitops").mkdir()
    (tmp_path / "gitops" / "one.yaml").write_text("one")
    Repository(tmp_path / "delivery.git").publish(tmp_path, "gitops")
    assert not (tmp_path / "user.git").exists()
    assert not (tmp_path / "user-index").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="git add failed"):
        Repository(tmp_path / "delivery.git").publish(tmp_path, "gitops/none")
