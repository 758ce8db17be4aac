"""One lab for all tests of a layer, in a folder of its own; it ends with the tests, however they end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.hub import Hub


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Return a running lab without the simulator, which the tests start where they need it."""
    hub = Hub(Path(tmp_path_factory.mktemp("lab")), print, tied=True)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()
