"""One lab for all tests of this layer, in a folder of its own; it ends with the tests, however they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.hub import Hub
from tests.lab.trigger import Trigger
from tests.lab.world import World


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return a running lab without the simulator, which the tests start where they need it."""
    hub = Hub(Path(tmp_path_factory.mktemp("lab")), print, tied=True)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


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
