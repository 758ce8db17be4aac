"""Every value behind a rule is broken in every shipped stack, one at a time, and the rule fires.

Proves that no rule is there for show; not that a broken value would do harm.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policies.guardrails.model import UNKNOWN, Resource, Rule, found
from policies.guardrails.rules import RULES
from preview.guardrails import pack_config, verdicts
from preview.recording import ROOT, ProgramError, Recording, record
from preview.registration import Registration
from preview.resources import resource
from tests.policies.flips import CONFIG_FLIPS, FLIPS, Flip, change

STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
NETWORK = Path(__file__).parent / "network"
PROGRAMS = {**dict.fromkeys(STACKS, ROOT), "network": NETWORK}
RULE = {rule.name: rule for rule in RULES}
# What the settings refuse before a rule sees it.
REFUSED_EARLIER = {("prod", "regions"): "spillway:guardrails.regions.*has no ap-south-1"}


@cache
def recorded(stack: str) -> Recording:
    return record(stack, root=PROGRAMS[stack])


@cache
def config(stack: str) -> dict[str, Any]:
    return pack_config(stack, PROGRAMS[stack])


def seen(registrations: list[Registration]) -> list[Resource]:
    return [resource(one) for one in registrations if one.custom]


@pytest.mark.parametrize("stack", PROGRAMS)
def test_every_rule_is_kept(stack: str) -> None:
    broken = {v.rule.name: v.findings for v in verdicts(recorded(stack), config(stack)) if v.findings}
    assert broken == {}


def flipped(stack: str, flip: Flip) -> list[tuple[str, list[Registration], list[Registration]]]:
    base = list(recorded(stack).registrations)
    for type_, path, value in flip.first:
        base = [change(one, path, value) if one.type == type_ else one for one in base]
    return [
        (one.name, base, [change(one, flip.path, flip.value) if one is other else other for other in base])
        for one in base
        if one.type == flip.type and flip.only(one)
    ]


@pytest.mark.parametrize("flip", FLIPS, ids=lambda flip: f"{flip.rule}-{flip.type.rpartition(':')[2]}-{flip.path}")
def test_a_flip_is_caught(flip: Flip) -> None:
    tried = 0
    for stack in PROGRAMS:
        settings = {**config(stack)[flip.rule], **flip.config}
        for name, before, after in flipped(stack, flip):
            rule = RULE[flip.rule]
            assert rule.judge(seen(before), settings) == [], f"{stack}: not kept before the flip"
            assert rule.judge(seen(after), settings), f"{stack}: {name} {flip.path} was not caught"
            tried += 1
    assert tried, "no program has this field"


def test_every_rule_has_a_flip() -> None:
    """names-unique breaks by a second object, not by a field; it has a test of its own."""
    assert {rule.name for rule in RULES} - {flip.rule for flip in FLIPS} == {"names-unique"}


@pytest.mark.parametrize("stack", PROGRAMS)
def test_two_resources_are_not_one_object(stack: str) -> None:
    resources = seen(list(recorded(stack).registrations))
    for one in resources:
        if one.type.startswith("kubernetes:") and one.place[1] and not one.kind.endswith("Patch"):
            twin = Resource(one.urn + "-twin", one.type, "twin", one.props)
            assert RULE["names-unique"].judge([*resources, twin], {}), one.name


@pytest.mark.parametrize("rule", CONFIG_FLIPS)
@pytest.mark.parametrize("stack", STACKS)
def test_a_value_broken_by_config_is_caught(stack: str, rule: str) -> None:
    """A setting that breaks a rule is caught by it, or refused by the settings before it comes so far."""
    if not any(one.kind == "ClusterPool" for one in seen(list(recorded(stack).registrations))):
        pytest.skip("a stack without pools")
    overrides = CONFIG_FLIPS[rule]
    if (stack, rule) in REFUSED_EARLIER:
        with pytest.raises(ProgramError, match=REFUSED_EARLIER[stack, rule]):
            record(stack, overrides=overrides)
        return
    recording = record(stack, overrides=overrides)
    found_broken = {v.rule.name for v in verdicts(recording, pack_config(stack, ROOT, overrides)) if v.findings}
    assert rule in found_broken


def declared() -> list[tuple[Rule, str, str]]:
    """Every declared path, with types in place of `*`."""
    types = {one.type for stack in PROGRAMS for one in recorded(stack).registrations if one.custom}
    return [
        (rule, type_, path)
        for rule in RULES
        for reads in rule.reads
        for type_ in (sorted(types) if reads.type == "*" else [reads.type])
        for path in reads.paths
    ]


def test_an_unknown_value_fails_the_rule() -> None:
    """CrossGuard turns an unknown value into an advisory and lets the change pass; here it fails the rule."""
    tried: set[tuple[str, str]] = set()
    for rule, type_, path in declared():
        for stack in PROGRAMS:
            for one in recorded(stack).registrations:
                if one.type != type_ or not found(resource(one).props, path):
                    continue
                before = resource(one)
                after = Resource(before.urn, before.type, before.name, _unknown(dict(before.props), path.split(".")))
                findings = rule.judge([after], config(stack)[rule.name])
                assert any(f"{path} is unknown" in finding.message for finding in findings), (rule.name, path)
                tried.add((rule.name, path))
    assert len(tried) > 60


def _unknown(value: Any, steps: list[str]) -> Any:
    if not steps:
        return UNKNOWN
    if isinstance(value, list):
        return [_unknown(value[0], steps[1:]), *value[1:]]
    return {**value, steps[0]: _unknown(value[steps[0]], steps[1:])}
