"""The burst trigger on the lab."""

from collections.abc import Iterator

import pytest

from lab.hub import Hub
from tests.lab.trigger import Trigger
from tests.lab.world import World


@pytest.fixture(scope="module")
def installed(lab: Hub) -> Iterator[Trigger]:
    trigger = Trigger(lab)
    trigger.install()
    yield trigger
    trigger.uninstall()


@pytest.fixture
def trigger(installed: Trigger) -> Trigger:
    installed.reset()
    return installed


@pytest.fixture
def world(lab: Hub) -> Iterator[World]:
    """A namespace for a pool; what was made there is taken away afterwards."""
    world = World(lab.cluster)
    yield world
    world.clean()
