"""A pool with what it needs in a namespace of its own, for the tests of the simulator."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster, Manifest
from lab.fleet import acm, aws
from lab.fleet.acm_claims import API as OCM
from lab.fleet.faults import set_fault
from lab.fleet.objects import HIVE
from lab.fleet.observe import Seen, clusters, leaks

SET = "cluster.open-cluster-management.io/clusterset"
numbers = itertools.count()


class World:
    """A namespace with what a pool needs, named like its pool, and with the ACM that brings Hive."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.name = f"p{next(numbers)}"
        self.apply("v1", "Namespace", self.name, namespace=None)
        self.hub()
        self.keys()
        self.apply(HIVE, "ClusterImageSet", "img", namespace=None, spec={"releaseImage": "example.com/ocp:4.20.1"})

    def apply(self, api: str, kind: str, name: str, *, namespace: str | None = "", **rest: Any) -> Manifest:
        metadata = {"name": name, **rest.pop("metadata", {})}
        if namespace is not None:
            metadata["namespace"] = self.name
        return self.cluster.apply({"apiVersion": api, "kind": kind, "metadata": metadata, **rest}, force=True)

    def hub(self) -> None:
        """Let there be an ACM."""
        self.apply(acm.API, "MultiClusterHub", self.name, spec={})

    def no_hub(self) -> None:
        """Let there be no ACM, whoever has made one."""
        for found in self.cluster.find(acm.API, "MultiClusterHub"):
            self.cluster.delete(acm.API, "MultiClusterHub", found["metadata"]["name"], found["metadata"]["namespace"])

    def keys(self, **data: str) -> None:
        """Put the AWS keys there; ACM takes them along with a deleted pool."""
        self.apply(
            "v1", "Secret", "creds", stringData={"aws_access_key_id": "id", "aws_secret_access_key": "key"} | data
        )

    def pool(self, size: int, *, cluster_set: str | None = "burst", **numbers: Any) -> None:
        spec = {
            "size": size, "baseDomain": "example.com", "imageSetRef": {"name": "img"}, **numbers,
            "platform": {"aws": {"region": "eu-west-1", "credentialsSecretRef": {"name": "creds"}}},
        }  # fmt: skip
        labels = {SET: cluster_set} if cluster_set else {}
        self.apply(HIVE, "ClusterPool", self.name, metadata={"labels": labels}, spec=spec)

    def claim(self, name: str, metadata: Manifest | None = None, **spec: Any) -> None:
        self.apply(HIVE, "ClusterClaim", name, metadata=metadata or {}, spec={"clusterPoolName": self.name, **spec})

    def release(self, name: str) -> None:
        self.cluster.delete(HIVE, "ClusterClaim", name, self.name)

    def members(self) -> list[Seen]:
        return [seen for seen in clusters(self.cluster) if seen.pool == self.name]

    def states(self) -> list[str]:
        return sorted(seen.state for seen in self.members())

    def leaks(self) -> list[str]:
        return [name for name in leaks(self.cluster) if name.startswith(f"{self.name}-")]

    def holder(self, claim: str) -> str | None:
        return next((seen.name for seen in self.members() if seen.claim == claim), None)

    def get(self, kind: str, name: str = "") -> Manifest | None:
        return self.cluster.get(HIVE, kind, name or self.name, self.name)

    def conditions(self, kind: str, name: str = "") -> dict[str, tuple[str, str]]:
        return conditions(self.get(kind, name))

    def until(self, what: str, probe: Callable[[], Any], timeout: float = 90) -> Any:
        return self.cluster.wait_for(f"{what} (members: {self.members()})", probe, timeout, 0.05)

    def told(self, deployment: str, type_: str, expected: tuple[str, str]) -> None:
        """Wait for a cluster's condition, which is written a moment after its state."""
        self.until(f"{type_} {expected}", lambda: conditions(self.deployment(deployment)).get(type_) == expected)

    def settled(self, *states: str) -> None:
        self.until(f"clusters {states}", lambda: self.states() == sorted(states) or None)

    def served(self, claim: str) -> str:
        served = ("True", "Running")
        self.until(f"{claim} served", lambda: self.conditions("ClusterClaim", claim).get("ClusterRunning") == served)
        return str((self.get("ClusterClaim", claim) or {})["spec"]["namespace"])

    def deployment(self, name: str) -> Manifest:
        return self.cluster.get(HIVE, "ClusterDeployment", name, name) or {}

    def fault(self, name: str, fault: str | None) -> None:
        set_fault(self.cluster, name, fault)

    def gone(self, claim: str) -> None:
        self.until(f"{claim} gone", lambda: self.get("ClusterClaim", claim) is None)

    def clean(self) -> None:
        """Take away what was made here, whatever plays or does not."""
        # Again, as what played may have made one more cluster while its pool went.
        self.cluster.wait_for(f"{self.name} cleaned", self._cleaned, 60)
        self.no_hub()

    def _cleaned(self) -> bool:
        left: list[tuple[str, str, str, str | None]] = []
        # The pool first, which would make others.
        for kind in ("ClusterPool", "ClusterClaim"):
            found = self.cluster.find(HIVE, kind, self.name)
            left += [(HIVE, kind, thing["metadata"]["name"], self.name) for thing in found]
        left += [(HIVE, "ClusterDeployment", seen.name, seen.name) for seen in self.members()]
        managed = [found["metadata"]["name"] for found in self.cluster.find(OCM, "ManagedCluster")]
        left += [(OCM, "ManagedCluster", name, None) for name in managed if name.startswith(f"{self.name}-")]
        for api, kind, name, namespace in left:
            # What was on its way out may have gone meanwhile.
            with contextlib.suppress(ApiException):
                self.cluster.patch(api, kind, name, {"metadata": {"finalizers": []}}, namespace)
            self.cluster.delete(api, kind, name, namespace)
        for name in aws.present(self.cluster):
            if name.startswith(f"{self.name}-"):
                aws.terminate(self.cluster, name)
        return not self.members()


def conditions(manifest: Manifest | None) -> dict[str, tuple[str, str]]:
    found = (manifest or {}).get("status", {}).get("conditions", [])
    return {condition["type"]: (condition["status"], condition["reason"]) for condition in found}
