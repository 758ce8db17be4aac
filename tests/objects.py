"""The objects of a stack, as its program says and as they are on an API server."""

from collections.abc import Iterable
from typing import Any

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import STEP
from preview.recording import record
from tests.unit.stack_configs import SECRETS

Key = tuple[str, str, str | None, str]
# What others write, by the clock or by their history: the simulator, and Kubernetes, which counts a Deployment's changes.
OTHERS = {STEP, "deployment.kubernetes.io/revision"}


def recorded_keys(stack: str = "lab", changes: dict[str, Any] | None = None) -> set[Key]:
    """Return API version, kind, namespace and name of everything that the program makes on a cluster."""
    return {
        (r.inputs["apiVersion"], r.inputs["kind"], r.inputs["metadata"].get("namespace"), r.inputs["metadata"]["name"])
        for r in record(stack, overrides=changes, secrets=SECRETS).registrations
        if r.type.startswith("kubernetes:") and "metadata" in r.inputs
    }


def objects(cluster: Cluster, wanted: Iterable[Key]) -> dict[Key, Manifest]:
    """Return what the API server has of the wanted objects: what they say, labels and the stack's annotations."""
    found: dict[Key, Manifest] = {}
    for api_version, kind, namespace, name in wanted:
        present = cluster.get(api_version, kind, name, namespace)
        if present is not None:
            annotations = present["metadata"].get("annotations") or {}
            metadata = {
                "labels": present["metadata"].get("labels"),
                "annotations": {key: value for key, value in annotations.items() if key not in OTHERS},
            }
            content = {part: present.get(part) for part in ("spec", "data", "rules", "roleRef", "subjects", "type")}
            found[api_version, kind, namespace, name] = {"metadata": metadata, **content}
    return found
