"""The policy pack, run by the Pulumi CLI on shipped stacks.

Proves that the pack gives the verdicts of the preview, and that `pulumi up` stops by them. Not on stacks whose providers
are not on PATH.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.binaries import LabError
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from policies.guardrails.rules import RULES
from preview.evaluation import evaluate
from preview.guardrails import pack_config, verdicts
from preview.recording import ROOT, record
from tests.unit.stack_configs import SECRETS

CONTEXTS = {"lab": ["lab"], "dev": ["hub"], "mesh": ["kind-c1", "kind-c2", "kind-c3"]}
# Without charts, which the provider would fetch from their repositories even for a preview.
WITHOUT_CHARTS: dict[str, Mapping[str, object]] = {
    "lab": {},
    "dev": {"spillway:hub.kyverno.install": "existing"},
    "mesh": {
        "spillway:mesh.controller.install": "existing",
        "spillway:mesh.metalLB.install": "existing",
        "spillway:mesh.clusters[0].console": False,
    },
}
GUARDRAILS = "spillway:guardrails"
# The CLI ends at the first mandatory rule that is broken, and the stack rules are not asked any more.
ADVISORY = {f"{GUARDRAILS}.levels": {rule.name: "advisory" for rule in RULES}}
# A configuration that the settings take and many rules do not.
STRICT: dict[str, Mapping[str, object]] = {
    "hub": {
        f"{GUARDRAILS}.{key}": value
        for key, value in {
            "maxClustersPerPool": 1, "maxClusters": 1, "maxClustersPerRegion": 1, "maxClaimLifetime": "1h",
            "instanceTypes": ["m5.xlarge"], "maxMachines": 3, "regions": ["eu-west-1"], "minimumHold": "2h",
            "monthlyAtRest": 1, "monthlyAtBurst": 2, "pinOperators": True, "protectPools": True, "siteAccess": ["none"],
        }.items()
    },
    "mesh": {f"{GUARDRAILS}.siteAccess": ["none"], f"{GUARDRAILS}.maxLinkCost": 1, "spillway:mesh.links[0].cost": 7},
}  # fmt: skip

# Policy, logical name of the resource, message.
Found = set[tuple[str, str, str]]


def kubeconfig(path: Path, contexts: list[str]) -> Path:
    """Write a kubeconfig that leads nowhere: a preview needs no cluster."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": "https://127.0.0.1:1"}} for name in contexts],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "nobody"}} for name in contexts],
    }
    path.write_text(json.dumps(document))
    return path


def pulumi_stack(
    stack: str, folder: Path, kubeconfig: Path, overrides: Mapping[str, object]
) -> tuple[PulumiStack, list[str]]:
    """Return a stack with changed configuration, and the arguments that make the CLI run the pack on it."""
    pack = shutil.copytree(ROOT / "policies", folder / "pack", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    (pack / ".venv").symlink_to((ROOT / ".venv").resolve())
    configured = folder / "guardrails.json"
    configured.write_text(json.dumps(pack_config(stack, ROOT, overrides)))
    found = PulumiStack(stack, folder / "pulumi", kubeconfig)
    found.override(overrides)
    if stack != "mesh":
        found.set_secrets(SECRETS)
    return found, ["--policy-pack", str(pack), "--policy-pack-config", str(configured)]


def by_the_cli(stack: str, folder: Path, overrides: Mapping[str, object]) -> Found:
    found, arguments = pulumi_stack(stack, folder, kubeconfig(folder / "kubeconfig", CONTEXTS[stack]), overrides)
    log, failure = folder / "events.json", ""
    try:
        found.run(
            "preview", *arguments, "--event-log", str(log), env={"PULUMI_DEBUG_COMMANDS": "true"}
        )  # has --event-log
    except LabError as error:
        failure = str(error)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    told = [event["policyEvent"] for event in events if "policyEvent" in event]
    assert not failure, failure
    return {
        (one["policyName"], one["resourceUrn"].rpartition("::")[2], one["message"].partition("\n")[2].strip())
        for one in told
    }


def by_the_preview(stack: str, overrides: Mapping[str, object]) -> Found:
    judged = verdicts(record(stack, overrides=overrides), pack_config(stack, ROOT, overrides))
    return {(v.rule.name, name, message) for v in judged for _, name, message in v.findings}


@pytest.mark.parametrize("stack", CONTEXTS)
def test_a_shipped_stack_passes_under_the_cli(stack: str, tmp_path: Path) -> None:
    assert not evaluate(stack, ROOT).failed
    assert by_the_cli(stack, tmp_path, WITHOUT_CHARTS[stack]) == set()


@pytest.mark.parametrize("stack", CONTEXTS)
def test_the_pack_and_the_preview_say_the_same(stack: str, tmp_path: Path) -> None:
    overrides = {**WITHOUT_CHARTS[stack], **STRICT["mesh" if stack == "mesh" else "hub"], **ADVISORY}
    wanted = by_the_preview(stack, overrides)
    assert len({rule for rule, _, _ in wanted}) >= (2 if stack == "mesh" else 10)
    assert by_the_cli(stack, tmp_path, overrides) == wanted


def test_a_broken_mandatory_rule_stops_an_update_before_anything_is_made(lab: Hub, tmp_path: Path) -> None:
    """`pulumi up` previews first. Without that, what comes before the pool would be made, and stay."""
    before = {one["metadata"]["name"] for one in lab.cluster.find("v1", "Namespace")}
    stack, arguments = pulumi_stack("lab", tmp_path, lab.kubeconfig, {f"{GUARDRAILS}.maxClustersPerPool": 1})
    with pytest.raises(LabError, match="spec.maxSize is 2, the budget of a pool is 1"):
        stack.run("up", "--yes", *arguments)
    assert {one["metadata"]["name"] for one in lab.cluster.find("v1", "Namespace")} == before
    made = [one["type"] for one in json.loads(stack.show("export"))["deployment"].get("resources", [])]
    assert [type_ for type_ in made if type_ != "pulumi:pulumi:Stack"] == []
