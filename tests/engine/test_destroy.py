"""A destroy leaves nothing that costs money, and takes nothing that is not the stack's."""

import subprocess
import sys

from lab.fleet.objects import HIVE
from lab.fleet.observe import clusters, leaks
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from preview.recording import ROOT
from tests.engine.stacks import POOL, claims, refused, running_claim, up
from tests.objects import objects, recorded_keys

# Each goes only when the one before it is gone, or, for a pair that nobody relies on, in any order.
TRIGGER = [f"burst-aws-burst-{policy}" for policy in ("claim", "reclaim", "heartbeat", "release")]
SECRETS = ["pool-aws-install-config", "pool-aws-aws-creds", "pool-aws-pull-secret"]
ORDER = [
    *((policy, "pool-aws-pool") for policy in TRIGGER),
    ("delivery-application-set", "cluster-set-gitops-cluster"),
    ("delivery-application-set", "cluster-set-placement"),
    ("delivery-application-set", "pool-aws-pool"),
    *(("pool-aws-pool", secret) for secret in SECRETS),
    *((secret, "pool-aws-namespace") for secret in SECRETS),
    ("pool-aws-pool", "interconnect-aws-sync"),
    ("pool-aws-pool", "cluster-set-gitops-cluster"),
    ("cluster-set-gitops-cluster", "cluster-set-placement"),
    ("cluster-set-placement", "cluster-set-interconnect-binding"),
    ("cluster-set-interconnect-binding", "cluster-set-interconnect"),
    ("cluster-set-interconnect", "acm-hub"),
    ("pool-aws-namespace", "acm-hub"),
    ("interconnect-aws-sync", "acm-hub"),
    ("acm-hub", "acm-operator-subscription"),
    ("acm-operator-subscription", "acm-operator-group"),
    ("acm-operator-group", "acm-operator-namespace"),
    ("cluster-set-gitops-cluster", "gitops-subscription"),
]


def nothing_left(hub: Hub) -> None:
    assert objects(hub.cluster, recorded_keys()) == {}
    assert leaks(hub.cluster) == []
    assert clusters(hub.cluster) == []
    for namespace in ("openshift-operators", "openshift-gitops", "openshift-marketplace"):
        found = hub.cluster.get("v1", "Namespace", namespace) or {}
        assert found["status"]["phase"] == "Active"


def test_drained_under_load_then_destroyed_in_order(hub: Hub, stack: PulumiStack) -> None:
    """The order of what Hive, ACM and Argo CD need of each other to clean up; a wrong one leaks AWS resources."""
    claim = running_claim(hub)
    command = [sys.executable, "-m", "drain", "lab", "--folder", str(stack.folder)]
    drained = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False)
    assert drained.returncode == 0, drained.stdout
    assert claims(hub) == []
    assert claim["spec"]["namespace"] not in [seen.name for seen in clusters(hub.cluster)]
    done = {found.name: found for found in stack.operations("destroy", "--yes", "--skip-preview", "--run-program")}
    assert {found.op for found in done.values()} == {"delete"}
    ended = {name: found.ended for name, found in done.items() if found.ended is not None}
    assert set(ended) == set(done)
    assert [(first, then) for first, then in ORDER if ended[first] > done[then].begun] == []
    nothing_left(hub)


def test_destroyed_under_load_the_hook_drains_and_what_is_protected_refuses(hub: Hub, stack: PulumiStack) -> None:
    """Hive keeps a pool with a claimed cluster, and the trigger that could release it is deleted before the pool."""
    stack.override({"spillway:pools[0].protect": True})
    assert up(stack) == set()  # only the state says so
    claim = running_claim(hub)
    before = set(objects(hub.cluster, recorded_keys()))
    # Never with --skip-preview: it would find what is protected only when what depends on it is gone.
    message = refused(stack, "destroy", "--yes", "--run-program")
    assert "pool-aws-pool" in message
    assert "protect" in message
    assert set(objects(hub.cluster, recorded_keys())) == before
    stack.run("config", "set", "--path", "spillway:pools[0].protect", "false")
    assert up(stack) == set()

    message = refused(stack, "destroy", "--yes")
    assert "You must run with the `--run-program` flag" in message
    assert hub.cluster.get(*POOL)
    kept = hub.cluster.get(HIVE, "ClusterClaim", claim["metadata"]["name"], "aws") or {}
    assert "deletionTimestamp" not in kept["metadata"]

    stack.operations("destroy", "--yes", "--run-program")
    nothing_left(hub)
