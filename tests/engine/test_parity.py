"""The lab's direct engine and Pulumi leave the same objects, so that what is shown on the one holds on the other."""

from pathlib import Path

from kinds.skupper import SITE_CONFIG_MAP
from lab import engine
from lab.cluster import Manifest
from lab.fleet.objects import STEP
from lab.fleet.skupper1_tokens import ISSUED_BY
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import destroy
from tests.objects import Key, objects, recorded_keys
from tests.unit.stack_configs import SECRETS

TOKEN = "connection-token"
# What others write: the simulator, and Kubernetes, which counts a Deployment's changes.
OTHERS = {STEP, "deployment.kubernetes.io/revision"}


def written(hub: Hub) -> dict[Key, Manifest]:
    """Return the stack's objects without what others write at random, by the clock or by their history."""
    found = objects(hub.cluster, recorded_keys())
    for manifest in found.values():
        metadata = manifest["metadata"]
        metadata["annotations"] = {k: v for k, v in (metadata["annotations"] or {}).items() if k not in OTHERS}
        if (metadata["labels"] or {}).get("skupper.io/type") == TOKEN:
            manifest["data"] = set(manifest["data"])
            # Skupper names the site that it leads to by an id, which each engine's site has of its own.
            site = hub.cluster.get("v1", "ConfigMap", SITE_CONFIG_MAP, "interconnect") or {}
            metadata["annotations"][ISSUED_BY] = metadata["annotations"][ISSUED_BY] == site["metadata"]["uid"]
    return found


def test_both_engines_leave_the_same_objects(hub: Hub, stack: PulumiStack, tmp_path: Path) -> None:
    by_pulumi = written(hub)
    assert set(by_pulumi) == recorded_keys()
    destroy(stack, "--run-program")
    engine.up("lab", hub.kubeconfig, tmp_path, say=print, secrets=SECRETS)
    try:
        assert written(hub) == by_pulumi
    finally:
        engine.destroy("lab", hub.kubeconfig, tmp_path, say=print)
