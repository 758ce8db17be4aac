"""The git repository that Argo CD reads in the lab: what is in the working tree's `gitops/`, committed or not."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.binaries import LabError

BRANCH = "refs/heads/main"
# Who commits; the user's own name and configuration have nothing to do with it.
AUTHOR = {
    "GIT_AUTHOR_NAME": "lab", "GIT_AUTHOR_EMAIL": "lab@example.com", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "lab", "GIT_COMMITTER_EMAIL": "lab@example.com", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


class Repository:
    """A bare repository with one branch.

    Args:
        folder: where it is; made when something is published.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()

    @property
    def url(self) -> str:
        """Its address for Argo CD."""
        return f"file://{self.folder}"

    def publish(self, root: Path, path: str) -> None:
        """Make a folder of a working tree the whole content of the branch.

        Args:
            root: the working tree.
            path: the folder in it, under which it is found in the repository too.

        Raises:
            LabError: git is missing or failed.
        """
        self._git("init", "--quiet", "--bare", "--initial-branch", "main", str(self.folder), there=False)
        index = {"GIT_INDEX_FILE": str(self.folder / "spillway-index"), "GIT_WORK_TREE": str(root.resolve())}
        self._git("read-tree", "--empty", env=index)
        # Without an eye on any ignore file of the machine.
        self._git("add", "--force", "--", path, env=index, folder=root)
        tree = self._git("write-tree", env=index)
        commit = self._git("commit-tree", tree, "-m", f"{path} of the working tree")
        self._git("update-ref", BRANCH, commit)

    def publish_files(self, files: Mapping[Path, str], path: str) -> None:
        """Make files that are in no working tree the whole content of the branch.

        Args:
            files: texts by their path in the repository.
            path: the folder that they are all in.

        Raises:
            LabError: git is missing or failed.
        """
        with tempfile.TemporaryDirectory() as tree:
            for file, text in files.items():
                (Path(tree) / file).parent.mkdir(parents=True, exist_ok=True)
                (Path(tree) / file).write_text(text)
            self.publish(Path(tree), path)

    def _git(
        self, *arguments: str, env: dict[str, str] | None = None, folder: Path | None = None, there: bool = True
    ) -> str:
        words = ["git", *(["--git-dir", str(self.folder)] if there else []), *arguments]
        try:
            done = subprocess.run(
                words,
                cwd=folder,
                env={**_plain(), **AUTHOR, **(env or {})},
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise LabError("git is missing; Argo CD reads the application from a git repository") from None
        if done.returncode:
            raise LabError(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()


def _plain() -> dict[str, str]:
    """Return the environment without what points git elsewhere, as it does while a hook runs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
