"""Every value behind a rule is broken in every shipped stack, one at a time, and the rule fires.

Proves that no rule is there for show; not that a broken value would do harm.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policies.guardrails.model import UNKNOWN, Reads, Resource, Rule, found
from policies.guardrails.rules import RULES
from preview.guardrails import pack_config, verdicts
from preview.recording import ROOT, ProgramError, Recording, record
from preview.registration import Registration
from preview.resources import resources
from preview.stack_file import stacks
from preview.stack_settings import hub_stacks
from tests.policies.flips import CONFIG_FLIPS, FLIPS, Flip, change


@dataclass(frozen=True)
class Program:
    """A program that keeps every rule; `limits` is the shipped stack whose guardrails judge it."""

    stack: str
    root: Path = ROOT
    overrides: Mapping[str, Any] = field(default_factory=dict)
    limits: str = ""


STACKS = stacks(ROOT)
HUBS = hub_stacks(ROOT)
# What no shipped stack has: the other version of Skupper, and kinds and values that no shipped stack uses.
PROGRAMS = {
    **{stack: Program(stack) for stack in STACKS},
    "dev with Skupper 1": Program("dev", overrides={"spillway:interconnect.version": 1}),
    "mesh with Skupper 1": Program("mesh", overrides={"spillway:mesh.version": 1}),
    "mesh by pods": Program("mesh", overrides={"spillway:mesh.application.balance": "pods"}),
    "mesh by priority": Program("mesh", overrides={"spillway:mesh.application.balance": "priority"}),
    "network": Program("network", Path(__file__).parent / "network", limits="mesh"),
}
RULE = {rule.name: rule for rule in RULES}
# What the settings refuse before a rule sees it.
REFUSED_EARLIER = {("prod", "regions"): "spillway:guardrails.regions.*has no ap-south-1"}


@cache
def recorded(name: str) -> Recording:
    program = PROGRAMS[name]
    return record(program.stack, root=program.root, overrides=program.overrides)


@cache
def config(name: str) -> dict[str, Any]:
    program = PROGRAMS[name]
    return pack_config(program.limits or program.stack, ROOT, program.overrides)


@cache
def base(name: str) -> tuple[Resource, ...]:
    return tuple(resources(recorded(name).registrations))


@pytest.mark.parametrize("stack", PROGRAMS)
def test_every_rule_is_kept(stack: str) -> None:
    broken = {v.rule.name: v.findings for v in verdicts(recorded(stack), config(stack)) if v.findings}
    assert broken == {}


def flipped(stack: str, flip: Flip) -> list[tuple[str, list[Registration], list[Registration]]]:
    kept = list(recorded(stack).registrations)
    for type_, path, value in flip.first:
        kept = [change(one, path, value) if one.type == type_ else one for one in kept]
    return [
        (one.name, kept, [change(one, flip.path, flip.value) if one is other else other for other in kept])
        for one in kept
        if one.type == flip.type and flip.only(one)
    ]


@pytest.mark.parametrize("flip", FLIPS, ids=lambda flip: f"{flip.rule}-{flip.type.rpartition(':')[2]}-{flip.path}")
def test_a_flip_is_caught(flip: Flip) -> None:
    tried = 0
    for stack in PROGRAMS:
        settings = {**config(stack)[flip.rule], **flip.config}
        for name, before, after in flipped(stack, flip):
            rule = RULE[flip.rule]
            assert rule.judge(resources(before), settings) == [], f"{stack}: not kept before the flip"
            assert rule.judge(resources(after), settings), f"{stack}: {name} {flip.path} was not caught"
            tried += 1
    assert tried, "no program has this field"


def test_every_rule_has_a_flip() -> None:
    """names-unique breaks by a second object, not by a field; it has a test of its own."""
    assert {rule.name for rule in RULES} - {flip.rule for flip in FLIPS} == {"names-unique"}


# Declared values that no flip of one value breaks, and why.
NOT_FLIPPED = {
    ("clusters", "spec.platform.aws.region"): "it takes two pools: test_pools_of_one_region_are_counted_together",
    ("instance-types", "data.*"): "stringData comes first: test_an_install_config_in_base64_is_read_too",
    ("monthly-cost", "data.*"): "the same",
    ("trigger-releases", "spec.generate.*.template.value"): "says only whether it makes claims",
    ("operators-pinned", "chart"): "says only whether it is a local one, which has its own version",
}


def _alike(flipped: str, declared: str) -> bool:
    pairs = list(zip(flipped.split("."), declared.split("."), strict=False))
    return all(left == right or "*" in (left, right) for left, right in pairs)


def test_every_declared_value_has_a_flip() -> None:
    """Names only say which object it is, except where others refer to it."""
    lacking = {
        (rule.name, path)
        for rule in RULES
        for reads in rule.reads
        for path in reads.paths
        if rule.name == "references" or not path.startswith("metadata.na")
        if not any(
            flip.rule == rule.name and reads.type in (flip.type, "*") and _alike(flip.path, path) for flip in FLIPS
        )
    }
    assert lacking == set(NOT_FLIPPED)


def test_pools_of_one_region_are_counted_together() -> None:
    caps = [one.at("spec.maxSize") for one in base("prod") if one.kind == "ClusterPool"]
    limits = {"perRegion": max(caps), "perStack": 100}
    moved = [
        change(one, "spec.platform.aws.region", "us-east-1") if one.type.endswith(":ClusterPool") else one
        for one in recorded("prod").registrations
        if one.custom
    ]
    assert RULE["clusters"].judge(base("prod"), limits) == []
    (finding,) = RULE["clusters"].judge(resources(moved), limits)
    assert finding.message == f"{sum(caps)} clusters in us-east-1, its budget is {max(caps)}"


@pytest.mark.parametrize("stack", HUBS)
def test_an_install_config_in_base64_is_read_too(stack: str) -> None:
    settings = {**config(stack)["instance-types"], "maximum": 1}
    found = [one for one in base(stack) if "install-config" in one.place[1]]
    assert found
    for one in found:
        data = {key: base64.b64encode(text.encode()).decode() for key, text in one.map("stringData").items()}
        encoded = replace(one, props={"metadata": one.props["metadata"], "data": data})
        assert RULE["instance-types"].judge([encoded], settings) == RULE["instance-types"].judge([one], settings) != []


@pytest.mark.parametrize("stack", HUBS)
def test_another_name_takes_no_install_config_out_of_sight(stack: str) -> None:
    settings = {**config(stack)["instance-types"], "maximum": 1}
    for one in base(stack):
        if "install-config" in one.place[1]:
            renamed = replace(one, props={**one.props, "metadata": {"name": "other", "namespace": one.place[0]}})
            assert RULE["instance-types"].judge([renamed], settings)


@pytest.mark.parametrize("stack", PROGRAMS)
def test_two_resources_are_not_one_object(stack: str) -> None:
    for one in base(stack):
        if one.type.startswith("kubernetes:") and one.place[1] and not one.kind.endswith("Patch"):
            twin = replace(one, urn=f"{one.urn}-twin", name="twin")
            assert RULE["names-unique"].judge([*base(stack), twin], {}), one.name
            elsewhere = replace(twin, cluster="another cluster")
            assert RULE["names-unique"].judge([*base(stack), elsewhere], {}) == [], one.name


@pytest.mark.parametrize("stack", PROGRAMS)
def test_what_is_referred_to_must_be_on_the_same_cluster(stack: str) -> None:
    """In a mesh every cluster has objects of the same names; one of another cluster is of no use."""
    settings = config(stack)["references"]
    for one in base(stack):
        moved = [replace(other, cluster="another cluster") if other is one else other for other in base(stack)]
        gone = [other for other in base(stack) if other is not one]
        assert bool(RULE["references"].judge(moved, settings)) >= bool(RULE["references"].judge(gone, settings)), (
            one.name
        )


@pytest.mark.parametrize("stack", PROGRAMS)
def test_a_namespace_that_the_provider_adds_changes_no_verdict(stack: str) -> None:
    """Under the CLI, before an operator brought its CRDs, a ManagedClusterSet was seen in the namespace `default`."""
    given = [{**one.props, "metadata": {"namespace": "default", **one.map("metadata")}} for one in base(stack)]
    seen = [replace(one, props=props) for one, props in zip(base(stack), given, strict=True)]
    assert {rule.name: found for rule in RULES if (found := rule.judge(seen, config(stack)[rule.name]))} == {}


@pytest.mark.parametrize("rule", CONFIG_FLIPS)
@pytest.mark.parametrize("stack", HUBS)
def test_a_value_broken_by_config_is_caught(stack: str, rule: str) -> None:
    """A setting that breaks a rule is caught by it, or refused by the settings before it comes so far."""
    overrides = CONFIG_FLIPS[rule]
    if (stack, rule) in REFUSED_EARLIER:
        with pytest.raises(ProgramError, match=REFUSED_EARLIER[stack, rule]):
            record(stack, overrides=overrides)
        return
    recording = record(stack, overrides=overrides)
    found_broken = {v.rule.name for v in verdicts(recording, pack_config(stack, ROOT, overrides)) if v.findings}
    assert rule in found_broken


def declared() -> list[tuple[Rule, Reads, str, str]]:
    """Every declared path, with types in place of `*`."""
    types = {one.type for stack in PROGRAMS for one in base(stack)}
    return [
        (rule, reads, type_, path)
        for rule in RULES
        for reads in rule.reads
        for type_ in (sorted(types) if reads.type == "*" else [reads.type])
        for path in reads.paths
    ]


def test_an_unknown_value_fails_the_rule() -> None:
    """CrossGuard turns an unknown value into an advisory and lets the change pass; here it fails the rule."""
    tried: set[tuple[str, str]] = set()
    for rule, reads, type_, path in declared():
        for stack in PROGRAMS:
            for before in base(stack):
                if before.type != type_ or not reads.covers(before) or not found(before.props, path):
                    continue
                after = replace(before, props=_unknown(dict(before.props), path.split(".")))
                findings = rule.judge([after], config(stack)[rule.name])
                assert any(f"{path} is unknown" in finding.message for finding in findings), (rule.name, path)
                tried.add((rule.name, path))
    assert len(tried) > 60


def _unknown(value: Any, steps: list[str]) -> Any:
    if not steps:
        return UNKNOWN
    if isinstance(value, list):
        return [_unknown(value[0], steps[1:]), *value[1:]]
    if steps[0] == "*":
        key = next(iter(value))
        return {**value, key: _unknown(value[key], steps[1:])}
    return {**value, steps[0]: _unknown(value[steps[0]], steps[1:])}
