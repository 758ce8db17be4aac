"""The lab's direct engine brings the lab stack up, changes it, survives kills, and takes it down again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import engine
from lab.fleet.runtime import Fleet
from lab.hub import Hub
from lab.inventory import Inventory
from preview.recording import ROOT
from tests.objects import objects, recorded_keys
from tests.unit.stack_configs import PLANTED, SECRETS

STACK = "lab"
SIZE = "spillway:pools[0].size"


@pytest.fixture(scope="module", autouse=True)
def fleet(lab: Hub) -> Iterator[None]:
    fleet = Fleet(lab.kubeconfig, 5000)
    fleet.start()
    yield
    fleet.stop()


@pytest.fixture
def folder(lab: Hub, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    engine.destroy(STACK, lab.kubeconfig, tmp_path, say=print)


def up(lab: Hub, folder: Path, **overrides: Any) -> engine.Result:
    changes = {f"spillway:{path}": value for path, value in overrides.get("changes", {}).items()}
    return engine.up(STACK, lab.kubeconfig, folder, say=overrides.get("say", print), overrides=changes, secrets=SECRETS)


def keys(folder: Path) -> set[Any]:
    return {entry.key[1:] for entry in Inventory(folder / f"inventory-{STACK}.json")}


def test_up_creates_what_is_recorded_and_up_again_changes_nothing(lab: Hub, folder: Path) -> None:
    lines: list[str] = []
    result = up(lab, folder, say=lines.append)
    assert keys(folder) == recorded_keys()
    assert (len(result.created), result.updated, result.deleted) == (len(recorded_keys()), [], [])
    assert result.exports["clusterSet"] == "interconnect"
    again = up(lab, folder, say=lines.append)
    assert (again.created, again.updated, again.deleted) == ([], [], [])
    assert len(again.unchanged) == len(recorded_keys())
    assert not [text for text in PLANTED.values() if text in "\n".join(lines)]


def test_changes_update_create_and_prune(lab: Hub, folder: Path) -> None:
    up(lab, folder)
    changed = up(lab, folder, changes={"pools[0].size": 2, "pools[0].workers": {"replicas": 4}})
    assert "ClusterPool aws/aws" in changed.updated
    # New content is a new Secret; the old one goes after the pool has been pointed at the new one.
    (made,), (pruned,) = changed.created, changed.deleted
    assert made.startswith("Secret aws/aws-install-config-")
    assert pruned.startswith("Secret aws/aws-install-config-")
    pool = lab.cluster.get("hive.openshift.io/v1", "ClusterPool", "aws", "aws") or {}
    assert pool["spec"]["size"] == 2
    assert made.endswith(pool["spec"]["installConfigSecretTemplateRef"]["name"])


def test_killed_at_random_moments_it_converges(lab: Hub, folder: Path) -> None:
    """An engine that forgets what it made leaves clusters that nobody pays attention to, but somebody pays for."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"again: SEED={seed}")
    chance = random.Random(seed)
    program = (
        "import json, sys; from pathlib import Path; from lab import engine;"
        f"engine.up({STACK!r}, Path(sys.argv[1]), Path(sys.argv[2]), say=print, secrets=json.loads(sys.argv[3]))"
    )
    in_the_middle = 0
    for _ in range(10):
        goal = len(keys(folder)) + chance.randrange(6)
        command = [sys.executable, "-c", program, str(lab.kubeconfig), str(folder), json.dumps(SECRETS)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(keys(folder)) < goal:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        in_the_middle += 0 < len(keys(folder)) < len(recorded_keys())
    # Otherwise the kills would prove nothing.
    assert in_the_middle
    up(lab, folder)
    assert keys(folder) == recorded_keys()
    assert set(objects(lab.cluster, recorded_keys())) == recorded_keys()
    again = up(lab, folder)
    assert (again.created, again.updated, again.deleted) == ([], [], [])


def test_destroy_removes_exactly_what_up_made(lab: Hub, tmp_path: Path) -> None:
    stranger = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "not-ours", "namespace": "openshift-gitops"},
    }
    lab.cluster.apply(stranger)
    up(lab, tmp_path)
    engine.destroy(STACK, lab.kubeconfig, tmp_path, say=print)
    assert objects(lab.cluster, recorded_keys()) == {}
    assert keys(tmp_path) == set()
    assert lab.cluster.get("v1", "ConfigMap", "not-ours", "openshift-gitops")
    assert lab.cluster.get("v1", "Namespace", "openshift-operators")
    assert lab.cluster.find("hive.openshift.io/v1", "ClusterDeployment") == []


def test_what_exists_already_is_not_taken_over(lab: Hub, folder: Path) -> None:
    mine = {
        "apiVersion": "cluster.open-cluster-management.io/v1beta2",
        "kind": "ManagedClusterSet",
        "metadata": {"name": "interconnect"},
    }
    lab.cluster.apply({**mine, "spec": {"clusterSelector": {"selectorType": "ExclusiveClusterSetLabel"}}})
    try:
        with pytest.raises(engine.EngineError, match="ManagedClusterSet interconnect: exists already"):
            up(lab, folder)
    finally:
        lab.cluster.delete(mine["apiVersion"], mine["kind"], "interconnect")
    up(lab, folder)


def test_what_is_protected_is_not_deleted(lab: Hub, tmp_path: Path) -> None:
    up(lab, tmp_path, changes={"pools[0].protect": True})
    with pytest.raises(engine.EngineError, match="protected: Namespace aws, ClusterPool aws/aws"):
        engine.destroy(STACK, lab.kubeconfig, tmp_path, say=print)
    assert lab.cluster.get("hive.openshift.io/v1", "ClusterPool", "aws", "aws")
    up(lab, tmp_path)
    engine.destroy(STACK, lab.kubeconfig, tmp_path, say=print)


def test_a_manual_install_plan_is_approved(lab: Hub, folder: Path) -> None:
    """`up` must not wait for a person unawares."""
    manual = {"channel": "release-2.15", "approval": "Manual", "startingCsv": "advanced-cluster-management.v2.15.0"}
    up(lab, folder, changes={"hub.operators.acm": manual})
    csv = lab.cluster.get(
        "operators.coreos.com/v1alpha1", "ClusterServiceVersion", manual["startingCsv"], "open-cluster-management"
    )
    assert csv
