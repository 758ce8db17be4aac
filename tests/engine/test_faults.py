"""What goes wrong around an `up` ends in success, or in a message that docs/engine.md explains."""

import threading
import time
from pathlib import Path

from lab import crds
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.fleet import olm
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import destroy, new_stack, refused, remove_crds, up
from tests.engine.test_changes import CHANGES

NEW_REGION, _ = CHANGES["new region"]
UP = ("up", "--yes", "--skip-preview")


def targets(*names: str) -> list[str]:
    """Return the flags for a part of a stack, with its provider."""
    return [flag for name in (*names, "hub") for flag in ("--target", f"**::{name}")]


def test_kinds_that_appear_late(bare: ControlPlane, tmp_path: Path) -> None:
    """An operator is installed a while before the API server knows its kinds."""
    cluster = Cluster(bare.kubeconfig)
    stack = new_stack(tmp_path / "pulumi", bare.kubeconfig)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "openshift-operators"}})

    def installing() -> None:
        time.sleep(12)  # so that the provider has tried, and been told that there is no such kind
        crds.install(cluster, None)
        place = (olm.API, "Subscription", "openshift-gitops-operator")
        late = Cluster(bare.kubeconfig)
        late.wait_for("the Subscription", lambda: late.get(*place, "openshift-operators"), 60)
        late.patch_status(*place, {"state": "AtLatestKnown"}, "openshift-operators")

    thread = threading.Thread(target=installing)
    thread.start()
    try:
        assert "create gitops-subscription" in up(stack, *targets("gitops-subscription", "gitops"))
    finally:
        thread.join()
        destroy(stack, "--run-program")
        remove_crds(cluster)


def test_a_missing_permission_is_named(bare: ControlPlane, tmp_path: Path) -> None:
    cluster = Cluster(bare.kubeconfig)
    account = {"name": "nobody", "namespace": "default"}
    cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    tokens = cluster.resource("v1", "ServiceAccount").subresources["token"]
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = tokens.create(name="nobody", namespace="default", body=request).to_dict()["status"]["token"]
    (tmp_path / "kubeconfig").write_text(bare.kubeconfig_text(token))
    stack = new_stack(tmp_path / "pulumi", tmp_path / "kubeconfig")
    message = refused(stack, *UP, *targets("acm-operator-namespace", "acm-operator"))
    who = 'User "system:serviceaccount:default:nobody" cannot create resource "namespaces"'
    assert f"namespaces is forbidden: {who}" in message


def test_what_exists_already_is_not_taken_over(hub: Hub, stack: PulumiStack) -> None:
    west = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "west", "labels": {"mine": "yes"}}}
    hub.cluster.apply(west)
    stack.override(NEW_REGION)
    message = refused(stack, *UP)
    assert 'namespaces "west" already exists' in message
    assert (hub.cluster.get("v1", "Namespace", "west") or {})["metadata"]["labels"]["mine"] == "yes"
    hub.cluster.delete("v1", "Namespace", "west")
    hub.cluster.wait_for("west gone", lambda: not hub.cluster.get("v1", "Namespace", "west"))
    assert "create pool-west-pool" in up(stack)
