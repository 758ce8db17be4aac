"""Configs for the settings' tests: the dev stack's, with secrets planted, and changes to it by config path."""

import json
from typing import Any

from preview.recording import ROOT
from preview.stack_file import load

PLANTED = {
    "accessKeyId": "AKIAPLANTEDPLANTED00",
    "secretAccessKey": "planted-secret-access-key-0123456789abcd",
    "auth": "cGxhbnRlZDpwdWxsLXNlY3JldA==",
}
SECRETS: dict[str, Any] = {
    "spillway:pullSecret": json.dumps({"auths": {"registry.example.com": {"auth": PLANTED["auth"]}}}),
    "spillway:awsCredentials": {k: v for k, v in PLANTED.items() if k != "auth"},
}
# A second pool in another region, without its numbers of clusters.
WEST = {"name": "west", "region": "us-west-2", "baseDomain": "example.com", "releaseImage": "quay.io/o/r:4.18.1"}


def config(changes: dict[str, Any] | None = None, stack: str = "dev") -> tuple[dict[str, str], frozenset[str]]:
    """Return raw texts and secret keys of a stack with changes by config path (None removes)."""
    loaded = load(stack, ROOT, changes or {}, SECRETS)
    return loaded.values, loaded.secret_keys
