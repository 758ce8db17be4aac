"""The Pulumi CLI on one lab, with the simulator of OLM, ACM, Hive and Skupper playing all the time."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from lab.binaries import ensure
from lab.controlplane import ControlPlane
from lab.fleet.runtime import Fleet
from lab.fleet.timing import Timings
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack, missing_parts
from tests.engine.stacks import claims, clear, new_stack, scale, up

# All that is played takes half a second, and a lifetime of eight hours five minutes.
FACTOR = 100
TIMINGS = Timings(**{part.name: 0.5 * FACTOR for part in fields(Timings)})


class Shared:
    """A stack that many tests use one after the other."""

    def __init__(self, stack: PulumiStack):
        self.stack = stack
        self._shipped = stack.file.read_text()
        self._state: str | None = None

    def restore(self, hub: Hub) -> None:
        """Bring the stack back to where it began, if a test has changed its config or its state."""
        if self._state is None or (self.stack.file.read_text(), self.stack.show("export")) != (
            self._shipped,
            self._state,
        ):
            self.stack.file.write_text(self._shipped)
            up(self.stack, "--refresh")
            self._state = self.stack.show("export")
        scale(hub, 1)
        hub.cluster.wait_for("no claims", lambda: not claims(hub), 60)


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    if missing := missing_parts():
        pytest.skip(f"not on PATH: {', '.join(missing)}")


@pytest.fixture(scope="session")
def hub(engine: None, lab: Hub) -> Iterator[Hub]:
    fleet = Fleet(lab.kubeconfig, FACTOR, timings=TIMINGS)
    fleet.start()
    yield lab
    fleet.stop()


@pytest.fixture(scope="session")
def bare(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Return a control plane without Kyverno, operators, or any CRD."""
    plane = ControlPlane(Path(tmp_path_factory.mktemp("bare")), ensure(print), tied=True)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


@pytest.fixture(scope="session")
def shared(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    made = Shared(new_stack(Path(tmp_path_factory.mktemp("stack")), hub.kubeconfig))
    yield made
    clear(hub, made.stack)


@pytest.fixture
def stack(hub: Hub, shared: Shared) -> PulumiStack:
    """Return the lab stack, up as it is shipped and without a burst, whatever the test before did with it."""
    shared.restore(hub)
    return shared.stack
