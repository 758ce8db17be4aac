"""The mesh stack with weights: a real Kyverno on c1 follows the pods that the played Skupper sees in the clusters."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import engine
from lab.mesh import MeshLab
from tests.mesh import APPLICATION, BY_PODS, NAMESPACE, Net, kyverno_on_c1


@pytest.fixture(scope="module")
def net(mesh: MeshLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    kyverno_on_c1(mesh)
    made = Net(mesh, 2, Path(tmp_path_factory.mktemp("engine")))
    made.up(BY_PODS)
    made.wait_linked()
    yield made
    engine.destroy("mesh", mesh.kubeconfig, made.folder, say=print)


def test_weights_survive_the_program_and_the_program_its_weights(net: Net) -> None:
    """The program writes weights once: bringing the stack up again neither undoes Kyverno's nor fails over them."""
    changes = {**BY_PODS, "clusters[2].replicas": 4}
    net.up(changes)
    net.wait_weights({"c2": 1, "c3": 4})
    mine = net.weights()
    again = net.up(changes)
    assert (again.created, again.deleted) == ([], [])
    assert not [name for name in again.updated if "MultiKeyListener" in name or "Policy" in name]
    changed = net.up({**changes, "application.port": 9090})
    assert [name for name in changed.updated if "MultiKeyListener" in name]
    listener = net.get("c1", "MultiKeyListener", APPLICATION)
    assert listener["spec"]["port"] == 9090
    assert net.weights() == mine


def test_weights_follow_a_cluster_that_is_scaled(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    """From the Deployment by pods, the Site's status and Kyverno to the listener: what the author asked Skupper for."""
    for pods in (1, 3, 0, 2):
        scale = {"spec": {"replicas": pods}}
        net.cluster("c3").patch("apps/v1", "Deployment", APPLICATION, scale, NAMESPACE, subresource="scale")
        begin = time.monotonic()
        net.wait_weights({"c2": 1, "c3": pods})
        with capsys.disabled():
            print(f" [c3 at {pods} pods: weights after {time.monotonic() - begin:.1f} s]", end="", flush=True)
