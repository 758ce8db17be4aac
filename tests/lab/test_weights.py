"""Weights that follow the pods, on a real Kyverno: the status that they follow is written by the tests."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from lab.hub import Hub
from lab.kyverno import ADMISSION, BACKGROUND
from tests.lab.weights import ELSEWHERE, Weights, network
from tests.mesh import APPLICATION, NAMESPACE, SKUPPER, key


@pytest.fixture(scope="module")
def installed(lab: Hub) -> Iterator[Weights]:
    weights = Weights(lab)
    weights.install()
    yield weights
    weights.uninstall()


@pytest.fixture
def weights(installed: Weights) -> Weights:
    installed.lab.kyverno.start()
    installed.follow({"c2": 1, "c3": 1})
    installed.settle()
    return installed


def test_weights_follow_the_pods_and_a_cluster_without_pods_is_left_out(weights: Weights) -> None:
    for pods in (3, 0, 2):
        weights.follow({"c2": 1, "c3": pods})
    weights.settle()
    assert weights.weights() == {key("c2"): 1, key("c3"): 2}


def test_nothing_is_written_when_nothing_changed(weights: Weights) -> None:
    """Skupper writes the same network in another order time and again; each write would touch the router."""
    before = weights.listener()
    sites = network({"c2": 1, "c3": 1})
    for _ in range(3):
        sites = [{**site, "services": site["services"][::-1]} for site in sites[::-1]]
        weights.write(sites)
    weights.settle()
    assert weights.listener() == before


def test_events_that_piled_up_are_one_change_to_what_is_so_now(weights: Weights) -> None:
    """Kyverno works events off late and in any order: by what each tells itself, the weights would go back and forth."""
    before = weights.listener()["metadata"]["generation"]
    told = [{"c2": 1, "c3": pods} for pods in (*range(2, 7), *range(8, 12), 7)]
    worker = weights.lab.kyverno.process(BACKGROUND).pid()
    assert worker
    os.kill(worker, signal.SIGSTOP)
    try:
        for pods in told:
            weights.tell(pods)
        # Not by their number: a late event of what was told before may be among them.
        weights.wait("an event for each", lambda: weights.has_events_of(told))
    finally:
        os.kill(worker, signal.SIGCONT)
    weights.settle()
    assert weights.weights() == {key("c2"): 1, key("c3"): 7}
    assert weights.listener()["metadata"]["generation"] == before + 1


def test_an_event_counts_if_its_change_is_about_to_be_stored_but_not_if_a_newer_one_is(weights: Weights) -> None:
    """An event comes before its change is stored: the Site may still be the old one, and nothing would follow it."""
    site = weights.cluster.get(SKUPPER, "Site", "c1", NAMESPACE)
    assert site
    stored = site["metadata"]["resourceVersion"]
    weights.event({"c2": 1, "c3": 4}, stored)
    weights.wait("4 pods", lambda: weights.weights() == {key("c2"): 1, key("c3"): 4})
    weights.event({"c2": 1, "c3": 9}, str(int(stored) - 1))
    weights.wait("what is stored", lambda: weights.weights() == {key("c2"): 1, key("c3"): 1})


def test_a_site_with_two_routers_does_not_count_double(weights: Weights) -> None:
    weights.tell({"c2": 2, "c3": 3}, routers=2)
    weights.wait("the weights", lambda: weights.weights() == {key("c2"): 2, key("c3"): 3})


def test_without_any_pods_the_weights_stay(weights: Weights) -> None:
    """A listener must have a key; and what cannot be reached gets nothing anyway."""
    before = weights.listener()
    weights.tell({"c2": 0, "c3": 0})
    weights.write([{"id": "1", "name": "c1"}])
    weights.settle()
    assert weights.listener() == before


def test_no_other_listener_is_touched(weights: Weights) -> None:
    manifest = weights.listener_manifest
    same_name = {**manifest, "metadata": {"name": APPLICATION, "namespace": ELSEWHERE}}
    same_place = {**manifest, "metadata": {"name": "another", "namespace": NAMESPACE}}
    for other in (same_name, same_place):
        weights.cluster.apply(other)
    weights.follow({"c2": 4, "c3": 5})
    weights.settle()
    strategy = manifest["spec"]["strategy"]
    assert weights.listener(ELSEWHERE)["spec"]["strategy"] == strategy
    found = weights.cluster.get(SKUPPER, "MultiKeyListener", "another", NAMESPACE)
    assert found
    assert found["spec"]["strategy"] == strategy


def test_while_kyverno_is_down_skupper_writes_on_and_the_change_is_made_up_for(weights: Weights) -> None:
    """A webhook that must be answered would keep Skupper from writing the status; the event itself is lost.

    Kyverno may look at its start. At the latest it does when Skupper writes the status again, whatever has changed.
    """
    for controller in (ADMISSION, BACKGROUND):
        weights.lab.kyverno.process(controller).stop(grace=0)
    pods = {"c2": 2, "c3": 6}
    weights.tell(pods)
    weights.lab.kyverno.start()

    def made_up_for() -> bool:
        weights.tell(pods)
        time.sleep(0.2)
        return weights.weights() == {key("c2"): 2, key("c3"): 6}

    weights.wait("the weights", made_up_for)


def test_it_works_with_no_less_than_its_rights(weights: Weights) -> None:
    """Every rule of its role is needed, and every verb."""
    rules, needless = weights.role["rules"], list[str]()
    cases = [(index, verb) for index, rule in enumerate(rules) for verb in rule["verbs"]]
    for count, (index, verb) in enumerate(cases, 20):
        less = {**rules[index], "verbs": [other for other in rules[index]["verbs"] if other != verb]}
        weights.grant([rule for rule in (*rules[:index], less, *rules[index + 1 :]) if rule["verbs"]])
        weights.tell({"c2": 1, "c3": count})
        time.sleep(0.3)
        weights.wait(
            "success or failure", lambda count=count: weights.weights()[key("c3")] == count or weights.failed()
        )
        if weights.weights()[key("c3")] == count:
            needless.append(f"{verb} on {rules[index]['resources']}")
        weights.grant(rules)
        weights.follow({"c2": 1, "c3": 1})
    assert needless == []
