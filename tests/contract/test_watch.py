"""The alerts, and what they need to be more than text."""

import re
from typing import Any

import pytest

from preview.recording import ROOT, Recording, record
from preview.registration import reveal
from tests.unit.stack_configs import WEST

# A pool without a burst has an alert of its own.
IDLE = {"spillway:pools[1]": {**WEST, "size": 0, "maxSize": 1}}
HEADING = re.compile(r"^### (Spillway\w+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def prod() -> Recording:
    return record("prod")


def inputs(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = [r for r in recording.registrations if r.name == name]
    return reveal(found.inputs)


def groups(recording: Recording) -> dict[str, list[dict[str, Any]]]:
    """Return the groups of alerts of each object that has some, by its logical name."""
    found = recording.of_type("kubernetes:monitoring.coreos.com/v1:PrometheusRule")
    return {r.name: reveal(r.inputs)["spec"]["groups"] for r in found}


def rules(recording: Recording) -> list[dict[str, Any]]:
    return [rule for found in groups(recording).values() for group in found for rule in group["rules"]]


def test_alerts_of_many_pools_are_not_in_one_object(prod: Recording) -> None:
    """With 500 pools etcd refused it as too large, after most of the stack was made."""
    found = groups(prod)
    assert set(found) == {"watch-rules", "watch-rules-burst-us", "watch-rules-burst-eu"}
    for name, (group,) in found.items():
        pool = name.removeprefix("watch-rules").removeprefix("-")
        assert {rule["labels"].get("pool", "").partition("/")[2] for rule in group["rules"]} == {pool}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    """An alert at night that says nothing of what to do is switched off by the third night."""
    found = rules(record("dev", overrides=IDLE))
    assert {rule["alert"] for rule in found} == set(HEADING.findall((ROOT / "docs" / "watch.md").read_text()))
    for rule in found:
        assert rule["annotations"]["runbook"] == f"docs/watch.md#{rule['alert'].lower()}"


def test_who_is_on_call_gets_a_link() -> None:
    """A path in a repository that nobody has at hand at three in the morning is no runbook."""
    page = "https://git.example.com/my/spillway/docs/watch.md"
    found = rules(record("dev", overrides={"spillway:watch": {"runbooks": page}, **IDLE}))
    assert {rule["annotations"].get("runbook_url") for rule in found} == {
        f"{page}#{name.lower()}" for name in HEADING.findall((ROOT / "docs" / "watch.md").read_text())
    }
    for rule in found:
        assert rule["annotations"]["runbook_url"].endswith(f"#{rule['alert'].lower()}")
        assert "runbook" not in rule["annotations"]


def test_no_two_alerts_are_the_same(prod: Recording) -> None:
    """Prometheus takes alerts of one name with the same labels for one another."""
    found = [(rule["alert"], tuple(sorted(rule["labels"].items()))) for rule in rules(prod)]
    assert len(set(found)) == len(found)


def test_a_pools_numbers_are_in_its_alerts() -> None:
    recording = record(
        "dev", overrides={"spillway:pools[0].size": 3, "spillway:pools[0].maxSize": 5, "spillway:pools[0].running": 2}
    )
    by_name = {rule["alert"]: rule["expr"] for rule in rules(recording)}
    assert by_name["SpillwayClusterRunsUnclaimed"].endswith(" > 2")
    assert " < 3 and " in by_name["SpillwayPoolShort"]
    assert " < 5 and " in by_name["SpillwayPoolShort"]


def test_prometheus_looks_into_the_namespace_and_may_find_hives_pods(prod: Recording) -> None:
    """Otherwise all is accepted, nothing is read, and no alert ever fires."""
    namespace = inputs(prod, "watch-namespace")["metadata"]
    assert namespace["labels"] == {"openshift.io/cluster-monitoring": "true"}
    for name in ("watch-hive", "watch-rules", "watch-rules-burst-us"):
        assert inputs(prod, name)["metadata"]["namespace"] == namespace["name"]
    binding, monitor = inputs(prod, "watch-reader-binding"), inputs(prod, "watch-hive")["spec"]
    assert binding["metadata"]["namespace"] == inputs(prod, "watch-reader")["metadata"]["namespace"] == "hive"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "prometheus-k8s", "namespace": "openshift-monitoring"}
    ]
    assert monitor["namespaceSelector"] == {"matchNames": ["hive"]}
    assert monitor["selector"] == {"matchLabels": {"control-plane": "controller-manager"}}


def test_the_limits_of_the_settings_are_the_times_of_the_alerts() -> None:
    recording = record("dev", overrides={"spillway:watch": {"claimMinutes": 90, "standbyDays": 80}})
    times = {rule["alert"]: rule["for"] for rule in rules(recording)}
    assert (times["SpillwayClaimWaits"], times["SpillwayStandbyOld"]) == ("90m", "80d")
