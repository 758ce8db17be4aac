"""However events follow each other, the lab comes to rest with as many clusters running as are claimed, and no more.

`make sequences` runs 300; a failure prints its seed, its events, and the command that runs it again.
"""

from collections.abc import Iterator

import pytest

from kinds.argocd import API_VERSION as ARGO
from lab.argocd import NAMESPACE
from lab.fleet import aws
from lab.fleet.objects import HIVE
from lab.hub import Hub
from tests.lab.sequences import Stack, run, seeds


@pytest.fixture(scope="module")
def stack(lab: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(lab, tmp_path_factory.mktemp("stack"))
    stack.start()
    try:
        stack.settle()
        yield stack
    finally:
        stack.stop()


@pytest.mark.parametrize("seed", seeds())
def test_a_random_sequence_leaves_no_cluster_without_a_claim_and_no_claim_without_a_cause(
    stack: Stack, seed: int
) -> None:
    run(stack, seed)


def test_a_removal_in_the_wrong_order_is_seen_as_a_leak(stack: Stack) -> None:
    """The check above must see what a destroy without its dependencies does: the cluster's namespace goes first."""
    stack.scale(stack.burst.claim_at)
    stack.settle()
    (name,) = [claim["spec"]["namespace"] for claim in stack.cluster.find(HIVE, "ClusterClaim", stack.pool.place)]
    stack.cluster.delete("v1", "Namespace", name)
    stack.cluster.wait_for("Hive gave up", lambda: not stack.cluster.get(HIVE, "ClusterDeployment", name, name), 60)
    assert f"leaked {[name]}" in stack.wrong()
    stack.scale(stack.burst.release_at)
    aws.terminate(stack.cluster, name)
    stack.settle()


def test_an_application_without_its_cluster_is_seen(stack: Stack) -> None:
    """The check above must see what Argo CD would keep if it missed that a cluster is gone."""
    metadata = {"name": f"{stack.delivery}-aws-gone0", "namespace": NAMESPACE}
    server = {"server": "https://api.aws-gone0.example.com:6443", "namespace": stack.workload.namespace}
    source = {"repoURL": "https://git.example.com/other.git", "path": ".", "targetRevision": "HEAD"}
    spec = {"project": "spillway", "source": source, "destination": server}
    stack.cluster.apply({"apiVersion": ARGO, "kind": "Application", "metadata": metadata, "spec": spec})
    assert stack.wrong() == ["applications for ['aws-gone0'], claimed []"]
    stack.cluster.delete(ARGO, "Application", metadata["name"], NAMESPACE)
    stack.settle()
