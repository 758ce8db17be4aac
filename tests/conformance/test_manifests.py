"""Every manifest of the shipped stacks is accepted by a real API server with the upstream schemas, strictly.

Guards against a field that would be silently dropped, or a type that only the real operator's CRD refuses. Does not
prove that the operators' webhooks accept them: those are not here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from lab import argocd, kyverno
from lab.binaries import ensure
from lab.cluster import Cluster, Manifest
from lab.controlplane import ControlPlane
from lab.crds import CRD, NAMESPACES, crd_manifests, install_crds
from preview.gitops import rendered
from preview.recording import ROOT, record
from preview.registration import Registration, reveal
from tests.conformance.upstream import CRDS, needs_crds
from tests.skupper_answers import as_skupper


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return an API server with the upstream CRDs; Kyverno's and Argo CD's from their modules."""
    parts = ensure(print, ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"))
    control_plane = ControlPlane(Path(tmp_path_factory.mktemp("conformance")), parts, tied=True)
    try:
        control_plane.start()
        cluster = Cluster(control_plane.kubeconfig)
        install_crds(cluster, crd_manifests(CRDS))
        install_crds(cluster, [found for found in kyverno.manifests() if found["kind"] == CRD[1]])
        install_crds(cluster, argocd.crds())
        mesh = [path for group in ("skupper.io", "metallb.io") for path in CRDS.glob(f"{group}_*.yaml")]
        install_crds(cluster, [yaml.load(path.read_text(), yaml.CSafeLoader) for path in mesh])
        for name in (
            "metallb-system",
            *NAMESPACES,
            "aws",
            "burst-us",
            "burst-eu",
            "interconnect",
            "open-cluster-management",
            "hive",
            "spillway-watch",
        ):
            cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        yield cluster
    finally:
        control_plane.stop()


def answers(registration: Registration) -> dict[str, Any]:
    """Answer as AWS does with the identity's secret key, and as Skupper does with what a link needs."""
    return {"secret": "secret-key"} if registration.type.endswith(":AccessKey") else as_skupper(registration)


def manifests(stack: str, overrides: dict[str, Any] | None = None) -> list[Manifest]:
    """Return what an `up` sends: ids are known, and others have answered."""
    recording = record(stack, overrides=overrides, register=answers, preview=False)
    return [
        reveal(r.inputs)
        for r in recording.registrations
        if r.type.startswith("kubernetes:") and "helm.sh" not in r.type and not r.type.endswith(":ConfigFile")
    ]


BY_SKUPPER_1 = {"spillway:interconnect.version": 1}
STACKS: list[tuple[str, dict[str, Any]]] = [
    ("dev", {}),
    ("dev", BY_SKUPPER_1),
    ("lab", {}),
    ("prod", {}),
    ("mesh", {}),
    ("mesh", {"spillway:mesh.application.balance": "pods"}),
    ("mesh", {"spillway:mesh.application.balance": "priority"}),
    ("mesh", {"spillway:mesh.version": 1}),
]


@needs_crds
@pytest.mark.parametrize(("stack", "overrides"), STACKS)
def test_the_api_server_accepts_every_manifest_strictly(
    upstream: Cluster, stack: str, overrides: dict[str, Any]
) -> None:
    refused: list[str] = []
    sent = manifests(stack, overrides)
    for manifest in sent:
        # Without its status, which is asked for and not sent.
        manifest.pop("status", None)
        try:
            upstream.apply(manifest, dry_run=True)
        except (ApiException, LookupError) as error:
            refused.append(f"{manifest['kind']} {manifest['metadata']['name']}: {error}")
    assert sent
    assert refused == []


@needs_crds
@pytest.mark.parametrize("overrides", [BY_SKUPPER_1, {}], ids=["Skupper 1", "Skupper 2"])
def test_what_hive_installs_in_burst_clusters_is_valid_too(upstream: Cluster, overrides: dict[str, Any]) -> None:
    (sync,) = [manifest for manifest in manifests("dev", overrides) if manifest["kind"] == "SelectorSyncSet"]
    for manifest in sync["spec"]["resources"]:
        upstream.apply(manifest, dry_run=True)


@needs_crds
def test_what_argo_cd_delivers_to_burst_clusters_is_valid_too(upstream: Cluster) -> None:
    files = rendered(ROOT)
    assert len(files) >= 4
    for text in files.values():
        upstream.apply(yaml.safe_load(text), dry_run=True)


@needs_crds
def test_a_misspelt_field_is_refused(upstream: Cluster) -> None:
    (pool,) = [manifest for manifest in manifests("dev") if manifest["kind"] == "ClusterPool"]
    with pytest.raises(ApiException, match="maxSise"):
        upstream.apply({**pool, "spec": {**pool["spec"], "maxSise": 2}}, dry_run=True)
