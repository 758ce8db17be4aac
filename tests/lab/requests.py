"""What Kyverno has yet to do: its queue of UpdateRequests."""

from lab.cluster import Cluster

UPDATE_REQUEST = ("kyverno.io/v2", "UpdateRequest")


def pending(cluster: Cluster) -> bool:
    """Tell whether Kyverno has work left."""
    return any(found.get("status", {}).get("state") == "Pending" for found in cluster.find(*UPDATE_REQUEST))
