"""What the fleet looks like from outside."""

from typing import NamedTuple

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, things


class Seen(NamedTuple):
    """A cluster: its pool, what it does, and who has claimed it."""

    name: str
    pool: str
    state: str
    claim: str | None


def clusters(cluster: Cluster) -> list[Seen]:
    """Return all clusters of all pools.

    The state is Installing, Deprovisioning, or Hive's power state: Running, Stopping, Hibernating, StartingMachines.
    """
    found: list[Seen] = []
    for deployment in things(cluster, HIVE, "ClusterDeployment"):
        reference = deployment.pool_reference
        state = deployment.status.get("powerState") or "Installing"
        state = "Deprovisioning" if deployment.deleting else state
        found.append(Seen(deployment.name, reference.get("poolName", ""), state, reference.get("claimName")))
    return sorted(found, key=lambda seen: seen.name)


def leaks(cluster: Cluster) -> list[str]:
    """Return the clusters that are claimed by a claim that does not exist: they run, and nobody removes them."""
    # Clusters first: a claim that goes meanwhile has taken its cluster with it.
    deployments = things(cluster, HIVE, "ClusterDeployment")
    claims = {(claim.namespace, claim.name) for claim in things(cluster, HIVE, "ClusterClaim")}
    return [
        deployment.name
        for deployment in deployments
        if "claimName" in (reference := deployment.pool_reference)
        and (reference["namespace"], reference["claimName"]) not in claims
        and not deployment.deleting
    ]
