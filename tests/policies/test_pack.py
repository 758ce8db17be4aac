"""The pack as the Pulumi CLI takes it. Does not prove that the CLI runs it: tests/engine does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy

from policies.guardrails.pack import policies
from policies.guardrails.rules import RULES
from preview.guardrails import pack_config
from preview.recording import ROOT
from preview.stack_file import stacks

PACK = ROOT / "policies"


def pins(path: Path) -> dict[str, frozenset[str]]:
    """Name and version to hashes."""
    text = re.sub(r"\s*\\\n\s*", " ", "\n".join(line for line in path.read_text().splitlines() if "#" not in line))
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return {words[0]: frozenset(words[1:]) for words in lines}


def test_the_pack_has_the_versions_and_hashes_that_the_tests_ran_with() -> None:
    own, ours = pins(PACK / "requirements.txt"), pins(ROOT / "requirements-dev.txt")
    assert own
    assert all(own.values())
    assert {name: hashes for name, hashes in own.items() if ours.get(name) != hashes} == {}
    assert {"pulumi", "pulumi-policy", "pyyaml"} <= {name.partition("==")[0] for name in own}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else str(node.module)


def test_the_pack_imports_nothing_of_the_program() -> None:
    """The CLI runs it in a folder and an environment of its own, where the program is not."""
    own = {
        name.partition(".")[0] for path in PACK.rglob("*.py") if ".venv" not in path.parts for name in imported(path)
    }
    ours = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert {"settings", "components", "preview"} <= ours
    assert own & ours == set()


def test_each_rule_is_a_policy_with_all_that_a_reader_needs() -> None:
    found = policies()
    assert [policy.name for policy in found] == [rule.name for rule in RULES]
    for policy, rule in zip(found, RULES, strict=True):
        assert isinstance(policy, ResourceValidationPolicy if rule.each else StackValidationPolicy)
        assert policy.description == rule.why
        assert rule.remedy
        assert rule.url.startswith("https://")
        assert rule.reads


@pytest.mark.parametrize("stack", stacks(ROOT))
def test_the_configuration_of_a_stack_has_every_key_of_every_rule(stack: str) -> None:
    """Pulumi refuses a pack whose required configuration is missing, in the middle of an update."""
    config = pack_config(stack, ROOT)
    assert list(config) == [rule.name for rule in RULES]
    for rule in RULES:
        assert config[rule.name].keys() == {"enforcementLevel", *rule.schema}, rule.name
        assert config[rule.name]["enforcementLevel"] in {level.value for level in EnforcementLevel}
