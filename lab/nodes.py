"""Nodes that KWOK plays."""

from lab.cluster import Cluster


def add_nodes(cluster: Cluster, number: int) -> None:
    """Add nodes named node-0, node-1 and so on; KWOK makes them ready and runs their pods."""
    for position in range(number):
        name = f"node-{position}"
        metadata = {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name},
        }
        cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
