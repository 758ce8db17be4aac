"""The program leaves the weights to Kyverno: bringing the stack up again neither undoes them nor fails over them."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.crds import StandIn, crd_manifests, install_crds
from lab.engine import Result, up
from lab.hub import Hub
from tests.conformance.upstream import CRDS
from tests.lab.weights import APPLICATION, KINDS, NAMESPACE, SKUPPER, SOON

CONNECTOR = StandIn("skupper.io", "v2alpha1", "Connector", "connectors")
# One cluster that runs the application and is the one that it is reached from.
ALONE: dict[str, Any] = {
    "clusters": [{"name": "c1", "context": "lab", "replicas": 1}],
    "links": [],
    "application.balance": "pods",
    "controller": {"install": "existing"},
    "kyverno": {"install": "existing"},
    "protect": False,
}
MINE = {f"{APPLICATION}.c1": 5}


@pytest.fixture
def stack(lab: Hub, tmp_path: Path) -> Iterator[Path]:
    install_crds(lab.cluster, crd_manifests(CRDS if CRDS.is_dir() else None, (*KINDS, CONNECTOR)))
    lab.kyverno.start()
    yield tmp_path
    for kind, name in (("ClusterRole", f"spillway:{APPLICATION}-weights:background-controller"),):
        lab.cluster.delete("rbac.authorization.k8s.io/v1", kind, name)
    lab.cluster.delete("policies.kyverno.io/v1", "MutatingPolicy", f"{APPLICATION}-weights")
    lab.cluster.delete("v1", "Namespace", NAMESPACE)
    lab.cluster.wait_for("namespace gone", lambda: not lab.cluster.get("v1", "Namespace", NAMESPACE), SOON)


def bring_up(lab: Hub, folder: Path, changes: dict[str, Any]) -> Result:
    overrides = {f"spillway:mesh.{path}": value for path, value in {**ALONE, **changes}.items()}
    return up("mesh", lab.kubeconfig, folder, say=print, overrides=overrides)


def site_gets_ready(lab: Hub) -> None:
    """Write the Site's status, as Skupper does."""
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "OK",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    lab.cluster.wait_for("the site", lambda: lab.cluster.get(SKUPPER, "Site", "c1", NAMESPACE), SOON)
    lab.cluster.patch_status(SKUPPER, "Site", "c1", {"conditions": [ready]}, NAMESPACE)


def listener(lab: Hub) -> dict[str, Any]:
    found = lab.cluster.get(SKUPPER, "MultiKeyListener", APPLICATION, NAMESPACE)
    assert found
    return found["spec"]


def test_weights_survive_the_program_and_the_program_its_weights(lab: Hub, stack: Path) -> None:
    skupper = threading.Thread(target=site_gets_ready, args=(lab,))
    skupper.start()
    bring_up(lab, stack, {})
    skupper.join()
    assert listener(lab)["strategy"]["weighted"]["routingKeys"] == {f"{APPLICATION}.c1": 1}
    pods = [f"10.244.0.{pod}" for pod in range(5)]
    network = [{"id": "1", "name": "c1", "services": [{"routingKey": f"{APPLICATION}.c1", "connectors": pods}]}]
    lab.cluster.patch_status(SKUPPER, "Site", "c1", {"network": network}, NAMESPACE)
    lab.cluster.wait_for("the weights", lambda: listener(lab)["strategy"]["weighted"]["routingKeys"] == MINE, SOON)

    again = bring_up(lab, stack, {})
    assert (again.created, again.deleted) == ([], [])
    assert not [name for name in again.updated if "MultiKeyListener" in name or "Policy" in name]
    changed = bring_up(lab, stack, {"application.port": 9090})
    assert [name for name in changed.updated if "MultiKeyListener" in name]
    spec = listener(lab)
    assert (spec["port"], spec["strategy"]["weighted"]["routingKeys"]) == (9090, MINE)
