"""What the fleet looks like from outside."""

from typing import NamedTuple

from lab.cluster import Cluster
from lab.fleet.objects import (
    HIVE,
    deleting,
    pool_reference,
    status,
)


class Seen(NamedTuple):
    """A cluster: its pool, what it does, and who has claimed it."""

    name: str
    pool: str
    state: str
    claim: str | None


def clusters(cluster: Cluster) -> list[Seen]:
    """Return all clusters of all pools."""
    found: list[Seen] = []
    for deployment in cluster.find(HIVE, "ClusterDeployment"):
        reference = pool_reference(deployment)
        state = status(deployment).get("powerState") or "Installing"
        state = "Deprovisioning" if deleting(deployment) else state
        found.append(
            Seen(deployment["metadata"]["name"], reference.get("poolName", ""), state, reference.get("claimName"))
        )
    return sorted(found)


def leaks(cluster: Cluster) -> list[str]:
    """Return the clusters that are claimed by a claim that does not exist: they run, and nobody removes them."""
    claims = {(c["metadata"]["namespace"], c["metadata"]["name"]) for c in cluster.find(HIVE, "ClusterClaim")}
    return [
        deployment["metadata"]["name"]
        for deployment in cluster.find(HIVE, "ClusterDeployment")
        if "claimName" in (reference := pool_reference(deployment))
        and (reference["namespace"], reference["claimName"]) not in claims
        and not deleting(deployment)
    ]
