"""The burst trigger on the lab."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.fleet.mesh import MeshFleet
from lab.hub import Hub
from lab.mesh import MeshLab
from tests.lab.mesh import FACTOR
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


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeshLab]:
    """Return the control planes of a mesh, with Skupper and MetalLB played in them."""
    lab = MeshLab(Path(tmp_path_factory.mktemp("mesh")), print, tied=True)
    player = MeshFleet(lab.kubeconfig, lab.contexts, FACTOR)
    try:
        lab.start()
        player.start()
        yield lab
        player.stop()
    finally:
        lab.stop()
