"""Waits by the rules of Pulumi's Kubernetes provider."""

from typing import Any

import pytest

from lab.waiting import conditions, parse, seconds

TOKEN = {"metadata": {"labels": {"skupper.io/type": "connection-token"}}}


@pytest.mark.parametrize(
    ("text", "found", "met"),
    [
        ("jsonpath={.status.phase}=Running", {"status": {"phase": "Running"}}, True),
        ("jsonpath={.status.phase}=Running", {"status": {"phase": "Installing"}}, False),
        ("jsonpath={.status.phase}=Running", {}, False),
        ("jsonpath={.status.plan.name}", {"status": {"plan": {"name": "x"}}}, True),
        ("jsonpath={.status.plan.name}", {"status": {}}, False),
        ("jsonpath={.metadata.labels['skupper.io/type']}=connection-token", TOKEN, True),
        ("condition=Ready", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, True),
        ("condition=Ready=False", {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, True),
        ("condition=Ready", {"status": {"conditions": [{"type": "Other", "status": "True"}]}}, False),
    ],
)
def test_condition(text: str, found: dict[str, Any], met: bool) -> None:
    assert parse(text).met(found) is met


def test_what_is_no_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        parse("jsonpath=.status.phase")


def test_several_conditions_must_all_hold() -> None:
    annotations = {"pulumi.com/waitFor": '["condition=A", "jsonpath={.b}"]'}
    assert [c.text for c in conditions({"kind": "X", "metadata": {"annotations": annotations}})] == [
        "condition=A",
        "jsonpath={.b}",
    ]


def test_skip_await_waits_for_nothing() -> None:
    assert conditions({"kind": "Deployment", "metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}) == []


@pytest.mark.parametrize(("text", "expected"), [("45m", 2700), ("1h30m", 5400), ("10s", 10), (None, 600)])
def test_timeouts(text: str | None, expected: float) -> None:
    assert seconds(text) == expected
