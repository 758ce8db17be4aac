"""Stacks under the Pulumi CLI: what its commands do, as `<operation> <logical name>`."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lab.binaries import LabError
from lab.cluster import Cluster, Manifest
from lab.crds import CRD
from lab.fleet.objects import HIVE
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from preview.recording import ROOT, record
from tests.unit.stack_configs import SECRETS

DEPLOYMENT = ("apps/v1", "Deployment", "sample-kotlin-spring", "interconnect")
POOL = (HIVE, "ClusterPool", "aws", "aws")


def new_stack(folder: Path, kubeconfig: Path, stack: str = "lab", changes: dict[str, Any] | None = None) -> PulumiStack:
    """Make a stack in a folder, with planted secrets and changes by config path."""
    made = PulumiStack(stack, folder, kubeconfig)
    made.override(changes or {})
    made.set_secrets(SECRETS)
    return made


def up(stack: PulumiStack, *flags: str) -> set[str]:
    return {str(done) for done in stack.operations("up", "--yes", "--skip-preview", *flags)}


def preview(stack: PulumiStack, *flags: str) -> set[str]:
    return {str(planned) for planned in stack.operations("preview", *flags)}


def destroy(stack: PulumiStack, *flags: str) -> list[str]:
    return [str(done) for done in stack.operations("destroy", "--yes", "--skip-preview", *flags)]


def refused(stack: PulumiStack, *command: str) -> str:
    """Run a command that must fail; return what it says."""
    try:
        stack.operations(*command)
    except LabError as error:
        return str(error)
    raise AssertionError(f"pulumi {' '.join(command)} succeeded")


def recorded_names(stack: str = "lab", changes: dict[str, Any] | None = None) -> set[str]:
    """Return the logical names of all that the program registers."""
    return {found.name for found in record(stack, overrides=changes).registrations}


def kept(stack: PulumiStack) -> dict[str, str]:
    """Return all that the CLI keeps of a stack and shows of that: its state, its history, each of its files."""
    files = [path for path in stack.folder.rglob("*") if path.is_file() and path.name != "passphrase"]
    assert any("history" in path.parts for path in files)
    shown = {"export": stack.show("export"), "history": stack.show("history", "--json")}
    return shown | {str(path): path.read_bytes().decode(errors="ignore") for path in files}


def take_up(stack: PulumiStack) -> None:
    """Take up what a run that was cut off has left, by the commands of docs/engine.md."""
    stack.cancel()
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    stack.run("up", "--yes", "--skip-preview", env={"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"})


@contextlib.contextmanager
def program(stack: PulumiStack, folder: Path, change: Callable[[str], str]) -> Iterator[None]:
    """Let a stack run a copy of the program with another `stacks/hub.py`."""
    copy = folder / "program"
    unwanted = shutil.ignore_patterns(".*", "tests", "lab", "docs", "gitops")
    shutil.copytree(ROOT, copy, ignore=unwanted, dirs_exist_ok=True)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    hub_stack = copy / "stacks" / "hub.py"
    hub_stack.write_text(change(hub_stack.read_text()))
    stack.root = copy
    try:
        yield
    finally:
        stack.root = ROOT
        shutil.rmtree(copy)


def clear(lab: Hub, stack: PulumiStack) -> None:
    """Take a stack down whatever a failed test left, so that the next test begins on an empty hub."""
    with contextlib.suppress(LabError):  # nothing holds it
        stack.run("cancel", "--yes")
    for claim in claims(lab):
        lab.cluster.delete(HIVE, "ClusterClaim", claim["metadata"]["name"], claim["metadata"]["namespace"])
    destroy(stack, "--ignore-protect", "--run-program")


def remove_crds(cluster: Cluster) -> None:
    """Make a control plane bare again."""
    for found in cluster.find(*CRD):
        cluster.delete(*CRD, found["metadata"]["name"])
    cluster.wait_for("no CRD", lambda: not cluster.find(*CRD))


def claims(lab: Hub) -> list[Manifest]:
    return lab.cluster.find(HIVE, "ClusterClaim")


def scale(lab: Hub, replicas: int) -> None:
    """Do what the autoscaler does."""
    lab.cluster.patch(*DEPLOYMENT[:3], {"spec": {"replicas": replicas}}, DEPLOYMENT[3], subresource="scale")


def running_claim(lab: Hub, pool: str = "aws", replicas: int = 5) -> Manifest:
    """Start a burst; return its claim of a pool once its cluster runs."""
    scale(lab, replicas)

    def running() -> Manifest | None:
        for claim in claims(lab):
            if claim["spec"]["clusterPoolName"] != pool:
                continue
            for condition in claim.get("status", {}).get("conditions", []):
                if (condition["type"], condition["status"]) == ("ClusterRunning", "True"):
                    return claim
        return None

    return lab.cluster.wait_for("a claim with a running cluster", running, 120)
