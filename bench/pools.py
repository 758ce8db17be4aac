"""Where the time of the Pulumi CLI goes with 0, 1, 50 and 500 pools, side by side in one run.

`python -m bench.pools [NUMBER ...]` needs `pulumi`, its host for Python programs and its Kubernetes provider on PATH.
The hub is a lab: a real kube-apiserver and Kyverno; the simulator runs beside them and is not counted. A hub stack has
one pool at least: the stack without a pool is the mesh, on its lab of three API servers. The pools are empty, as
clusters take no part in what is measured. Above 50 pools the state is written once, at the end: a file backend writes
all of it with each step, which would take hours and is the engine's own.
"""

import argparse
import asyncio
import contextlib
import cProfile
import json
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar

import pulumi

from bench.cpu import Spent, spent
from lab.controlplane import ControlPlane
from lab.demo import STACK, lab_secrets
from lab.hub import Hub
from lab.mesh import PLAYED, MeshLab
from lab.mesh import STACK as MESH
from lab.pulumi_cli import PulumiStack, missing_parts
from lab.terminal import say
from preview.recording import ROOT, record
from preview.stack_file import load

# The engine last: its word is in the others' command lines too.
PARTS = {
    "program": "pulumi-language-python-exec",
    "host": "pulumi-language-python",
    "provider": "pulumi-resource-kubernetes",
    "engine": "pulumi",
}
COMMANDS = {
    "preview of all": ("preview",),
    "up": ("up", "--yes", "--skip-preview", "--suppress-outputs"),
    "up without a change": ("up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes"),
}
MOST_STEPS = 50
# The engine's experimental switch: no state is written before the end.
AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


def pools(number: int) -> dict[str, Any]:
    """Return what gives the lab stack so many pools, by config path; the burst is the first one's.

    They have no more config than they must: the CLI hands it to the program in one environment variable, which Linux
    limits to 128 KiB.
    """
    shipped = json.loads(load(STACK, ROOT, {}, {}).values["spillway:pools"])[0]
    least = {key: shipped[key] for key in ("region", "baseDomain", "releaseImage", "maxSize")}
    many = [{**least, "name": f"pool{n}", "size": 0} for n in range(number)]
    return {"spillway:pools": many, "spillway:bursts[0].pool": many[0]["name"]}


def own_part(stack: str, changes: dict[str, Any]) -> float:
    """Return which part of the program's process is spent in this repository's code; the rest is Pulumi's SDK.

    Its code is what runs under `settings.from_pulumi` and the function that composes the stack, without what these
    spend in the constructor of the SDK's Resource. What importing it takes is not counted.
    """
    profile = cProfile.Profile(time.thread_time)
    profile.runcall(record, stack, overrides=changes)
    timed = profile.getstats()

    def inside(folder: Path, name: str) -> float:
        """Return the seconds under the functions of a name in files of a folder."""
        codes = ((entry.code, entry.totaltime) for entry in timed if isinstance(entry.code, CodeType))
        found = (
            seconds for code, seconds in codes if code.co_name == name and folder in Path(code.co_filename).parents
        )
        return sum(found)

    composed = "mesh" if stack == MESH else "hub"
    own = inside(ROOT / "settings", "from_pulumi") + inside(ROOT / "stacks", composed)
    sdk = inside(Path(pulumi.__file__).parent, "register_resource")
    return (own - sdk) / inside(Path(asyncio.__file__).parent, "run_until_complete")


def main(numbers: list[int]) -> int:
    """Measure and print."""
    if missing := missing_parts():
        say(f"not on PATH: {', '.join(missing)}")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if 0 in numbers:
            with playing(MeshLab(folder / "mesh-lab", say, tied=True)) as mesh:
                stack = PulumiStack(MESH, folder / "mesh", mesh.kubeconfig)
                changes = {**PLAYED, "spillway:mesh.protect": False}
                measure(0, stack, changes, [mesh.control_plane(context) for context in mesh.contexts])
        for number in filter(None, numbers):
            with playing(Hub(folder / f"lab-{number}", say, tied=True)) as hub:
                stack = PulumiStack(STACK, folder / f"stack-{number}", hub.kubeconfig)
                stack.set_secrets(lab_secrets(stack.folder))
                measure(number, stack, pools(number), [hub.control_plane])
    return 0


LabT = TypeVar("LabT", Hub, MeshLab)


@contextlib.contextmanager
def playing(lab: LabT) -> Generator[LabT]:
    """Start a lab with its simulator; stop it in the end, with what the stack has made."""
    try:
        lab.start()
        lab.play(factor=1000)
        yield lab
    finally:
        lab.stop()


def measure(number: int, stack: PulumiStack, changes: dict[str, Any], planes: list[ControlPlane]) -> None:
    """Measure the commands with a number of pools, and print a line for each.

    Args:
        number: how many pools.
        stack: the stack, as it is shipped.
        changes: what gives it so many pools, by config path.
        planes: what it is put on.
    """
    stack.override(changes)
    servers = {"API server": [plane.process("kube-apiserver").pid() or 0 for plane in planes]}
    # In a process of its own, which has not run the program before.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        own = fresh.submit(own_part, stack.stack, changes).result()
    env = stack.env if number <= MOST_STEPS else {**stack.env, **AT_THE_END}
    for what, words in COMMANDS.items():
        show(number, what, spent(stack.command(*words), stack.root, env, PARTS, servers), own)


def show(number: int, what: str, found: Spent, own: float) -> None:
    """Print what a command took."""
    cpu = sum(found.parts.values())
    shares = ", ".join(f"{part} {seconds / cpu:.0%}" for part, seconds in found.parts.items())
    code = f"this repository's code {own * found.parts['program'] / cpu:.1%}"
    say(f"{number:4} pools, {what:20} {found.wall:6.1f} s, {cpu:6.1f} s of CPU: {shares}; {code}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.pools", description=__doc__)
    parser.add_argument(
        "numbers", type=int, nargs="*", default=[0, 1, 50, 500], help="how many pools (default: 0 1 50 500)"
    )
    sys.exit(main(parser.parse_args().numbers))
