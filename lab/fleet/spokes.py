"""Where the simulator finds the pools' clusters, to put things into them."""

from collections.abc import Callable

from lab.cluster import Cluster

# A cluster's API server by the name of its ClusterDeployment; None while it cannot be reached.
Spokes = Callable[[str], Cluster | None]
