"""Where the time of the Pulumi CLI goes with 1, 50 and 500 pools, side by side in one run.

`python -m bench.pools [NUMBER ...]` needs `pulumi`, its host for Python programs and its Kubernetes provider on PATH.
The hub is a lab: a real kube-apiserver and Kyverno; the simulator runs beside them and is not counted. A hub stack has
one pool at least. The pools are empty, as clusters take no part in what is measured. Above 50 pools there is only a
preview: a file backend writes the whole state with each step, which would take hours and is the engine's own.
"""

import argparse
import asyncio
import cProfile
import json
import sys
import tempfile
import time
from pathlib import Path
from types import CodeType
from typing import Any

import pulumi

from bench.cpu import Spent, spent
from lab.demo import STACK, lab_secrets
from lab.hub import Hub
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
PREVIEW = {"preview of all": ("preview",)}
UP = {
    "up": ("up", "--yes", "--skip-preview"),
    "up without a change": ("up", "--yes", "--skip-preview", "--expect-no-changes"),
}
MOST_APPLIED = 50


def pools(number: int) -> dict[str, Any]:
    """Return what gives the lab stack so many pools, by config path; the burst is the first one's.

    They have no more config than they must: the CLI hands it to the program in one environment variable, which Linux
    limits to 128 KiB.
    """
    shipped = json.loads(load(STACK, ROOT, {}, {}).values["spillway:pools"])[0]
    least = {key: shipped[key] for key in ("region", "baseDomain", "releaseImage", "maxSize")}
    many = [{**least, "name": f"pool{n}", "size": 0} for n in range(number)]
    return {"spillway:pools": many, "spillway:bursts[0].pool": many[0]["name"]}


def own_part(number: int) -> float:
    """Return which part of the program's process is spent in this repository's code; the rest is Pulumi's SDK.

    Its code is what runs under `settings.from_pulumi` and `stacks.hub.hub`, without what these spend in the constructor
    of the SDK's Resource.
    """
    profile = cProfile.Profile(time.thread_time)
    profile.runcall(record, STACK, overrides=pools(number))
    timed = profile.getstats()

    def inside(folder: Path, name: str) -> float:
        """Return the seconds under the functions of a name in files of a folder."""
        codes = ((entry.code, entry.totaltime) for entry in timed if isinstance(entry.code, CodeType))
        found = (
            seconds for code, seconds in codes if code.co_name == name and folder in Path(code.co_filename).parents
        )
        return sum(found)

    own = inside(ROOT / "settings", "from_pulumi") + inside(ROOT / "stacks", "hub")
    sdk = inside(Path(pulumi.__file__).parent, "register_resource")
    return (own - sdk) / inside(Path(asyncio.__file__).parent, "run_until_complete")


def main(numbers: list[int]) -> int:
    """Measure and print."""
    if missing := missing_parts():
        say(f"not on PATH: {', '.join(missing)}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        lab = Hub(Path(folder) / "lab", say, tied=True)
        try:
            lab.start()
            lab.play(factor=1000)
            for number in numbers:
                measure(lab, Path(folder) / f"stack-{number}", number)
        finally:
            lab.stop()
    return 0


def measure(lab: Hub, folder: Path, number: int) -> None:
    """Measure the commands with a number of pools, and print a line for each."""
    stack = PulumiStack(STACK, folder, lab.kubeconfig)
    stack.override(pools(number))
    stack.set_secrets(lab_secrets(folder))
    servers = {"API server": lab.control_plane.process("kube-apiserver").pid() or 0}
    own = own_part(number)
    commands = PREVIEW | (UP if number <= MOST_APPLIED else {})
    for what, words in commands.items():
        show(number, what, spent(stack.command(*words), stack.root, stack.env, PARTS, servers), own)
    if number <= MOST_APPLIED:
        stack.operations("destroy", "--yes", "--skip-preview", "--run-program")


def show(number: int, what: str, found: Spent, own: float) -> None:
    """Print what a command took."""
    cpu = sum(found.parts.values())
    shares = ", ".join(f"{part} {seconds / cpu:.0%}" for part, seconds in found.parts.items())
    of_program = f"of the program {own:.0%} is this repository's code"
    say(f"{number:4} pools, {what:20} {found.wall:6.1f} s, {cpu:6.1f} s of CPU: {shares}; {of_program}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.pools", description=__doc__)
    parser.add_argument("numbers", type=int, nargs="*", default=[1, 50, 500], help="how many pools (default: 1 50 500)")
    sys.exit(main(parser.parse_args().numbers))
