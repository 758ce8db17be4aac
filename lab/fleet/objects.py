"""Reading and writing what Kubernetes objects have in common."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lab.cluster import Cluster, Manifest

HIVE = "hive.openshift.io/v1"
HIVE_SYNC = "hiveinternal.openshift.io/v1alpha1"
# What an object is going through and since when: its creation timestamp has whole seconds only, which may be minutes
# here, and a status may only have the fields of the upstream schema.
STEP = "lab.spillway.io/step"
# Of a condition, next to its type.
FIELDS = ("status", "reason", "message")


def deleting(manifest: Manifest) -> bool:
    """Tell whether an object is on its way out."""
    return "deletionTimestamp" in manifest["metadata"]


def stamp(when: float | None = None) -> str:
    """Return a time (now) as Kubernetes writes it."""
    return datetime.fromtimestamp(time.time() if when is None else when, UTC).isoformat().replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Return a time that Kubernetes or `stamp` wrote, as seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Thing:
    """An object as it was read; every write goes to the API server and, for the status, into what was read.

    Args:
        cluster: where it was read.
        manifest: what was read.
    """

    def __init__(self, cluster: Cluster, manifest: Manifest):
        self._cluster = cluster
        self._identity = (manifest["apiVersion"], manifest["kind"])
        self.metadata: dict[str, Any] = manifest["metadata"]
        self.name: str = self.metadata["name"]
        self.namespace: str = self.metadata.get("namespace", "")
        self.spec: dict[str, Any] = manifest.get("spec") or {}
        self.status: dict[str, Any] = manifest.get("status") or {}
        # Of a ConfigMap or a Secret.
        self.data: dict[str, str] = manifest.get("data") or {}
        self.deleting = deleting(manifest)
        self.annotations: dict[str, str] = self.metadata.get("annotations") or {}
        self.labels: dict[str, str] = self.metadata.get("labels") or {}
        self.finalizers: list[str] = self.metadata.get("finalizers") or []
        # Of a cluster: the pool and the claim that it belongs to.
        self.pool_reference: dict[str, str] = self.spec.get("clusterPoolRef") or {}
        # Kubernetes orders by age, in whole seconds; the name breaks the tie, as in Hive.
        self.age: tuple[str, str] = (self.metadata["creationTimestamp"], self.name)

    def merge(self, patch: Manifest) -> None:
        """Merge a patch into the object; refused, and then tried again, if somebody changed the object meanwhile."""
        guarded = {**patch, "metadata": {**patch.get("metadata", {}), **self._unchanged()}}
        changed = self._cluster.patch(*self._identity, self.name, guarded, self.namespace or None)
        self.metadata["resourceVersion"] = changed["metadata"]["resourceVersion"]

    def set_status(self, **wanted: Any) -> None:
        """Write the parts of the status that differ."""
        if any(self.status.get(key) != value for key, value in wanted.items()):
            patch = {"metadata": self._unchanged(), "status": wanted}
            changed = self._cluster.patch(
                *self._identity, self.name, patch, self.namespace or None, subresource="status"
            )
            self.metadata["resourceVersion"] = changed["metadata"]["resourceVersion"]
            self.status = {**self.status, **wanted}

    def set_finalizers(self, wanted: Iterable[str]) -> None:
        """Write the finalizers if they differ, each once, in the order given."""
        names = list(dict.fromkeys(wanted))
        if names != self.finalizers:
            self.merge({"metadata": {"finalizers": names}})
            self.finalizers = names

    def delete(self) -> None:
        """Ask for the object's deletion."""
        self._cluster.delete(*self._identity, self.name, self.namespace or None)

    def since(self, step: str) -> float:
        """Return when a step began; it begins now if the object was in another one."""
        name, _, began = self.annotations.get(STEP, "").partition(" ")
        return seconds(began) if name == step else self.begin(step)

    def begin(self, step: str) -> float:
        """Let a step begin now, and return when that is."""
        began = stamp()
        self.merge({"metadata": {"annotations": {STEP: f"{step} {began}"}}})
        self.annotations = {**self.annotations, STEP: f"{step} {began}"}
        return seconds(began)

    def condition(self, type_: str) -> dict[str, str]:
        """Return a condition of the status, empty if there is none."""
        found: list[dict[str, str]] = self.status.get("conditions") or []
        return next((condition for condition in found if condition["type"] == type_), dict[str, str]())

    def set_conditions(self, **wanted: tuple[str, str, str]) -> None:
        """Write conditions given as Type=(status, reason, message); the transition's time follows the status alone."""
        conditions: list[dict[str, str]] = self.status.get("conditions") or []
        merged = {condition["type"]: condition for condition in conditions}
        for type_, values in wanted.items():
            old, new = merged.get(type_, dict[str, str]()), dict(zip(FIELDS, values, strict=True))
            if any(old.get(key) != value for key, value in new.items()):
                now = stamp()
                changed = old["lastTransitionTime"] if old.get("status") == new["status"] else now
                merged[type_] = {"type": type_, **new, "lastProbeTime": now, "lastTransitionTime": changed}
        self.set_status(conditions=[merged[type_] for type_ in sorted(merged)])

    def _unchanged(self) -> dict[str, str]:
        return {"resourceVersion": self.metadata["resourceVersion"]}


def owner(thing: Thing, api: str, kind: str) -> Manifest:
    """Return the reference by which what somebody makes for an object goes with it."""
    return {"apiVersion": api, "kind": kind, "name": thing.name, "uid": thing.metadata["uid"]}


def things(cluster: Cluster, api: str, kind: str, namespace: str | None = None, selector: str = "") -> list[Thing]:
    """Return all objects of a kind, oldest first."""
    found = [Thing(cluster, manifest) for manifest in cluster.find(api, kind, namespace, selector)]
    return sorted(found, key=lambda thing: thing.age)
