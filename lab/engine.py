"""The lab's direct engine, for machines without the Pulumi CLI. It is for the lab only.

It runs the same recording as previews and tests, and applies each resource to the API server when the program registers
it. The SDK registers a resource when its dependencies have been registered, so that a registration that blocks until
its object is ready gives dependency order and parallelism for nothing.

It leaves out what the lab has no use for: diffs and previews of changes, state and its encryption, Helm, other
packages, and updates that only a replacement can make, unless the program asks for one (`replace_on_changes`).
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from kubernetes.client.exceptions import ApiException

from lab.binaries import LabError
from lab.cluster import Cluster, Manifest
from lab.inventory import Entry, Inventory
from lab.waiting import conditions, seconds
from preview.recording import record
from preview.registration import Registration, Unknown, reveal

FIELD_MANAGER = "spillway-lab"
# The provider's patience with a kind or a namespace that is not there yet: 31 seconds in all.
RETRIES = (1, 2, 4, 8, 16)
TELL_AFTER = 5

Say = Callable[[str], None]


class EngineError(LabError):
    """The stack could not be brought up or down; the message names the object and says what to do."""


@dataclass
class Result:
    """What a run did, as texts like `ClusterPool aws/aws`."""

    exports: dict[str, Any] = field(default_factory=dict[str, Any])
    created: list[str] = field(default_factory=list[str])
    updated: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])


def up(
    stack: str,
    kubeconfig: Path,
    folder: Path,
    *,
    say: Say,
    overrides: Mapping[str, object] | None = None,
    secrets: Mapping[str, object] | None = None,
    root: Path | None = None,
) -> Result:
    """Bring the API server to what the program of a stack says.

    Args:
        stack: the stack, as in `Pulumi.<stack>.yaml`.
        kubeconfig: the API server; it stands for the provider's context.
        folder: where the inventory is kept.
        say: is told about every object.
        overrides: values by config path.
        secrets: values of secret keys.
        root: the folder of the program; default: this project.

    Raises:
        EngineError: an object could not be created, or was not ready in time. A rerun takes it up from there.
        preview.recording.ProgramError: the configuration is wrong.
    """
    run = _Run(Cluster(kubeconfig, FIELD_MANAGER), Inventory(folder / f"inventory-{stack}.json"), say)
    options: dict[str, Any] = {"root": root} if root else {}
    recording = record(stack, overrides=overrides, secrets=secrets, register=run.register, preview=False, **options)
    for entry in reversed(list(run.inventory)):
        if entry.key not in run.seen:
            run.delete(entry)
    run.result.exports = recording.exports
    return run.result


def destroy(stack: str, kubeconfig: Path, folder: Path, *, say: Say) -> Result:
    """Delete what `up` made, in reverse order, waiting for each object to be gone.

    Raises:
        EngineError: an object is protected (then nothing is deleted), or does not go.
    """
    run = _Run(Cluster(kubeconfig, FIELD_MANAGER), Inventory(folder / f"inventory-{stack}.json"), say)
    protected = [str(entry) for entry in run.inventory if entry.protect]
    if protected:
        raise EngineError(
            f"protected: {', '.join(protected)}. Nothing was deleted. Set `protect: false` and bring the stack up."
        )
    for entry in reversed(list(run.inventory)):
        run.delete(entry)
    return run.result


class _Run:
    def __init__(self, cluster: Cluster, inventory: Inventory, say: Say):
        self.cluster = cluster
        self.inventory = inventory
        self._say = say
        self.seen: set[tuple[str, str, str | None, str]] = set()
        self.result = Result()
        self._lock = threading.Lock()
        self._failed = threading.Event()

    def register(self, resource: Registration) -> Mapping[str, Any]:
        """Apply one resource and return the object's status."""
        try:
            return self._register(resource)
        except BaseException:
            self._failed.set()  # so that nobody waits on for the rest of a run that has failed
            raise

    def _register(self, resource: Registration) -> Mapping[str, Any]:
        package = resource.type.split(":")[0]
        if package == "pulumi":
            return {}
        if package != "kubernetes" or resource.type.startswith("kubernetes:helm.sh/"):
            raise EngineError(f"{resource.name}: the direct engine cannot make a {resource.type}; use the Pulumi CLI")
        if not resource.provider:
            raise EngineError(f"{resource.name}: has no explicit provider, and default providers are disabled")
        manifest = cast(Manifest, reveal(resource.inputs))
        if _unknown(manifest):
            raise EngineError(f"{resource.name}: depends on a value that nobody provided")
        metadata = manifest["metadata"]
        options = resource.options
        entry = Entry(
            manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"],
            options.protect, options.retain_on_delete, resource.type.endswith("Patch"), options.delete_timeout,
        )  # fmt: skip
        with self._lock:
            self.seen.add(entry.key)
        begin = time.monotonic()
        outcome, applied = self._apply(entry, manifest, resource)
        ready = self._wait_ready(entry, applied, manifest, seconds(options.create_timeout))
        self._tell(outcome, entry, begin)
        return {"status": ready["status"]} if ready.get("status") else {}

    def say(self, line: str) -> None:
        """Tell one thing at a time."""
        with self._lock:
            self._say(line)

    def delete(self, entry: Entry) -> None:
        """Delete an object and wait until it is gone."""
        begin = time.monotonic()
        if entry.protect:
            raise EngineError(f"{entry} is protected: set `protect: false` and bring the stack up before removing it")
        if not (entry.retain or entry.patch) and self._exists(entry):
            self.cluster.delete(entry.api_version, entry.kind, entry.name, entry.namespace)
            self._wait(entry, "gone", lambda: not self._exists(entry), seconds(entry.delete_timeout), self._holders)
        self.inventory.forget(entry)
        self._tell("deleted", entry, begin)

    def _apply(self, entry: Entry, manifest: Manifest, resource: Registration) -> tuple[str, Manifest]:
        for pause in (*RETRIES, None):
            try:
                return self._apply_once(entry, manifest, resource)
            except (LookupError, ApiException) as error:
                missing = isinstance(error, LookupError) or getattr(error, "status", None) == 404
                if not missing or pause is None:
                    raise EngineError(f"{entry}: {_reason(error)}") from None
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _apply_once(self, entry: Entry, manifest: Manifest, resource: Registration) -> tuple[str, Manifest]:
        present = self.cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace)
        if present is None and entry.patch:
            raise EngineError(f"{entry}: is to be patched, but does not exist")
        if present is None:
            self.inventory.note(entry)
            return "created", self.cluster.apply(manifest)
        if entry not in self.inventory and not entry.patch:
            raise EngineError(f"{entry}: exists already and is not this stack's; delete it, or import it with Pulumi")
        if any(_at(present, path) != _at(manifest, path) for path in resource.options.replace_on_changes):
            self.delete(entry)
            return self._apply_once(entry, manifest, resource)
        self.inventory.note(entry)
        for path in resource.options.ignore_changes:
            _keep(manifest, present, path)
        applied = self.cluster.apply(manifest, force=entry.patch)
        return "unchanged" if _content(applied) == _content(present) else "updated", applied

    def _wait_ready(self, entry: Entry, applied: Manifest, manifest: Manifest, timeout: float) -> Manifest:
        wanted = conditions(manifest)
        latest = applied

        def ready() -> bool:
            nonlocal latest
            latest = self.cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) or {}
            return all(condition.met(latest) for condition in wanted)

        def open_conditions(_: Entry) -> str:
            return ", ".join(f"{c.text} (now {c.present(latest)!r})" for c in wanted if not c.met(latest))

        if wanted:
            self._wait(entry, "ready", ready, timeout, open_conditions)
        return latest

    def _wait(
        self, entry: Entry, what: str, done: Callable[[], bool], timeout: float, why: Callable[[Entry], str]
    ) -> None:
        begin = told = time.monotonic()
        while not done():
            if self._failed.is_set():
                raise EngineError(f"{entry}: given up, because another object failed")
            now = time.monotonic()
            if now - begin > timeout:
                raise EngineError(f"{entry}: not {what} after {timeout:.0f} s; still open: {why(entry)}")
            if now - told > TELL_AFTER:
                told = now
                self.say(f"  waits {now - begin:5.1f} s  {entry}: {why(entry)}")
            time.sleep(0.1)

    def _exists(self, entry: Entry) -> bool:
        try:
            return self.cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) is not None
        except LookupError:  # its CRD is gone, and it with it
            return False

    def _holders(self, entry: Entry) -> str:
        present = self.cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) or {}
        return f"finalizers {present.get('metadata', {}).get('finalizers', [])}"

    def _tell(self, outcome: str, entry: Entry, begin: float) -> None:
        getattr(self.result, outcome).append(str(entry))
        self.say(f"  {outcome:9} {time.monotonic() - begin:5.1f} s  {entry}")


def _unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unknown(entry) for entry in cast(dict[str, Any], value).values())
    return isinstance(value, Unknown) or (isinstance(value, list) and any(map(_unknown, cast(list[Any], value))))


def _steps(path: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r'\["([^"]+)"\]|([^.\[\]"]+)', path)]


def _at(manifest: Manifest, path: str) -> Any:
    """Return the value at a property path, or None."""
    value: Any = manifest
    for step in _steps(path):
        value = cast(dict[str, Any], value).get(step) if isinstance(value, dict) else None
    return value


def _content(manifest: Manifest) -> Manifest:
    """Return the object without what every write changes."""
    metadata = {k: v for k, v in manifest["metadata"].items() if k not in ("managedFields", "resourceVersion")}
    return {**manifest, "metadata": metadata}


def _keep(manifest: Manifest, present: Manifest, path: str) -> None:
    """Put what the object has at a path into the manifest, so that applying it changes nothing there."""
    *parents, last = _steps(path)
    value = _at(present, path)
    target = manifest
    for step in parents:
        target = target.setdefault(step, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value


def _reason(error: Exception) -> str:
    if isinstance(error, ApiException):
        match = re.search(r'"message":"((?:[^"\\]|\\.)*)"', str(cast(Any, error).body))
        return match[1].replace('\\"', '"') if match else str(cast(Any, error).reason)
    return str(error)
