"""Every manifest of the shipped stacks is accepted by a real API server with the upstream schemas, strictly.

Guards against a field that would be silently dropped, or a type that only the real operator's CRD refuses. Does not
prove that the operators' webhooks accept them: those are not here.
"""

from collections.abc import Iterator
from pathlib import Path

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
from preview.registration import reveal
from tests.conformance.upstream import CRDS, needs_crds


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
        for name in (
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


def manifests(stack: str) -> list[Manifest]:
    """Return what an `up` sends: ids are known, and AWS has answered with the identity's secret key."""
    key = {"secret": "secret-key"}
    recording = record(stack, register=lambda r: key if r.type.endswith(":AccessKey") else {}, preview=False)
    return [
        reveal(r.inputs)
        for r in recording.registrations
        if r.type.startswith("kubernetes:") and "helm.sh" not in r.type
    ]


@needs_crds
@pytest.mark.parametrize("stack", ["dev", "lab", "prod"])
def test_the_api_server_accepts_every_manifest_strictly(upstream: Cluster, stack: str) -> None:
    refused: list[str] = []
    for manifest in manifests(stack):
        try:
            upstream.apply(manifest, dry_run=True)
        except (ApiException, LookupError) as error:
            refused.append(f"{manifest['kind']} {manifest['metadata']['name']}: {error}")
    assert refused == []


@needs_crds
def test_what_hive_installs_in_burst_clusters_is_valid_too(upstream: Cluster) -> None:
    (sync,) = [manifest for manifest in manifests("dev") if manifest["kind"] == "SelectorSyncSet"]
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
