"""`up` killed at any moment is taken up by the commands of docs/engine.md."""

import json
import os
import random
import signal
import subprocess
import time

from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import up
from tests.engine.test_changes import CHANGES
from tests.objects import objects, recorded_keys

ROUNDS = 10


def test_killed_at_random_moments_it_converges(hub: Hub, stack: PulumiStack) -> None:
    """The CLI notes what it begins; what it had begun to create when it was killed exists, but is nobody's."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    shipped = stack.file.read_text()
    recover = {"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"}
    changes = {path: value for change, _ in CHANGES.values() for path, value in change.items()}
    ended: list[int] = []
    for number in range(ROUNDS):
        stack.file.write_text(shipped)
        if number % 2 == 0:
            stack.override(changes)
        log = (stack.folder / "killed.log").open("w")
        words = stack.command("up", "--yes", "--skip-preview")
        process = subprocess.Popen(words, cwd=stack.root, env={**stack.env, **recover}, stdout=log, stderr=log)
        time.sleep(chance.uniform(2.5, 9))
        os.kill(process.pid, signal.SIGKILL)
        ended.append(process.wait())
        stack.cancel()
    assert -signal.SIGKILL in ended
    stack.file.write_text(shipped)
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    stack.run("up", "--yes", "--skip-preview", env=recover)
    assert set(objects(hub.cluster, recorded_keys())) == recorded_keys()
    assert objects(hub.cluster, recorded_keys(changes=changes) - recorded_keys()) == {}
    state = json.loads(stack.show("export"))["deployment"]
    urns = [resource["urn"] for resource in state["resources"]]
    assert len(urns) == len(set(urns))
    assert not state.get("pending_operations")
    # Without the variable again: the provider's own setting goes back, and nothing else.
    assert up(stack, "--refresh") <= {"update hub"}
    assert up(stack, "--expect-no-changes") == set()
