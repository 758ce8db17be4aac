"""The scenarios' arithmetic and pictures."""

import xml.etree.ElementTree as ET

import pytest

from lab.scenarios.autoscaler import NOISE, Autoscaler, desired, status
from lab.scenarios.picture import panels, svg
from lab.scenarios.samples import Mark, Sample, news, swings

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("replicas", "elsewhere", "load", "wanted"),
    [
        (1, 0, 5.0, 5),
        (5, 0, 5.0, 5),
        (5, 0, 5.4, 5),  # within the tolerance
        (5, 0, 5.6, 6),
        (4, 2, 4.0, 3),  # two pods elsewhere take a third of the load
        (3, 0, 4.0, 4),
        (5, 2, 1.0, 1),
    ],
)
def test_the_autoscaler_wants_replicas_by_usage(replicas: int, elsewhere: int, load: float, wanted: int) -> None:
    assert desired(replicas, elsewhere, load) == wanted


def test_the_autoscaler_keeps_its_bounds_and_goes_down_only_after_its_window() -> None:
    autoscaler = Autoscaler(least=1, most=6, window=5)
    assert autoscaler.look(0, 1, 0, 50) == 6
    assert autoscaler.look(1, 6, 0, 1) == 6
    assert autoscaler.look(4, 6, 0, 1) == 6
    assert autoscaler.look(6, 6, 0, 0) == 1


def test_the_autoscaler_leaves_an_application_alone_that_somebody_has_scaled_to_zero() -> None:
    """It once set its minReplicas there: Kubernetes' own does not touch such an application."""
    assert Autoscaler(least=1, most=6, window=5).look(0, 0, 2, 9) == 0


def test_the_autoscalers_status_changes_under_a_steady_load() -> None:
    """The heartbeat policy claims on any change of it: without one, a scale-up that Kyverno missed is missed for good."""
    told = [status(replicas=5, wanted=6, elsewhere=0, load=5.5, target=70) for _ in range(50)]
    assert {(one["currentReplicas"], one["desiredReplicas"]) for one in told} == {(5, 6)}
    measured = [one["currentMetrics"][0]["resource"]["current"]["averageUtilization"] for one in told]
    assert len(set(measured)) > 1
    assert all(abs(percent - 77) <= 77 * NOISE + 0.5 for percent in measured)


def test_a_release_at_the_autoscalers_own_answer_swings_and_ours_does_not() -> None:
    """The reason of the rule releaseAt + burst replicas < claimAt: a load of four, claimAt 4, two pods in the cluster."""
    served = Autoscaler(1, 6, 0).look(0, 4, 2, 4.0)
    assert served == 3  # releaseAt 3 would release here, though the load is the same
    assert Autoscaler(1, 6, 0).look(0, served, 0, 4.0) == 4  # and claim again at once
    assert served > 1  # releaseAt 1 does not


SAMPLES = [
    Sample(0.0, 1.0, 1, 0, states={"hibernating": 1}),
    Sample(5.0, 5.0, 5, 0, live=1, states={"resuming": 1}),
    Sample(20.0, 5.0, 4, 2, live=1, states={"running": 1}, applications=1),
    Sample(40.0, 1.0, 1, 0, releasing=1, states={"removing": 1}),
    Sample(45.0, 4.0, 4, 0, live=1, releasing=1, states={"removing": 1}),
]


def test_the_picture_has_every_line_and_every_mark() -> None:
    picture = svg("Loads & <thresholds>", SAMPLES, [Mark(5.0, "load > 4"), Mark(40.0, "load < 2")])
    root = ET.fromstring(picture)  # noqa: S314 (made here)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts[0] == "Loads & <thresholds>"
    assert {"1: 5 s, load > 4", "2: 40 s, load < 2"} <= set(texts)
    names = [name for panel in panels(SAMPLES) for name in panel.lines]
    assert len([*root.iter(f"{SVG}polyline"), *root.iter(f"{SVG}polygon")]) == len(names)
    assert set(names) <= set(texts)
    assert {"hibernating", "resuming", "running", "removing"} <= set(names)


def test_a_line_is_higher_where_there_is_more_and_reaches_the_end() -> None:
    root = ET.fromstring(svg("x", SAMPLES))  # noqa: S314 (made here)
    load = next(root.iter(f"{SVG}polyline")).attrib["points"].split()
    points = [tuple(map(float, point.split(","))) for point in load]
    assert points[-1][0] == max(x for x, _ in points) == 830
    assert min(y for _, y in points) < points[0][1]


def test_news_tell_what_changed() -> None:
    told = news(SAMPLES[0], SAMPLES[1])
    assert "live claims: 0 -> 1" in told
    assert "clusters hibernating: 1 -> 0" in told
    assert news(SAMPLES[1], SAMPLES[1]) == []


def test_each_new_claim_where_there_was_none_is_a_swing() -> None:
    assert swings(SAMPLES) == 2
