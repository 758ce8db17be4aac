"""What a stack was in another git revision."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from preview.snapshot import Snapshot

REFUSED = 3


class RevisionError(Exception):
    """The other revision cannot be read; the text says why."""


def snapshot_at(revision: str, stack: str, root: Path) -> Snapshot | None:
    """Record a stack as it was in a revision; None if it had no such stack, or its configuration was refused.

    The revision is unpacked into a folder that is removed afterwards; the work tree is not touched. Its program runs in
    a process of its own, with this revision's preview.

    Raises:
        RevisionError: there is no such revision, or its program cannot be evaluated.
    """
    with tempfile.TemporaryDirectory() as folder:
        there, ours = Path(folder, "revision"), Path(folder, "ours")
        there.mkdir()
        ours.mkdir()
        archive = Path(folder, "revision.tar")
        git = shutil.which("git") or "git"
        packed = subprocess.run(
            [git, "-C", str(root), "archive", "--output", str(archive), f"{revision}^{{commit}}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if packed.returncode:
            raise RevisionError(f"revision {revision} cannot be read: {packed.stderr.strip()}")
        with tarfile.open(archive) as tar:
            tar.extractall(there, filter="data")
        if not Path(there, f"Pulumi.{stack}.yaml").exists():
            return None
        for package in ("preview", "policies"):
            Path(ours, package).symlink_to(Path(__file__).parent.parent / package)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "preview.snapshot", stack, str(there)],
            check=False, capture_output=True, text=True, cwd=there, env={**os.environ, "PYTHONPATH": str(ours)},
        )  # fmt: skip
    if done.returncode == REFUSED:
        return None
    if done.returncode:
        raise RevisionError(f"revision {revision} cannot be evaluated: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)
