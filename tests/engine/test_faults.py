"""What goes wrong around an `up` ends in success, or in a message that docs/engine.md explains."""

import subprocess
from pathlib import Path

from lab import crds
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.fleet import olm
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import destroy, new_stack, refused, remove_crds, up
from tests.engine.test_changes import NEW_REGION

UP = ("up", "--yes", "--skip-preview")


def targets(*names: str) -> list[str]:
    """Return the flags for a part of a stack, with its provider."""
    return [flag for name in (*names, "hub") for flag in ("--target", f"**::{name}")]


def test_kinds_that_appear_late(bare: ControlPlane, tmp_path: Path) -> None:
    """An operator is installed a while before the API server knows its kinds: the provider is patient, but not for ever."""
    cluster = Cluster(bare.kubeconfig)
    stack = new_stack(tmp_path / "pulumi", bare.kubeconfig)
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "openshift-operators"}})
    part = targets("gitops-subscription", "gitops")
    assert 'no matches for kind "Subscription"' in refused(stack, *UP, *part)
    words = stack.command(*UP, "--json", *part)
    tried = False
    with subprocess.Popen(words, cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if not tried and "no matches for kind" in line:
                tried = True
                install_operator(bare)
    destroy(stack, "--run-program")
    remove_crds(cluster)
    assert tried
    assert process.returncode == 0


def install_operator(plane: ControlPlane) -> None:
    """Do what OLM's own installation and then OLM do."""
    crds.install(Cluster(plane.kubeconfig), None)
    cluster = Cluster(plane.kubeconfig)
    place = (olm.API, "Subscription", "openshift-gitops-operator")
    cluster.wait_for("the Subscription", lambda: cluster.get(*place, "openshift-operators"), 60)
    cluster.patch_status(*place, {"state": "AtLatestKnown"}, "openshift-operators")


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
