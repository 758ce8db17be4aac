"""The lab's direct engine and Pulumi leave the same objects, so that what is shown on the one holds on the other."""

import base64
from pathlib import Path
from typing import Any

import pytest

from components.interconnect_sync import credential_name
from kinds.skupper import SITE_CONFIG_MAP
from lab import engine
from lab.cluster import Manifest
from lab.fleet.skupper1_tokens import ISSUED_BY
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from preview.recording import ROOT
from preview.stack_settings import read_settings
from tests.engine.stacks import destroy, kept, new_stack, preview, up
from tests.objects import Key, objects, recorded_keys
from tests.unit.stack_configs import SECRETS

TOKEN = "connection-token"
SKUPPER_1: dict[str, Any] = {"spillway:interconnect.version": 1}


def written(hub: Hub, changes: dict[str, Any]) -> dict[Key, Manifest]:
    """Return the stack's objects without what is new each time."""
    found = objects(hub.cluster, recorded_keys(changes=changes))
    for manifest in found.values():
        metadata = manifest["metadata"]
        if (metadata["labels"] or {}).get("skupper.io/type") == TOKEN:
            manifest["data"] = set(manifest["data"])
            # Skupper names the site that it leads to by an id, which each engine's site has of its own.
            site = hub.cluster.get("v1", "ConfigMap", SITE_CONFIG_MAP, "interconnect") or {}
            metadata["annotations"][ISSUED_BY] = metadata["annotations"][ISSUED_BY] == site["metadata"]["uid"]
    return found


@pytest.mark.parametrize("changes", [SKUPPER_1, {}], ids=["Skupper 1", "Skupper 2"])
def test_both_engines_leave_the_same_objects(
    hub: Hub, stack: PulumiStack, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """By both versions of Skupper, each on a hub without the other; and what its controllers write is no change."""
    destroy(stack, "--run-program")
    other = new_stack(tmp_path / "pulumi", hub.kubeconfig, changes=changes)
    try:
        up(other)
        assert preview(other, "--refresh", "--expect-no-changes") == set()
        by_pulumi = written(hub, changes)
        assert set(by_pulumi) == recorded_keys(changes=changes)
        credential = credential_name(read_settings("lab", ROOT, changes).interconnect, "aws")
        key = (hub.cluster.get("v1", "Secret", credential, "interconnect") or {})["data"]["tls.key"]
        # Of its lines the longest: in JSON the ends of lines are written otherwise.
        forms = [key, max(base64.b64decode(key).decode().splitlines(), key=len)]
        texts = kept(other)
        # So that the search can find what is written down of it: its name.
        assert credential in texts["export"]
        assert len([name for name, text in texts.items() if credential in text]) > 1
        assert [name for name, text in texts.items() if any(form in text for form in forms)] == []
    finally:
        destroy(other, "--run-program")
    engine.up("lab", hub.kubeconfig, tmp_path, say=print, overrides=changes, secrets=SECRETS)
    try:
        assert written(hub, changes) == by_pulumi
    finally:
        engine.destroy("lab", hub.kubeconfig, tmp_path, say=print)
