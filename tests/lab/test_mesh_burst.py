"""A burst cluster of the hub stack in version 2: what the hub makes and Hive brings is enough for it to be linked.

The hub's own objects are those of the dev stack's recording; the first cluster of the mesh's lab is the hub, the second
the burst cluster, and the test does what Hive does. Does not prove that Hive does it: `tests/lab/test_fleet_sync.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.cluster import Manifest
from lab.fleet.observe_mesh import SeenSite, sites
from lab.mesh import MeshLab
from preview.recording import record
from preview.registration import Registration, reveal
from tests.lab.mesh import FACTOR, NAMESPACE, SKUPPER
from tests.skupper_answers import V2, as_skupper

BY_SKUPPER_2 = {"spillway:interconnect.version": 2, "spillway:hub.operators.skupper.channel": "stable-2.2"}
POOL = {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "spec": {"addresses": ["172.19.0.10-172.19.0.20"]}}


@pytest.fixture
def empty(mesh: MeshLab) -> Iterator[MeshLab]:
    """Return the lab with the namespace on both clusters, and addresses on the hub."""
    both = [mesh.cluster(f"kind-{name}") for name in ("c1", "c2")]
    for cluster in both:
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    both[0].apply({**POOL, "metadata": {"name": "hub", "namespace": "metallb-system"}})
    yield mesh
    both[0].delete(POOL["apiVersion"], POOL["kind"], "hub", "metallb-system")
    for cluster in both:
        cluster.delete("v1", "Namespace", NAMESPACE)
        cluster.wait_for("the namespace gone", lambda c=cluster: not c.get("v1", "Namespace", NAMESPACE), 60)


def recorded(status: dict[str, Any]) -> list[Registration]:
    """Return what the dev stack registers when the hub's site has a status."""

    def answer(registration: Registration) -> dict[str, Any]:
        if registration.type.endswith(":AccessKey"):
            return {"secret": "secret-key"}
        return {"status": status} if registration.type == f"{V2}Site" else as_skupper(registration)

    return list(record("dev", overrides=BY_SKUPPER_2, register=answer, preview=False).registrations)


def manifest(registrations: list[Registration], kind: str) -> Manifest:
    (found,) = [reveal(r.inputs) for r in registrations if r.inputs.get("kind") == kind]
    return {key: value for key, value in found.items() if key != "status"}


def test_a_burst_cluster_is_linked_by_what_hive_brings_and_again_when_it_is_resumed(empty: MeshLab) -> None:
    hub, burst = empty.cluster("kind-c1"), empty.cluster("kind-c2")
    site = manifest(recorded({"endpoints": [{"host": "later"}]}), "Site")
    hub.apply(site)

    def endpoints() -> dict[str, Any] | None:
        found = hub.get(SKUPPER, "Site", site["metadata"]["name"], NAMESPACE) or {}
        return found["status"] if found.get("status", {}).get("status") == "Ready" else None

    registrations = recorded(hub.wait_for("the hub's site", endpoints, 60))
    certificate, sync = manifest(registrations, "Certificate"), manifest(registrations, "SelectorSyncSet")
    hub.apply(certificate)
    name = certificate["metadata"]["name"]
    credential = hub.wait_for("the credential", lambda: hub.get("v1", "Secret", name, NAMESPACE))
    assert credential["data"]["tls.key"] not in json.dumps([sync, certificate, site])

    # Hive: resources in their order, then the mapped Secrets. The operator's Subscription has no kind here.
    for resource in sync["spec"]["resources"]:
        if resource["kind"] != "Subscription":
            burst.apply(resource, force=True)
    (mapping,) = sync["spec"]["secretMappings"]
    assert mapping["sourceRef"] == {"name": name, "namespace": NAMESPACE}
    secret = {"apiVersion": "v1", "kind": "Secret", "data": credential["data"], "metadata": mapping["targetRef"]}
    burst.apply(secret)

    def seen() -> dict[str, SeenSite]:
        return sites({"hub": empty.cluster("kind-c1"), "burst": burst}, FACTOR)

    def linked() -> bool:
        found = seen()
        return "burst" in found and [k.to for k in found["burst"].links] == [site["metadata"]["name"]]

    hub.wait_for("the link", linked, 60)
    # Hibernated, and resumed with what it has.
    plane = empty.control_plane("kind-c2")
    plane.process("kube-apiserver").stop()
    hub.wait_for("it is gone", lambda: "burst" not in seen(), 30)
    plane.start()
    hub.wait_for("the link again", linked, 60)
    # Another pool's credential, or an old authority's, is worth nothing.
    hub.patch("v1", "Secret", "skupper-site-ca", {"data": {"tls.crt": "bmV3"}}, NAMESPACE)
    hub.wait_for("refused", lambda: not linked(), 30)
