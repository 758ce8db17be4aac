"""However events follow each other, the lab comes to rest with as many clusters running as are claimed, and no more.

`make sequences` runs 300; a failure prints its seed, its events, and the command that runs it again.
"""

from collections.abc import Iterator

import pytest

from kinds.argocd import API_VERSION as ARGO
from lab.argocd import NAMESPACE
from lab.engine import EngineError
from lab.fleet import aws
from lab.fleet.objects import HIVE
from lab.fleet.observe import clusters
from lab.hub import Hub
from tests.lab.sequences import SIZE, START, Stack, run, seeds

# A seed whose events leave the config alone.
UNCHANGING = 42


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


def test_a_seed_is_the_same_sequence_whatever_ran_before(stack: Stack) -> None:
    """A failure that came with the config of an earlier seed could never be run again."""
    stack.change(SIZE, 2)
    run(stack, UNCHANGING)
    (begin,) = [line for line in stack.log if "config {" in line]
    assert begin.endswith(f"config {START}")
    pool = stack.cluster.get(HIVE, "ClusterPool", stack.pool.name, stack.pool.place) or {}
    assert pool["spec"]["size"] == START[SIZE]


def test_a_destroy_without_its_dependencies_is_seen_as_a_leak(stack: Stack) -> None:
    """The check above must see what the order of a destroy prevents: ACM goes first, and its clusters stay on AWS."""
    stack.reset()
    stack.scale(stack.burst.claim_at)
    stack.settle()
    found = clusters(stack.cluster)
    assert sorted((seen.state, bool(seen.claim)) for seen in found) == [("Hibernating", False), ("Running", True)]
    with stack.without_dependencies(), pytest.raises(EngineError, match="ClusterPool aws/aws: not gone after 3 s"):
        stack.destroy()
    assert f"leaked {[seen.name for seen in found]}" in stack.wrong()
    assert clusters(stack.cluster) == found
    # What must be done then; and the rest in order.
    with stack.another_acm():
        stack.destroy()
    assert (aws.present(stack.cluster), clusters(stack.cluster)) == (set(), [])
    stack.build()
    stack.settle()


def test_a_cluster_whose_namespace_goes_first_is_seen_as_a_leak(stack: Stack) -> None:
    stack.reset()
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
    metadata = {"name": f"{stack.delivery.name}-aws-gone0", "namespace": NAMESPACE}
    server = {"server": "https://api.aws-gone0.example.com:6443", "namespace": stack.workload.namespace}
    source = {"repoURL": "https://git.example.com/other.git", "path": ".", "targetRevision": "HEAD"}
    spec = {"project": "spillway", "source": source, "destination": server}
    stack.cluster.apply({"apiVersion": ARGO, "kind": "Application", "metadata": metadata, "spec": spec})
    assert stack.wrong() == ["applications for ['aws-gone0'], claimed []"]
    stack.cluster.delete(ARGO, "Application", metadata["name"], NAMESPACE)
    stack.settle()
