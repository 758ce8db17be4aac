"""The lab's direct engine, for machines without the Pulumi CLI. It is for the lab only.

It runs the same recording as previews and tests, and applies each resource to the API server when the program registers
it. The SDK registers a resource when its dependencies have been registered, so that a registration that blocks until
its object is ready gives dependency order and parallelism for nothing.

What fails stops what depends on it and nothing else, as `pulumi up --continue-on-error` does, so that a cluster that is
away leaves the others done. A provider is a context of the kubeconfig; one with `upsertExistingObjects` takes over what
exists.

It leaves out what the lab has no use for: diffs and previews of changes, state and its encryption, Helm, other
packages, and updates that only a replacement can make, unless the program asks for one (`replace_on_changes`).
"""

import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from components.custom import FORCE
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
PROVIDER = "pulumi:providers:kubernetes"

Say = Callable[[str], None]


class EngineError(LabError):
    """The stack could not be brought up or down; the message names the object and says what to do."""


class AwayError(EngineError):
    """A cluster could not be reached; the message names its context."""


@dataclass(frozen=True)
class _Provider:
    context: str
    upsert: bool


@dataclass
class Result:
    """What a run did, as texts like `ClusterPool aws/aws`, followed by ` on <context>` if there are several."""

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
        kubeconfig: has the contexts of the stack's providers.
        folder: where the inventory is kept.
        say: is told about every object.
        overrides: values by config path.
        secrets: values of secret keys.
        root: the folder of the program; default: this project.

    Raises:
        EngineError: objects could not be created, were not ready in time, or their cluster was away. All that does not
            depend on them is done, and nothing was deleted. A rerun takes it up from there.
        preview.recording.ProgramError: the configuration is wrong.
    """
    run = _Run(kubeconfig, Inventory(folder / f"inventory-{stack}.json"), say)
    options: dict[str, Any] = {"root": root} if root else {}
    recording = record(stack, overrides=overrides, secrets=secrets, register=run.register, preview=False, **options)
    run.raise_failures()
    run.delete_all([entry for entry in run.inventory if entry.key not in run.seen])
    run.result.exports = recording.exports
    return run.result


def destroy(stack: str, kubeconfig: Path, folder: Path, *, say: Say) -> Result:
    """Delete what `up` made, in reverse order, waiting for each object to be gone.

    Raises:
        EngineError: an object is protected (then nothing is deleted), does not go, or its cluster is away (then the
            others' are deleted).
    """
    run = _Run(kubeconfig, Inventory(folder / f"inventory-{stack}.json"), say)
    protected = [str(entry) for entry in run.inventory if entry.protect]
    if protected:
        raise EngineError(
            f"protected: {', '.join(protected)}. Nothing was deleted. Set `protect: false` and bring the stack up."
        )
    run.delete_all(list(run.inventory))
    return run.result


class _Run:
    def __init__(self, kubeconfig: Path, inventory: Inventory, say: Say):
        self._kubeconfig = kubeconfig
        self._several = len(yaml.safe_load(kubeconfig.read_text())["contexts"]) > 1
        self.inventory = inventory
        self._say = say
        self.seen: set[tuple[str, str, str, str | None, str]] = set()
        self.result = Result()
        self._lock = threading.Lock()
        self._providers: dict[str, _Provider] = {}
        self._connecting = threading.Lock()
        self._clusters: dict[str, Cluster | AwayError] = {}
        self._failed: dict[str, str] = {}
        self._failures: dict[str, None] = {}

    def register(self, resource: Registration) -> Mapping[str, Any] | None:
        """Apply one resource and return what the program may want to know of the object; None if that failed."""
        needed = {*resource.dependencies, *(urn for urns in resource.property_dependencies.values() for urn in urns)}
        try:
            if missing := sorted(self._failed[urn] for urn in needed if urn in self._failed):
                self.say(f"  skipped            {resource.name}: it needs {', '.join(missing)}")
            else:
                return self._register(resource)
        except EngineError as error:
            self.fail(error)
        self._failed[resource.urn] = resource.name
        return None

    def fail(self, error: EngineError) -> None:
        """Remember a failure, and tell it once."""
        with self._lock:
            known = str(error) in self._failures
            self._failures[str(error)] = None
        if not known:
            self.say(f"  failed             {error}")

    def raise_failures(self) -> None:
        """Raise what failed as one error."""
        if self._failures:
            raise EngineError("\n".join(self._failures))

    def cluster(self, context: str) -> Cluster:
        """Return the cluster of a context; one that was away is not asked again."""
        with self._connecting:
            if context not in self._clusters:
                try:
                    self._clusters[context] = Cluster(self._kubeconfig, FIELD_MANAGER, context)
                except (ConfigException, HTTPError, OSError) as error:
                    self._clusters[context] = _away(context, error)
            found = self._clusters[context]
        if isinstance(found, AwayError):
            raise found
        return found

    def _register(self, resource: Registration) -> Mapping[str, Any]:
        package = resource.type.split(":")[0]
        if resource.type == PROVIDER:
            upsert = str(resource.inputs.get("upsertExistingObjects", "")).lower() == "true"
            self._providers[resource.name] = _Provider(resource.inputs["context"], upsert)
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
        context = self._providers[resource.provider].context
        entry = Entry(
            context, manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"],
            options.protect, options.retain_on_delete, resource.type.endswith("Patch"), options.delete_timeout,
        )  # fmt: skip
        with self._lock:
            self.seen.add(entry.key)
        begin = time.monotonic()
        with _reaching(context):
            outcome, applied = self._apply(entry, manifest, resource)
            ready = self._wait_ready(entry, applied, manifest, seconds(options.create_timeout))
        self._tell(outcome, entry, begin)
        # A token of Skupper 1 is filled by others; the program carries it on.
        told = ("metadata", "data") if entry.kind == "Secret" else ("status",)
        return {key: ready[key] for key in told if ready.get(key)}

    def say(self, line: str) -> None:
        """Tell one thing at a time."""
        with self._lock:
            self._say(line)

    def delete_all(self, entries: list[Entry]) -> None:
        """Delete objects, the last made first, in all clusters at once.

        Raises:
            EngineError: in some cluster an object did not go; those made before it are still there.
        """

        def delete(context: str) -> None:
            try:
                namespaces: list[Callable[[], None]] = []
                for entry in reversed(entries):
                    if entry.context == context:
                        gone = self._begin_deletion(entry)
                        # A namespace takes some seconds to end; they end side by side.
                        if entry.kind == "Namespace":
                            namespaces.append(gone)
                        else:
                            gone()
                for gone in namespaces:
                    gone()
            except EngineError as error:
                self.fail(error)

        contexts = {entry.context for entry in entries}
        with ThreadPoolExecutor(max(1, len(contexts))) as pool:
            list(pool.map(delete, contexts))
        self.raise_failures()

    def delete(self, entry: Entry) -> None:
        """Delete an object and wait until it is gone."""
        self._begin_deletion(entry)()

    def _begin_deletion(self, entry: Entry) -> Callable[[], None]:
        begin = time.monotonic()
        if entry.protect:
            raise EngineError(
                f"{self._name(entry)} is protected: set `protect: false` and bring the stack up before removing it"
            )
        ours = not (entry.retain or entry.patch)

        def gone() -> None:
            with _reaching(entry.context):
                if ours:
                    self._wait(
                        entry, "gone", lambda: not self._exists(entry), seconds(entry.delete_timeout), self._holders
                    )
            self.inventory.forget(entry)
            self._tell("deleted", entry, begin)

        with _reaching(entry.context):
            if ours and self._exists(entry):
                self.cluster(entry.context).delete(entry.api_version, entry.kind, entry.name, entry.namespace)
        return gone

    def _apply(self, entry: Entry, manifest: Manifest, resource: Registration) -> tuple[str, Manifest]:
        for pause in (*RETRIES, None):
            try:
                return self._apply_once(entry, manifest, resource)
            except (LookupError, ApiException) as error:
                missing = isinstance(error, LookupError) or getattr(error, "status", None) == 404
                if not missing or pause is None:
                    raise EngineError(f"{self._name(entry)}: {_reason(error)}") from None
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _apply_once(self, entry: Entry, manifest: Manifest, resource: Registration) -> tuple[str, Manifest]:
        cluster, provider = self.cluster(entry.context), self._providers[resource.provider or ""]
        present = cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace)
        if present is None and entry.patch:
            raise EngineError(f"{entry}: is to be patched, but does not exist")
        if present is None:
            self.inventory.note(entry)
            return "created", cluster.apply(manifest)
        if entry not in self.inventory and not (entry.patch or provider.upsert):
            raise EngineError(
                f"{self._name(entry)}: exists already and is not this stack's; delete it, or import it with Pulumi"
            )
        if any(_at(present, path) != _at(manifest, path) for path in resource.options.replace_on_changes):
            self.delete(entry)
            return self._apply_once(entry, manifest, resource)
        self.inventory.note(entry)
        for path in resource.options.ignore_changes:
            _keep(manifest, present, path)
        annotations: dict[str, str] = manifest["metadata"].get("annotations") or {}
        applied = cluster.apply(manifest, force=annotations.get(FORCE) == "true")
        return "unchanged" if _content(applied) == _content(present) else "updated", applied

    def _wait_ready(self, entry: Entry, applied: Manifest, manifest: Manifest, timeout: float) -> Manifest:
        wanted = conditions(manifest)
        latest = applied

        def ready() -> bool:
            nonlocal latest
            cluster = self.cluster(entry.context)
            latest = cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) or {}
            return all(condition.met(latest) for condition in wanted)

        def open_conditions(_: Entry) -> str:
            unmet = [f"{c.text} (now {c.present(latest)!r})" for c in wanted if not c.met(latest)]
            status: Manifest = latest.get("status") or {}
            message = str(status.get("message") or "")
            return ", ".join([*unmet, *([message] if message else [])])

        if wanted:
            self._wait(entry, "ready", ready, timeout, open_conditions)
        return latest

    def _wait(
        self, entry: Entry, what: str, done: Callable[[], bool], timeout: float, why: Callable[[Entry], str]
    ) -> None:
        begin = told = time.monotonic()
        while not done():
            now = time.monotonic()
            if now - begin > timeout:
                raise EngineError(f"{self._name(entry)}: not {what} after {timeout:.0f} s; still open: {why(entry)}")
            if now - told > TELL_AFTER:
                told = now
                self.say(f"  waits {now - begin:5.1f} s  {self._name(entry)}: {why(entry)}")
            time.sleep(0.1)

    def _exists(self, entry: Entry) -> bool:
        try:
            cluster = self.cluster(entry.context)
            return cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) is not None
        except LookupError:  # its CRD is gone, and it with it
            return False

    def _holders(self, entry: Entry) -> str:
        cluster = self.cluster(entry.context)
        present = cluster.get(entry.api_version, entry.kind, entry.name, entry.namespace) or {}
        return f"finalizers {present.get('metadata', {}).get('finalizers', [])}"

    def _tell(self, outcome: str, entry: Entry, begin: float) -> None:
        name = self._name(entry)
        getattr(self.result, outcome).append(name)
        self.say(f"  {outcome:9} {time.monotonic() - begin:5.1f} s  {name}")

    def _name(self, entry: Entry) -> str:
        return f"{entry} on {entry.context}" if self._several else str(entry)


@contextmanager
def _reaching(context: str) -> Generator[None]:
    try:
        yield
    except (HTTPError, OSError) as error:
        raise _away(context, error) from None


def _away(context: str, error: Exception) -> AwayError:
    if isinstance(error, ConfigException):
        return AwayError(f"{context}: the kubeconfig has no such context, or it cannot be read: {error}")
    reason = str(getattr(error, "reason", None) or error).rpartition(": ")[2]
    return AwayError(f"{context}: the cluster cannot be reached: {reason}. What is on the others is done; run it again")


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
