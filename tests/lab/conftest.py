"""The burst trigger on the lab."""

from collections.abc import Iterator

import pytest

from lab.hub import Hub
from tests.lab.trigger import Trigger


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
