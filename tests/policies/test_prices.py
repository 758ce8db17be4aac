"""The monthly figures, by hand for one cluster, and the price table. Does not prove that the prices are AWS's."""

from typing import Any

import pytest

from policies.guardrails.prices import Figures, figures
from preview.recording import record
from preview.resources import costs, prices, resources

POOL = "spillway:pools[0]"
HOURS = 730
DISKS = 6 * 120 * 0.08
BALANCERS = 2 * 0.0225 + 0.025
ZONE = 0.045 + 0.005
MACHINES = 6 * 0.1728

ASLEEP = DISKS + HOURS * (ZONE + BALANCERS)
AWAKE = ASLEEP + HOURS * MACHINES


def dev(changes: dict[str, Any]) -> Figures:
    return costs(record("dev", overrides={f"{POOL}.{key}": value for key, value in changes.items()}))


CASES: list[tuple[str, dict[str, Any], float, float]] = [
    ("as shipped: one asleep, two at most", {}, ASLEEP, 2 * AWAKE),
    ("one kept running", {"running": 1}, AWAKE, 2 * AWAKE),
    ("three zones", {"zones": ["us-east-1a", "us-east-1b", "us-east-1c"]}, ASLEEP + 2 * HOURS * ZONE, 2 * (AWAKE + 2 * HOURS * ZONE)),
    ("no way in from outside", {"publish": "Internal"}, ASLEEP - HOURS * 0.0225, 2 * (AWAKE - HOURS * 0.0225)),
    ("two workers", {"workers.replicas": 2}, ASLEEP - 120 * 0.08, 2 * (AWAKE - 120 * 0.08 - HOURS * 0.1728)),
    ("another region", {"region": "eu-central-1", "zones": ["eu-central-1a"]}, 1.2 * ASLEEP, 1.2 * 2 * AWAKE),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rest", "burst"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_figures(changes: dict[str, Any], rest: float, burst: float) -> None:
    found = dev(changes)
    assert (found.pools, found.rest, found.burst, found.gaps) == (1, pytest.approx(rest), pytest.approx(burst), ())


def test_what_the_table_does_not_have_is_told_and_not_free_unseen() -> None:
    found = dev({"region": "sa-east-1", "zones": ["sa-east-1a"], "workers.type": "m7i.xlarge"})
    assert found.gaps == ("instance type m7i.xlarge", "region sa-east-1")


def test_a_stack_without_pools_has_no_figures() -> None:
    assert costs(record("mesh")) == Figures(0, 0.0, 0.0, ())


def test_each_figure_has_a_date_and_a_source() -> None:
    """A price without either cannot be checked, and nobody notices when it is old."""
    table = prices()
    single = [value for key, value in table.items() if key not in ("date", "note", "instanceHour", "regions")]
    for figure in [*single, *table["instanceHour"].values(), *table["regions"].values()]:
        assert figure.keys() == {"value", "date", "source"}
        assert figure["value"] > 0
        assert figure["date"]
        assert figure["source"]


def test_the_table_is_all_that_is_counted_with() -> None:
    """Twice the price is twice the figure: no price is in the code."""
    table = prices()
    twice = {
        key: {**value, "value": 2 * value["value"]} if "value" in value else value
        for key, value in table.items()
        if isinstance(value, dict)
    }
    twice["instanceHour"] = {k: {**v, "value": 2 * v["value"]} for k, v in table["instanceHour"].items()}
    judged = resources(record("dev").registrations)
    once, both = figures(judged, table), figures(judged, twice)
    assert (both.rest, both.burst) == (pytest.approx(2 * once.rest), pytest.approx(2 * once.burst))
