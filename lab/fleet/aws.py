"""Plays the AWS account: which clusters have something there, whatever the hub knows of them.

One ConfigMap a cluster, named like it: from the begin of its install until its deprovision has ended. So a leak can be
seen after the last object that spoke of the cluster is gone.
Leaves out: everything else of the account; nothing is found by its tags.
"""

from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster

NAMESPACE = "aws-account"
EXISTS = 409


def launch(cluster: Cluster, name: str) -> None:
    """Note that a cluster has something on AWS."""
    for kind, metadata in (
        ("Namespace", {"name": NAMESPACE}),
        ("ConfigMap", {"name": name, "namespace": NAMESPACE}),
    ):
        try:
            cluster.create({"apiVersion": "v1", "kind": kind, "metadata": metadata})
        except ApiException as error:
            if error.status != EXISTS:  # pyright: ignore[reportUnknownMemberType]
                raise


def terminate(cluster: Cluster, name: str) -> None:
    """Note that nothing of a cluster is left."""
    cluster.delete("v1", "ConfigMap", name, NAMESPACE)


def present(cluster: Cluster) -> set[str]:
    """Return the clusters that have something on AWS."""
    # Kubernetes puts a ConfigMap of its own into every namespace.
    names = {found["metadata"]["name"] for found in cluster.find("v1", "ConfigMap", NAMESPACE)}
    return names - {"kube-root-ca.crt"}
