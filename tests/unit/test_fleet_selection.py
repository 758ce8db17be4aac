"""Label selectors, placement and pool hashes of the simulator decide as the real ones do; each row is a rule."""

from typing import Any

import pytest

from lab.fleet.acm_placement import select
from lab.fleet.arithmetic import pool_hash
from lab.fleet.hive_pools import CLUSTER_SET
from lab.fleet.selectors import matches

LABELS = {"team": "a", "size": "big"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"team": "a"}}, True),
        ({"matchLabels": {"team": "a", "size": "small"}}, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["b"]}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "In", "values": ["b"]}]}, False),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["b"]}]}, True),
        ({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["b"]}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "none", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "none", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "size", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_label_selectors(selector: dict[str, Any], expected: bool) -> None:
    assert matches(selector, LABELS) == expected


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(LookupError, match="Near"):
        matches({"matchExpressions": [{"key": "team", "operator": "Near"}]}, LABELS)


def cluster(set_: str = "burst", taint: str = "", effect: str = "NoSelect", **labels: str) -> Any:
    taints = [{"key": taint, "effect": effect}] if taint else []
    return {CLUSTER_SET: set_, **labels}, taints


def by(*labels: dict[str, str]) -> dict[str, Any]:
    """Return a Placement with a predicate for each group of labels."""
    selectors = [{"requiredClusterSelector": {"labelSelector": {"matchLabels": group}}} for group in labels]
    return {"predicates": selectors}


TOLERATES = {"tolerations": [{"key": "lost", "operator": "Exists"}]}
PLACED: dict[str, tuple[dict[str, Any], set[str], dict[str, Any], list[str]]] = {
    "all clusters of a bound set, by name": ({}, {"burst"}, {"b": cluster(), "a": cluster()}, ["a", "b"]),
    "a set that is not bound is out of reach": ({"clusterSets": ["burst"]}, {"other"}, {"a": cluster()}, []),
    "no set named: all that are bound": (
        {}, {"burst", "hub"}, {"a": cluster(), "b": cluster("hub"), "c": cluster("other")}, ["a", "b"],
    ),
    "sets that are named narrow those that are bound": (
        {"clusterSets": ["burst"]}, {"burst", "hub"}, {"a": cluster(), "b": cluster("hub")}, ["a"],
    ),
    "any predicate may match": (
        by({"team": "a"}, {"team": "b"}), {"burst"},
        {"a": cluster(team="a"), "b": cluster(team="b"), "c": cluster(team="c")}, ["a", "b"],
    ),
    "a taint keeps out": ({}, {"burst"}, {"a": cluster(taint="lost")}, []),
    "but not whom it is tolerated of": (TOLERATES, {"burst"}, {"a": cluster(taint="lost")}, ["a"]),
    "a toleration of another taint does not help": (TOLERATES, {"burst"}, {"a": cluster(taint="found")}, []),
    "Exists without a key tolerates all": (
        {"tolerations": [{"operator": "Exists"}]}, {"burst"}, {"a": cluster(taint="lost")}, ["a"],
    ),
    "Equal, the default, compares the value": (
        {"tolerations": [{"key": "lost", "value": "long"}]}, {"burst"}, {"a": cluster(taint="lost")}, [],
    ),
    "a toleration of one effect does not tolerate the other": (
        {"tolerations": [{"key": "lost", "operator": "Exists", "effect": "NoSelectIfNew"}]}, {"burst"},
        {"a": cluster(taint="lost")}, [],
    ),
    "no more than numberOfClusters, the first by name": (
        {"numberOfClusters": 1}, {"burst"}, {"b": cluster(), "a": cluster()}, ["a"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", PLACED)
def test_placement(rule: str) -> None:
    spec, bound, clusters, expected = PLACED[rule]
    assert select(spec, bound, clusters) == expected


POOL: dict[str, Any] = {
    "platform": {"aws": {"region": "eu-west-1"}},
    "baseDomain": "example.com",
    "imageSetRef": {"name": "img"},
    "installConfigSecretTemplateRef": {"name": "template"},
    "size": 1,
}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"platform": {"aws": {"region": "us-east-1"}}}, True),
        ({"baseDomain": "example.org"}, True),
        ({"imageSetRef": {"name": "img2"}}, True),
        ({"installConfigSecretTemplateRef": {"name": "template2"}}, True),
        ({"customizationRef": {"name": "one"}}, True),
        ({"inventory": [{"name": "one"}]}, True),
        ({"size": 2}, False),
        ({"runningCount": 1}, False),
        ({"maxSize": 3}, False),
        ({"labels": {"team": "a"}}, False),
        ({"annotations": {"team": "a"}}, False),
        ({"hibernateAfter": "1h"}, False),
        ({"skipMachinePools": True}, False),
        ({"pullSecretRef": {"name": "pull"}}, False),
    ],
)
def test_what_replaces_a_pools_clusters(change: dict[str, Any], replaces: bool) -> None:
    """The program's names of Secrets and image sets carry a hash for this: their content alone replaces nothing."""
    assert (pool_hash({**POOL, **change}) != pool_hash(POOL)) == replaces
