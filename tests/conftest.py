"""One lab of each kind for all tests of a layer, in folders of their own; they end with the tests, however they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.fleet.mesh import MeshFleet
from lab.hub import Hub
from lab.mesh import MeshLab
from tests.mesh import FACTOR


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return a running lab without the simulator, which the tests start where they need it."""
    hub = Hub(Path(tmp_path_factory.mktemp("lab")), print, tied=True)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


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
