"""What the engine writes down holds no secret in plain."""

import base64
import json
from pathlib import Path

from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import kept, refused, up
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
    texts = {"told": told, **kept(stack)}
    assert {name: found for name, text in texts.items() if (found := leaked(text))} == {}


def test_the_secrets_of_the_state_need_the_passphrase(stack: PulumiStack) -> None:
    exported = json.loads(stack.show("export"))
    assert exported["deployment"]["secrets_providers"]["type"] == "passphrase"
    passphrase = Path(stack.env["PULUMI_CONFIG_PASSPHRASE_FILE"])
    right = passphrase.read_text()
    try:
        passphrase.write_text("wrong")
        assert "incorrect passphrase" in refused(stack, "preview")
    finally:
        passphrase.write_text(right)
