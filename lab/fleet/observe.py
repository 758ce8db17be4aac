"""What the fleet looks like from outside."""

from typing import NamedTuple

from lab.cluster import Cluster
from lab.fleet import acm, aws
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
    """Return the clusters that cost money and that nobody removes, each once.

    Those claimed by a claim that does not exist, those that AWS has while the hub knows nothing of them, and, while
    there is no Hive, all that AWS has.
    """
    # Looked at before and after the hub: what is made or removed meanwhile is no leak.
    before = aws.present(cluster)
    if not acm.present(cluster):
        return sorted(before)
    # Clusters first: a claim that goes meanwhile has taken its cluster with it.
    deployments = things(cluster, HIVE, "ClusterDeployment")
    claims = {(claim.namespace, claim.name) for claim in things(cluster, HIVE, "ClusterClaim")}
    unclaimed = {
        deployment.name
        for deployment in deployments
        if "claimName" in (reference := deployment.pool_reference)
        and (reference["namespace"], reference["claimName"]) not in claims
        and not deployment.deleting
    }
    unknown = before & aws.present(cluster) - {deployment.name for deployment in deployments}
    return sorted(unclaimed | unknown)
