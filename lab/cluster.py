"""A small typed front to the official client, for everything in the lab that talks to an API server."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import urllib3
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from kubernetes.watch import Watch

Manifest = dict[str, Any]


class Access(NamedTuple):
    """How to reach an API server: its address, a bearer token, and the certificate (PEM) that it is trusted by."""

    server: str
    token: str
    certificate: str

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Access({self.server})"


T = TypeVar("T")


def _plain(_client: Any, answer: Manifest) -> Manifest:
    """Leave an answer as it was read: the client's objects of a long list take five times the CPU of reading it."""
    return answer


MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
CONNECTIONS = 64
# The lab's API servers allow a year.
TOKEN_SECONDS = 365 * 24 * 3600


class Cluster:
    """The API server of a kubeconfig.

    Objects are plain dictionaries. What is not there is None on get and no error on delete.

    Args:
        kubeconfig: the file.
        manager: the field manager that writes.
        context: of the kubeconfig; None: its current one.
    """

    def __init__(self, kubeconfig: Path, manager: str = "spillway-lab", context: str | None = None):
        self.manager = manager
        # The client keeps what it discovered in a file named by the server's address; another lab may have had it.
        self._cache = tempfile.TemporaryDirectory(prefix="spillway-discovery-")
        # And it discovers in one thread at a time only.
        self._discovery = threading.Lock()
        self._served: set[str] = set()
        configuration = Configuration()
        configs: Any = config
        configs.load_kube_config(str(kubeconfig), context, client_configuration=configuration)
        configuration.connection_pool_maxsize = CONNECTIONS
        # The pool of connections takes these over when it is made. 504: the API server itself ran out of time.
        untyped: Any = configuration
        untyped.retries = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[504], raise_on_status=False)
        self._configuration: Any = configuration
        client: Any = ApiClient(configuration)
        self._client: Any = DynamicClient(client, cache_file=f"{self._cache.name}/discovery")

    def access(self) -> Access:
        """Return how to reach it, for somebody else; its kubeconfig must hold a token."""
        token: str = self._configuration.get_api_key_with_prefix("BearerToken")
        certificate = Path(self._configuration.ssl_ca_cert).read_text()
        return Access(self._configuration.host, token.removeprefix("Bearer "), certificate)

    def token(self, namespace: str, account: str) -> str:
        """Return a token of a service account."""
        accounts = self.resource("v1", "ServiceAccount").subresources["token"]
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        body = {**request, "spec": {"expirationSeconds": TOKEN_SECONDS}}
        answer = accounts.create(name=account, namespace=namespace, body=body, serializer=_plain)
        return str(answer["status"]["token"])

    def resource(self, api_version: str, kind: str) -> Any:
        """Return the client's handle of a kind.

        Raises:
            LookupError: the API server does not have the kind.
        """
        missing = LookupError(f"the API server has no {kind} in {api_version}")
        with self._discovery:
            # The client discovers everything anew when it misses a kind: first a small question.
            if api_version not in self._served and not self._serves(api_version):
                raise missing
            self._served.add(api_version)
            try:
                return self._client.resources.get(api_version=api_version, kind=kind)
            except ResourceNotFoundError as error:
                raise missing from error

    def _serves(self, api_version: str) -> bool:
        try:
            self._client.request("get", f"/{'apis' if '/' in api_version else 'api'}/{api_version}")
        except ApiException as error:
            if _status(error) == 404:
                return False
            raise
        return True

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest | None:
        """Return an object, or None."""
        try:
            return self.resource(api_version, kind).get(name=name, namespace=namespace, serializer=_plain)
        except ApiException as error:
            if _status(error) == 404:
                return None
            raise

    def find(self, api_version: str, kind: str, namespace: str | None = None, selector: str = "") -> list[Manifest]:
        """Return all objects of a kind, in one namespace or in all."""
        found = self.resource(api_version, kind).get(namespace=namespace, label_selector=selector, serializer=_plain)
        items: list[Manifest] = found["items"]
        # The items of a list do not say what they are.
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def create(self, manifest: Manifest) -> Manifest:
        """Create an object; raises ApiException (409) if it exists."""
        _, namespace = _identity(manifest)
        handle = self.resource(manifest["apiVersion"], manifest["kind"])
        return handle.create(body=manifest, namespace=namespace, field_manager=self.manager, serializer=_plain)

    def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False, strict: bool = True) -> Manifest:
        """Apply an object on the server side.

        Args:
            manifest: the fields that this manager owns.
            force: take fields that another manager owns.
            dry_run: check only.
            strict: refuse fields that the schema does not know.
        """
        name, namespace = _identity(manifest)
        handle = self.resource(manifest["apiVersion"], manifest["kind"])
        options: dict[str, Any] = {"dry_run": "All"} if dry_run else {}
        return handle.server_side_apply(
            body=manifest,
            name=name,
            namespace=namespace,
            field_manager=self.manager,
            force_conflicts=force,
            field_validation="Strict" if strict else "Ignore",
            serializer=_plain,
            **options,
        )

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        patch: Mapping[str, Any] | list[Any],
        namespace: str | None = None,
        *,
        subresource: str | None = None,
    ) -> Manifest:
        """Merge-patch an object (a mapping) or patch it by operations (a list)."""
        handle = self.resource(api_version, kind)
        if subresource:
            handle = handle.subresources[subresource]
        kind_of_patch = JSON if isinstance(patch, list) else MERGE
        return handle.patch(body=patch, name=name, namespace=namespace, content_type=kind_of_patch, serializer=_plain)

    def patch_status(
        self, api_version: str, kind: str, name: str, status: Mapping[str, Any], namespace: str | None = None
    ) -> Manifest:
        """Merge into an object's status."""
        return self.patch(api_version, kind, name, {"status": status}, namespace, subresource="status")

    def replace(self, manifest: Manifest) -> Manifest:
        """Replace an object as a whole; refused with 409 if it has changed since it was read."""
        name, namespace = _identity(manifest)
        handle = self.resource(manifest["apiVersion"], manifest["kind"])
        return handle.replace(body=manifest, name=name, namespace=namespace, serializer=_plain)

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> bool:
        """Ask for an object's deletion, what it owns goes afterwards; False if it was not there."""
        try:
            self.resource(api_version, kind).delete(
                name=name, namespace=namespace, body={"propagationPolicy": "Background"}
            )
        except ApiException as error:
            if _status(error) == 404:
                return False
            raise
        return True

    def watch(self, api_version: str, kind: str, namespace: str | None = None) -> Iterator[tuple[str, Manifest]]:
        """Yield (event, object) for ever; lists again whenever the connection or the history is lost.

        Every object is first yielded as ADDED. An object that went while nobody watched is not reported.
        """
        while True:
            try:
                watcher: Any = Watch()
                events = watcher.stream(
                    self.resource(api_version, kind).get, namespace=namespace, serialize=False, timeout_seconds=300
                )
                for event in events:
                    yield event["type"], event["object"]
            except (ApiException, urllib3.exceptions.HTTPError, OSError):
                time.sleep(0.5)

    def wait_for(self, what: str, probe: Callable[[], T | None], timeout: float = 30, interval: float = 0.1) -> T:
        """Call `probe` until it returns something true, and return that.

        Raises:
            TimeoutError: names `what` was waited for.
        """
        deadline = time.monotonic() + timeout
        while True:
            if found := probe():
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not after {timeout:.0f} s")
            time.sleep(interval)


def _status(error: ApiException) -> int:
    untyped: Any = error
    return int(untyped.status or 0)


def _identity(manifest: Manifest) -> tuple[str, str | None]:
    return manifest["metadata"]["name"], manifest["metadata"].get("namespace")
