"""What draining reads and writes on the hub: claims, their clusters, and the quota that lets no new claim come."""

import base64
from collections.abc import Callable
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
        found = self._ask(self._custom.list_namespaced_custom_object, *HIVE, place, "clusterclaims")
        return [self._claim(item) for item in found["items"]] if found else []

    def withdraw(self, claim: Claim, application: Application) -> int:
        """Scale the application to zero in a claim's cluster; return how many of its pods have not ended yet.

        Raises:
            UnreachableError: the cluster cannot be asked.
            HubAwayError: ask again.
        """
        if not (claim.cluster and claim.access):
            raise UnreachableError("it is not installed")
        try:
            secret: Any = self._ask(self._core.read_namespaced_secret, claim.access, claim.cluster)
        except self._refused as error:
            raise UnreachableError(f"its kubeconfig cannot be read ({_status(error)})") from None
        if not secret:
            raise UnreachableError("its kubeconfig is not there")
        # Hive's key (openshift/hive, pkg/constants: KubeconfigSecretKey).
        data: dict[str, str] = secret.data or {}
        return withdraw(base64.b64decode(data.get("kubeconfig", "")).decode(), application)

    def release(self, claim: Claim) -> None:
        """Delete a claim; Hive removes its cluster, and the claim is gone when that is done.

        Raises:
            HubAwayError: ask again.
        """
        self._ask(self._custom.delete_namespaced_custom_object, *HIVE, claim.place, "clusterclaims", claim.name)

    def hold(self, place: str) -> bool:
        """Let no new claim come into a namespace; False where there is no such namespace.

        Raises:
            HubAwayError: ask again.
        """
        quota = {"metadata": {"name": QUOTA}, "spec": {"hard": NO_CLAIMS}}
        try:
            return self._ask(self._core.create_namespaced_resource_quota, place, quota) is not None
        except self._refused as error:
            if _status(error) != 409:
                raise
        return True

    def holds(self, place: str) -> bool:
        """Tell whether the API server enforces the quota: it does once its controller has counted.

        Raises:
            HubAwayError: ask again.
        """
        quota: Any = self._ask(self._core.read_namespaced_resource_quota, QUOTA, place)
        return bool(quota) and (quota.status.hard or {}) == NO_CLAIMS

    def resume(self, place: str) -> bool:
        """Let claims come again; False if nothing held them.

        Raises:
            HubAwayError: ask again.
        """
        return self._ask(self._core.delete_namespaced_resource_quota, QUOTA, place) is not None

    def _ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Return the answer, None if there is no such thing; a hub that is away is another matter than a refusal."""
        try:
            return call(*arguments, **LIMIT)
        except self._refused as error:
            if _status(error) == 404:
                return None
            if _status(error) == 429 or _status(error) >= 500:
                raise HubAwayError(f"the hub answers {_status(error)}") from None
            raise
        except self._silent as error:
            raise HubAwayError(f"the hub cannot be reached ({getattr(error, 'reason', None) or error})") from None

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
        return self._ask(self._custom.get_namespaced_custom_object, *HIVE, name, "clusterdeployments", name) or {}


def _status(error: Exception) -> int:
    untyped: Any = error
    return int(untyped.status or 0)
