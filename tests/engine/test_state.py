"""What the engine writes down holds no secret in plain."""

import base64
import json
from pathlib import Path

from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import refused, up
from tests.unit.stack_configs import PLANTED, SECRETS

NEW_KEY = "planted-second-secret-access-key-9876543210"


def forms(text: str) -> list[str]:
    """Return a text as a file may hold it: as it is, and as a Secret's data holds it."""
    return [text, base64.b64encode(text.encode()).decode()]


def leaked(text: str) -> list[str]:
    planted = [*PLANTED.values(), NEW_KEY, SECRETS["spillway:pullSecret"]]
    return [secret for secret in planted for form in forms(secret) if form in text]


def test_planted_secrets_are_nowhere_in_plain(hub: Hub, stack: PulumiStack) -> None:
    """The state of a file backend is read by everybody who may read the folder, and its history is kept for ever."""
    shown = stack.show("export", "--show-secrets")
    in_objects = {PLANTED["accessKeyId"], PLANTED["secretAccessKey"], SECRETS["spillway:pullSecret"]}
    assert in_objects <= set(leaked(shown))  # so that the search can find them
    stack.override({"spillway:awsCredentials.secretAccessKey": None})
    stack.set_secrets({"spillway:awsCredentials": {"secretAccessKey": NEW_KEY}})
    assert up(stack)
    assert NEW_KEY in leaked(stack.show("export", "--show-secrets"))
    told = stack.run("up", "--yes", "--diff", "--refresh")
    history = stack.show("history", "--json")
    for text in (stack.show("export"), told, history):
        assert text
        assert leaked(text) == []
    files = [path for path in stack.folder.rglob("*") if path.is_file() and path.name != "passphrase"]
    assert any("history" in path.parts for path in files)
    assert {path.name: found for path in files if (found := leaked(path.read_bytes().decode(errors="ignore")))} == {}


def test_the_state_is_in_files_and_its_secrets_need_the_passphrase(stack: PulumiStack) -> None:
    exported = json.loads(stack.show("export"))
    assert exported["deployment"]["secrets_providers"]["type"] == "passphrase"
    assert stack.env["PULUMI_BACKEND_URL"].startswith("file://")
    passphrase = Path(stack.env["PULUMI_CONFIG_PASSPHRASE_FILE"])
    right = passphrase.read_text()
    try:
        passphrase.write_text("wrong")
        assert "incorrect passphrase" in refused(stack, "preview")
    finally:
        passphrase.write_text(right)
