"""Reading and writing what Kubernetes objects have in common."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lab.cluster import Cluster, Manifest

HIVE = "hive.openshift.io/v1"
# When a played step began: creation timestamps have whole seconds only, which here may be minutes.
SINCE = "lab.spillway.io/since"


def stamp(when: float | None = None) -> str:
    """Return a time as Kubernetes writes it."""
    return datetime.fromtimestamp(when or time.time(), UTC).isoformat().replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Return a time that Kubernetes or `stamp` wrote, as seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def since(manifest: Manifest) -> float:
    """Return when the object's present step began."""
    return seconds(annotations(manifest).get(SINCE) or manifest["metadata"]["creationTimestamp"])


def annotations(manifest: Manifest) -> dict[str, str]:
    """Return the annotations, empty if there are none."""
    return manifest["metadata"].get("annotations") or {}


def status(manifest: Manifest) -> dict[str, Any]:
    """Return the status, empty if there is none."""
    return manifest.get("status") or {}


def pool_reference(deployment: Manifest) -> dict[str, str]:
    """Return whose cluster a ClusterDeployment is, empty if it is of no pool."""
    return deployment["spec"].get("clusterPoolRef") or {}


def deleting(manifest: Manifest) -> bool:
    """Tell whether the object is on its way out."""
    return "deletionTimestamp" in manifest["metadata"]


def finalizers(manifest: Manifest) -> list[str]:
    """Return the finalizers, empty if there are none."""
    return manifest["metadata"].get("finalizers") or []


def set_finalizers(cluster: Cluster, manifest: Manifest, wanted: Iterable[str]) -> None:
    """Write the finalizers if they differ; refused if somebody changed the object meanwhile, and then tried again."""
    names = list(wanted)
    if names != finalizers(manifest):
        metadata = manifest["metadata"]
        patch = {"metadata": {"finalizers": names, "resourceVersion": metadata["resourceVersion"]}}
        cluster.patch(manifest["apiVersion"], manifest["kind"], metadata["name"], patch, metadata.get("namespace"))


def merge(cluster: Cluster, manifest: Manifest, patch: Manifest) -> None:
    """Merge a patch into an object."""
    metadata = manifest["metadata"]
    cluster.patch(manifest["apiVersion"], manifest["kind"], metadata["name"], patch, metadata.get("namespace"))


def set_status(cluster: Cluster, manifest: Manifest, wanted: dict[str, Any]) -> None:
    """Write the parts of the status that differ."""
    present = status(manifest)
    if any(present.get(key) != value for key, value in wanted.items()):
        metadata = manifest["metadata"]
        cluster.patch_status(
            manifest["apiVersion"], manifest["kind"], metadata["name"], wanted, metadata.get("namespace")
        )


def condition(manifest: Manifest, type_: str) -> dict[str, str]:
    """Return a condition of the status, empty if there is none."""
    conditions: list[dict[str, str]] = status(manifest).get("conditions") or []
    return next((found for found in conditions if found["type"] == type_), {})


def with_conditions(manifest: Manifest, **wanted: tuple[str, str]) -> list[dict[str, str]]:
    """Return the conditions with those given as Type=(status, reason); the time changes only with the status."""
    conditions: list[dict[str, str]] = status(manifest).get("conditions") or []
    kept = [found for found in conditions if found["type"] not in wanted]
    for type_, (state, reason) in wanted.items():
        old = condition(manifest, type_)
        if (old.get("status"), old.get("reason")) != (state, reason):
            changed = old["lastTransitionTime"] if old.get("status") == state else stamp()
            old = {"type": type_, "status": state, "reason": reason, "message": reason, "lastProbeTime": stamp()}
            old["lastTransitionTime"] = changed
        kept.append(old)
    return sorted(kept, key=lambda found: found["type"])
