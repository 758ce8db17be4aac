"""The commands of the runbooks, as they are written there.

kubectl is played by a script with recorded answers, so this does not prove that the paths exist in Hive's objects.
"""

import base64
import os
import re
import subprocess
from pathlib import Path

import pytest

from preview.recording import ROOT

OLD, NEW = "AKIAOLDOLDOLDOLDOLD0", "AKIANEWNEWNEWNEWNEW0"

KUBECTL = """#!/bin/sh
case "$*" in
  "get clusterdeployments.hive.openshift.io -A "*) printf '%s' "$CLUSTERS" ;;
  "-n aws-old00 get secret aws-old00-aws-creds "*) printf '%s' "$OLD_KEY" ;;
  "-n aws-new00 get secret aws-new00-aws-creds "*) printf '%s' "$NEW_KEY" ;;
  *) echo "not found" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def check(tmp_path: Path) -> tuple[str, dict[str, str]]:
    text = (ROOT / "docs" / "runbooks" / "rotate-aws-key.md").read_text()
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    keys = {name: base64.b64encode(key.encode()).decode() for name, key in (("OLD_KEY", OLD), ("NEW_KEY", NEW))}
    return block.replace("old=AKIA...", f"old={OLD}"), {"PATH": f"{tmp_path}:{os.environ['PATH']}", **keys}


@pytest.mark.parametrize(
    ("clusters", "told"),
    [
        ([], ""),
        (["new00"], ""),
        (["new00", "old00"], "aws-old00 holds the old key\n"),
        (["gone0", "new00"], "aws-gone0: its key cannot be read\n"),
    ],
)
def test_the_check_lists_clusters_that_hold_the_old_key(
    check: tuple[str, dict[str, str]], clusters: list[str], told: str
) -> None:
    """An empty list is the leave to delete the key: a cluster that is passed over stays on AWS for ever."""
    command, environment = check
    lines = "".join(f"aws-{name} aws-{name}-aws-creds\n" for name in clusters)
    done = subprocess.run(
        ["sh", "-c", command], env={**environment, "CLUSTERS": lines}, capture_output=True, text=True, check=False
    )
    assert done.stdout == told
