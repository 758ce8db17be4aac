"""`up` killed at any moment, also the first one, is taken up by the commands of docs/engine.md."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time

import psutil

from lab.cluster import Cluster
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from lab.pulumi_events import Operation, operations
from preview.recording import record
from tests.engine.stacks import destroy, take_up, up
from tests.engine.test_changes import CHANGES
from tests.objects import Key, recorded_keys

ROUNDS = 10
CHANGED: dict[str, object] = {path: value for changes, _ in CHANGES.values() for path, value in changes.items()}


def on_objects(begun: list[Operation]) -> list[Operation]:
    """Leave out the components, which are names in the state."""
    return [operation for operation in begun if operation.type.startswith("kubernetes:")]


def changed_objects() -> int:
    """Return how many operations on objects the changes take."""
    components = {r.name for r in record("lab", overrides=CHANGED).registrations if not r.custom}
    operations_ = {operation for _, expected in CHANGES.values() for operation in expected}
    # What one of them creates and a later one updates is created.
    made = {operation.partition(" ")[2] for operation in operations_ if operation.startswith("create ")}
    operations_ -= {f"update {name}" for name in made}
    return sum(operation.partition(" ")[2] not in components for operation in operations_)


def killed(stack: PulumiStack, number: int, seconds: float) -> tuple[int, list[Operation]]:
    """Kill an `up` so many seconds after the beginning of an operation on an object, which is given by its number.

    By the clock most kills would come before the first operation, or with another load after the last one. Returns the
    exit code and the operations on objects.
    """
    words = stack.command("up", "--yes", "--skip-preview", "--json")
    with subprocess.Popen(words, cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = ""
        for line in process.stdout:
            told += line
            number -= len(on_objects(operations(line)))
            if number <= 0:
                break
        time.sleep(seconds)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        told += process.stdout.read()
        for member in family:  # the provider would live on
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
    return process.returncode, on_objects(operations(told))


def made_by_pulumi(cluster: Cluster, known: set[Key]) -> set[Key]:
    """Return what there is of the known objects, and all else of their kinds that Pulumi has written, wherever it is."""
    found: set[Key] = set()
    for api, kind in {(api, kind) for api, kind, _, _ in known}:
        for manifest in cluster.find(api, kind):
            metadata = manifest["metadata"]
            key = (api, kind, metadata.get("namespace"), metadata["name"])
            # Of a namespace that has no more than a name nobody owns a field.
            managers = [entry["manager"] for entry in metadata.get("managedFields", [])]
            if key in known or any(manager.startswith("pulumi-") for manager in managers):
                found.add(key)
    return found


def test_killed_at_random_moments_it_converges(hub: Hub, stack: PulumiStack) -> None:
    """The CLI notes what it begins; what it had begun to create when it was killed exists, but is nobody's."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"again: SEED={seed}")
    chance = random.Random(seed)
    shipped = stack.file.read_text()
    wanted = {False: recorded_keys(), True: recorded_keys(changes=CHANGED)}
    changes = changed_objects()
    destroy(stack, "--run-program")
    in_the_middle = 0
    for round_ in range(ROUNDS):
        stack.file.write_text(shipped)
        if changed := round_ % 2 == 1:
            stack.override(CHANGED)
        # The first one makes everything; then the changes come and go.
        all_ = changes if round_ else len(wanted[False])
        code, begun = killed(stack, chance.randrange(1, all_), chance.uniform(0, 0.1))
        assert code == -signal.SIGKILL
        pending = json.loads(stack.show("export"))["deployment"].get("pending_operations")
        unfinished = [str(operation) for operation in begun if operation.ended is None]
        print(f"round {round_}: killed at {len(begun)} of {all_} operations; not ended: {unfinished}")
        in_the_middle += bool(unfinished or pending)
        take_up(stack)
        assert made_by_pulumi(hub.cluster, wanted[False] | wanted[True]) == wanted[changed]
        state = json.loads(stack.show("export"))["deployment"]
        urns = [resource["urn"] for resource in state["resources"]]
        assert len(urns) == len(set(urns))
        assert not state.get("pending_operations")
    # Otherwise the kills would prove nothing.
    assert in_the_middle > ROUNDS / 2
    # Without the variable again: the provider's own setting goes back, and nothing else.
    assert up(stack, "--refresh") == {"update hub"}
    assert up(stack, "--expect-no-changes") == set()
