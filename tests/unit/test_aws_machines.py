"""Which of the lab's clusters run: those whose machines do, by Hive, and what is on AWS without Hive's knowing."""

from typing import Any, cast

import pytest

from lab.cluster import Cluster
from lab.fleet.aws_machines import powered
from lab.fleet.faults import FAULT, LOST
from lab.fleet.objects import Thing


def deployment(
    name: str, state: str | None, *, installed: bool = True, deleting: bool = False, fault: str = ""
) -> Thing:
    metadata: dict[str, Any] = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    metadata["annotations"] = {FAULT: fault}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    status = {} if state is None else {"powerState": state}
    manifest = {"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": metadata}
    return Thing(cast(Cluster, None), {**manifest, "spec": {"installed": installed}, "status": status})


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (deployment("a", None, installed=False), {}),
        (deployment("a", "Running"), {"a": True}),
        (deployment("a", None), {"a": True}),
        (deployment("a", "Stopping"), {"a": False}),
        (deployment("a", "Hibernating"), {"a": False}),
        (deployment("a", "StartingMachines"), {"a": True}),
        (deployment("a", "FailedToStop"), {"a": True}),
        (deployment("a", "Running", deleting=True), {"a": False}),
    ],
)
def test_a_cluster_runs_while_its_machines_do(found: Thing, wanted: dict[str, bool]) -> None:
    assert powered([found], {"a"}) == wanted


def test_a_cluster_out_of_reach_stays_as_it_is_until_it_is_back_or_released() -> None:
    """Its API server is killed to play that; it was started again within a second, and nothing noticed."""
    assert powered([deployment("a", "Running", fault=LOST)], {"a"}) == {"a": None}
    assert powered([deployment("a", "Hibernating", fault=LOST)], {"a"}) == {"a": False}
    assert powered([deployment("a", "Running", fault=LOST, deleting=True)], {"a"}) == {"a": False}


def test_a_leaked_cluster_goes_on_running() -> None:
    """Who strips Hive's finalizer sees the processes stay, as the machines on AWS would."""
    assert powered([deployment("a", "Running")], {"a", "b"}) == {"a": True, "b": None}
