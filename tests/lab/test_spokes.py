"""The clusters of the pools: real control planes that follow the power states of Hive, and leave nothing behind."""

import json
import signal
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import PARTS
from lab.spokes import WORKERS, Spokes

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
NAME = "aws-x7k2p"
DEPLOYMENT: Manifest = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app", "namespace": "default"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {"containers": [{"name": "app", "image": "quay.io/example/app:1"}]},
        },
    },
}


@pytest.fixture
def spokes(tmp_path: Path) -> Iterator[Spokes]:
    spokes = Spokes(tmp_path, ensure(print, PROGRAMS), tied=True)
    yield spokes
    spokes.stop_all()


def settle(spokes: Spokes, *, on: bool | None) -> None:
    spokes.settle({NAME: on})
    spokes.wait()


def ready_pods(cluster: Cluster) -> int:
    deployment = cluster.get("apps/v1", "Deployment", "app", "default") or {}
    return int(deployment.get("status", {}).get("readyReplicas") or 0)


def read(request: urllib.request.Request, certificate: str) -> bytes:
    trust = ssl.create_default_context(cadata=certificate)
    with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310
        return answer.read()


def test_a_cluster_runs_pods_hibernates_with_its_data_and_leaves_nothing(spokes: Spokes, tmp_path: Path) -> None:
    """A process that outlives its cluster is what a machine on AWS that nobody has claimed is in the real world."""
    settle(spokes, on=True)
    cluster = spokes.spoke(NAME)
    assert cluster
    assert {name.split("/")[1] for name in spokes.running()} == set(PARTS)
    cluster.wait_for("nodes", lambda: len(cluster.find("v1", "Node")) == WORKERS)
    assert cluster.get("v1", "Namespace", "openshift-operators")
    cluster.resource("route.openshift.io/v1", "Route")
    with pytest.raises(LookupError):  # a burst cluster is no hub
        cluster.resource("hive.openshift.io/v1", "ClusterPool")
    cluster.apply(DEPLOYMENT)
    cluster.wait_for("two pods", lambda: ready_pods(cluster) == 2, 60)

    settle(spokes, on=False)
    assert spokes.running() == {}
    assert spokes.spoke(NAME) is None
    assert spokes.names() == [NAME]

    settle(spokes, on=True)
    resumed = spokes.spoke(NAME)
    assert resumed
    assert resumed.get("apps/v1", "Deployment", "app", "default")
    resumed.wait_for("the same two pods", lambda: ready_pods(resumed) == 2, 60)
    # The nodes answer at once: their leases are not those of the KWOK before, which last for 40 seconds.
    resumed.patch("apps/v1", "Deployment", "app", {"spec": {"replicas": 3}}, "default")
    resumed.wait_for("another pod", lambda: ready_pods(resumed) == 3, 25)
    pids = list(spokes.running().values())
    assert len(pids) == len(PARTS)

    spokes.settle({})
    spokes.wait()
    assert spokes.names() == []
    assert not list((tmp_path / "spokes").iterdir())
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_what_was_killed_is_started_again_and_another_simulator_finds_it(spokes: Spokes, tmp_path: Path) -> None:
    """The simulator may be killed at any point; a cluster that it forgot would never be stopped."""
    settle(spokes, on=True)
    for part in ("kube-scheduler", "kube-apiserver"):
        spokes.control_plane(NAME).process(part).stop(signal.SIGKILL)
    assert spokes.spoke(NAME) is None
    settle(spokes, on=True)
    assert len(spokes.running()) == len(PARTS)
    other = Spokes(tmp_path, {})
    found = other.spoke(NAME)
    assert found
    assert found.get("v1", "Namespace", "openshift-marketplace")
    other.settle({})
    other.wait()
    assert (spokes.running(), spokes.names()) == ({}, [])


def test_each_cluster_has_its_own_address_token_and_certificate(spokes: Spokes) -> None:
    """ACM hands the application's cluster to Argo CD by these; a mix-up would deliver it to the hub."""
    spokes.settle({"aws-aaaaa": True, "aws-bbbbb": True})
    spokes.wait()
    first, second = spokes.spoke("aws-aaaaa"), spokes.spoke("aws-bbbbb")
    assert first
    assert second
    one, two = first.access(), second.access()
    assert one.server != two.server
    assert one.token != two.token
    assert one.token not in repr(one)
    request = urllib.request.Request(  # noqa: S310
        f"{one.server}/api/v1/namespaces", headers={"Authorization": f"Bearer {one.token}"}
    )
    assert json.loads(read(request, one.certificate))["kind"] == "NamespaceList"
    with pytest.raises(OSError, match="certificate verify failed"):
        read(request, two.certificate)
