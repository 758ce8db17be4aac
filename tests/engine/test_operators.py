"""An operator with manual approval: just the pinned version is approved, whatever else OLM offers."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import crds
from lab.cluster import Cluster
from lab.controlplane import ControlPlane
from lab.fleet import olm
from lab.fleet.runtime import Fleet
from tests.engine.stacks import destroy, new_stack, preview, program, refused, remove_crds, up

ACM, NAMESPACE = "advanced-cluster-management", "open-cluster-management"
FIRST, SECOND, THIRD, FOURTH = (f"{ACM}.v2.15.{patch}" for patch in range(4))
OPERATOR = ("--target", "**acm-operator**", "--target", "**::hub")


def approval(version: str) -> str:
    return f"acm-operator-approve-{version}"


class Installed:
    """A stack with ACM's operator alone, on a control plane with OLM played."""

    def __init__(self, bare: ControlPlane, folder: Path):
        self.cluster = Cluster(bare.kubeconfig)
        self.stack = new_stack(folder, bare.kubeconfig)

    def offer(self, *versions: str) -> None:
        """Let the catalog have these versions, the oldest first."""
        api, kind, name, namespace = olm.CATALOG
        meta = {"name": name, "namespace": namespace}
        self.cluster.apply({"apiVersion": api, "kind": kind, "metadata": meta, "data": {ACM: " ".join(versions)}})

    def pin(self, version: str) -> None:
        settings = {"channel": "release-2.15", "approval": "Manual", "startingCsv": version}
        self.stack.override({"spillway:hub.operators.acm": settings})

    def up(self, *flags: str) -> set[str]:
        return up(self.stack, *OPERATOR, *flags)

    def approved(self) -> dict[str, bool]:
        """Return for each version that was offered whether its plan is approved."""
        plans = self.cluster.find(olm.API, "InstallPlan", NAMESPACE)
        return {plan["spec"]["clusterServiceVersionNames"][0]: plan["spec"]["approved"] for plan in plans}

    def wait_offered(self, version: str) -> None:
        self.cluster.wait_for(f"an offer of {version}", lambda: version in self.approved(), 30)

    def pinned(self) -> str:
        found = self.cluster.get(olm.API, "Subscription", ACM, NAMESPACE) or {}
        return found["spec"]["startingCSV"]

    def approve_by_hand(self, version: str, before: list[dict[str, bool]]) -> None:
        """Approve a plan some time after the Subscription has a new pin; tell what was approved before."""
        old = self.pinned()
        self.cluster.wait_for("the pin", lambda: self.pinned() != old, 120)
        time.sleep(5)
        before.append(self.approved())
        self.cluster.patch(olm.API, "InstallPlan", f"install-{version}", {"spec": {"approved": True}}, NAMESPACE)

    def versions(self) -> set[str]:
        found = self.cluster.find(olm.API, "ClusterServiceVersion", NAMESPACE)
        return {version["metadata"]["name"] for version in found}


@pytest.fixture
def installed(bare: ControlPlane, tmp_path: Path) -> Iterator[Installed]:
    cluster = Cluster(bare.kubeconfig)
    crds.install(cluster, None)
    fleet = Fleet(bare.kubeconfig, 2000)
    fleet.start()
    made = Installed(bare, tmp_path / "pulumi")
    try:
        yield made
        destroy(made.stack, "--run-program")
    finally:
        fleet.stop()
        cluster.delete(*olm.CATALOG)
        remove_crds(cluster)


def test_just_the_pinned_versions_are_approved(installed: Installed) -> None:
    """The pin is a person's approval: `up` waits for nobody unawares, and approves nothing that was not asked for."""
    installed.offer(FIRST)
    installed.pin(FIRST)
    objects = ("acm-operator-namespace", "acm-operator-group", "acm-operator-subscription", approval(FIRST))
    created = {f"create {name}" for name in ("spillway-lab", "hub", "acm-operator", *objects)}
    assert preview(installed.stack, *OPERATOR) == created
    assert installed.up() == created
    assert installed.versions() == {FIRST}

    # OLM goes on by itself: the status that the plan's name came from is that of the next version.
    installed.offer(FIRST, SECOND)
    installed.wait_offered(SECOND)
    assert preview(installed.stack, "--refresh", "--expect-no-changes", *OPERATOR) == set()
    assert installed.up("--refresh") == set()
    assert installed.approved() == {FIRST: True, SECOND: False}

    installed.pin(SECOND)
    changes = {"update acm-operator-subscription", f"create {approval(SECOND)}", f"delete {approval(FIRST)}"}
    assert preview(installed.stack, *OPERATOR) == changes
    assert installed.up() == changes
    assert installed.versions() == {FIRST, SECOND}

    # A pin that is not offered yet: meanwhile there is a plan, but it is not that of the pin.
    installed.offer(FIRST, SECOND, THIRD, FOURTH)
    installed.wait_offered(THIRD)
    installed.pin(FOURTH)
    meanwhile: list[dict[str, bool]] = []
    thread = threading.Thread(target=installed.approve_by_hand, args=(THIRD, meanwhile))
    thread.start()
    try:
        assert f"create {approval(FOURTH)}" in installed.up()
    finally:
        thread.join()
    assert meanwhile == [{FIRST: True, SECOND: True, THIRD: False}]
    assert installed.approved() == dict.fromkeys((FIRST, SECOND, THIRD, FOURTH), True)
    assert FOURTH in installed.versions()


def test_a_pin_that_is_never_offered_is_told(installed: Installed, tmp_path: Path) -> None:
    """A version that the channel does not have, or has no more: `up` gives up in the end, and says what it waited for."""

    def impatient(text: str) -> str:
        return f"{text}\n\nimport components.operator\n\ncomponents.operator.INSTALL_TIMEOUT = '5s'\n"

    installed.offer(FIRST)
    installed.pin(SECOND)
    with program(installed.stack, tmp_path, impatient):
        message = refused(installed.stack, "up", "--yes", "--skip-preview", *OPERATOR)
    assert re.search(
        r"^acm-operator-subscription: .*become live: timed out waiting for the condition",
        message,
        re.MULTILINE | re.DOTALL,
    )
    assert installed.approved() == {}
    installed.pin(FIRST)
    assert f"create {approval(FIRST)}" in preview(installed.stack, *OPERATOR)
    assert f"create {approval(FIRST)}" in installed.up()
    assert installed.versions() == {FIRST}
