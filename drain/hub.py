"""What draining reads and writes on the hub: claims, their clusters, and the quota that lets no new claim come."""

import base64
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from drain.burst_cluster import Application, UnreachableError, withdraw
from kinds.hive import API_VERSION

HIVE = tuple(API_VERSION.split("/"))
QUOTA = "spillway-drain"
NO_CLAIMS = {f"count/clusterclaims.{HIVE[0]}": "0"}
# Seconds for an answer: without a limit a connection that has gone silent is waited on for ever.
LIMIT = {"_request_timeout": 30}


class HubAwayError(Exception):
    """The hub does not answer for now; the message says how."""


@dataclass(frozen=True)
class Claim:
    """A claim and what is known of its cluster.

    Attributes:
        place: its namespace.
        name: its name.
        pool: the pool that it is for.
        released: somebody has deleted it, and Hive is at work.
        cluster: the cluster that it holds, if any.
        infra_id: AWS resources are tagged `kubernetes.io/cluster/<infra_id>`; to look for what a failed removal left.
        access: the Secret in the cluster's namespace with its administrator's kubeconfig, if it is installed.
        trouble: what Hive says keeps it from removing the cluster.
    """

    place: str
    name: str
    pool: str
    released: bool
    cluster: str | None = None
    infra_id: str | None = None
    access: str | None = None
    trouble: str | None = None

    def __str__(self) -> str:
        return f"{self.place}/{self.name}"


class Hub:
    """The hub of a stack.

    Args:
        context: the context in the kubeconfig; never the current one by default.
        kubeconfig: path of the kubeconfig; default: as kubectl finds it.
    """

    def __init__(self, context: str, kubeconfig: str | None):
        # Here, because it takes half a second, and most runs of the program do not call the hooks that need it.
        from kubernetes import client, config  # noqa: PLC0415
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        self._refused: type[Exception] = ApiException
        self._silent: type[Exception] = HTTPError
        path = str(Path(kubeconfig).expanduser()) if kubeconfig else None
        api: Any = cast(Any, config).new_client_from_config(config_file=path, context=context)
        self._custom: Any = client.CustomObjectsApi(api)
        self._core: Any = client.CoreV1Api(api)

    def claims(self, place: str) -> list[Claim]:
        """Return the claims of a namespace; none where the namespace or Hive is not there.

        Raises:
            HubAwayError: ask again.
        """
        with self._asked():
            try:
                found = self._custom.list_namespaced_custom_object(*HIVE, place, "clusterclaims", **LIMIT)
            except self._refused as error:
                if _status(error) == 404:
                    return []
                raise
            return [self._claim(item) for item in found["items"]]

    def withdraw(self, claim: Claim, application: Application) -> int:
        """Scale the application to zero in a claim's cluster; return how many of its pods have not ended yet.

        Raises:
            UnreachableError: the cluster cannot be asked.
        """
        if not (claim.cluster and claim.access):
            raise UnreachableError("it is not installed")
        try:
            secret: Any = self._core.read_namespaced_secret(claim.access, claim.cluster, **LIMIT)
        except self._refused as error:
            raise UnreachableError(f"its kubeconfig cannot be read ({_status(error)})") from None
        # Hive's key (openshift/hive, pkg/constants: KubeconfigSecretKey).
        data: dict[str, str] = secret.data or {}
        return withdraw(base64.b64decode(data.get("kubeconfig", "")).decode(), application)

    def release(self, claim: Claim) -> None:
        """Delete a claim; Hive removes its cluster, and the claim is gone when that is done.

        Raises:
            HubAwayError: ask again.
        """
        with self._asked():
            try:
                self._custom.delete_namespaced_custom_object(*HIVE, claim.place, "clusterclaims", claim.name, **LIMIT)
            except self._refused as error:
                if _status(error) != 404:
                    raise

    def hold(self, place: str) -> bool:
        """Let no new claim come into a namespace; False where there is no such namespace."""
        quota = {"metadata": {"name": QUOTA}, "spec": {"hard": NO_CLAIMS}}
        try:
            self._core.create_namespaced_resource_quota(place, quota, **LIMIT)
        except self._refused as error:
            if _status(error) == 404:
                return False
            if _status(error) != 409:
                raise
        return True

    def holds(self, place: str) -> bool:
        """Tell whether the API server enforces the quota: it does once its controller has counted."""
        status: Any = self._core.read_namespaced_resource_quota(QUOTA, place, **LIMIT).status
        return (status.hard or {}) == NO_CLAIMS

    def resume(self, place: str) -> bool:
        """Let claims come again; False if nothing held them."""
        try:
            self._core.delete_namespaced_resource_quota(QUOTA, place, **LIMIT)
        except self._refused as error:
            if _status(error) != 404:
                raise
            return False
        return True

    @contextmanager
    def _asked(self) -> Generator[None]:
        """Tell a hub that is away for a while from one that refuses."""
        try:
            yield
        except self._refused as error:
            if _status(error) == 429 or _status(error) >= 500:
                raise HubAwayError(f"the hub answers {_status(error)}") from None
            raise
        except self._silent as error:
            raise HubAwayError(f"the hub cannot be reached ({type(error).__name__})") from None

    def _claim(self, item: dict[str, Any]) -> Claim:
        metadata, spec = item["metadata"], item["spec"]
        cluster: str | None = spec.get("namespace")
        deployment: dict[str, Any] = self._deployment(cluster) if cluster else {}
        known: dict[str, Any] = deployment.get("spec", {}).get("clusterMetadata") or {}
        conditions: list[dict[str, str]] = deployment.get("status", {}).get("conditions") or []
        troubles = [
            f"{found['type']}: {found.get('message', '')}"
            for found in conditions
            if found["status"] == "True" and found["type"] in ("DeprovisionLaunchError", "AuthenticationFailure")
        ]
        return Claim(
            place=metadata["namespace"],
            name=metadata["name"],
            pool=spec["clusterPoolName"],
            released="deletionTimestamp" in metadata,
            cluster=cluster,
            infra_id=known.get("infraID"),
            access=known.get("adminKubeconfigSecretRef", {}).get("name"),
            trouble="; ".join(troubles) or None,
        )

    def _deployment(self, name: str) -> dict[str, Any]:
        try:
            return self._custom.get_namespaced_custom_object(*HIVE, name, "clusterdeployments", name, **LIMIT)
        except self._refused as error:
            if _status(error) == 404:
                return {}
            raise


def _status(error: Exception) -> int:
    untyped: Any = error
    return int(untyped.status or 0)
