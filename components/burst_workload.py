"""What Argo CD delivers to the clusters of a pool: the application, and nothing else."""

from typing import Any

from components.workload import deployment_labels, deployment_spec, route_labels, route_spec, skupper_annotations
from settings import Settings
from settings import Workload as WorkloadSettings


def burst_replicas(settings: Settings, pool: str) -> int:
    """Return the pods in a cluster of a pool: its burst's, or the least of the hub's if no burst claims from it."""
    return next((burst.replicas for burst in settings.bursts if burst.pool == pool), settings.workload.min_replicas)


def burst_manifests(args: WorkloadSettings, replicas: int) -> list[dict[str, Any]]:
    """Return the application's objects in a burst cluster.

    They are the hub's, from the same functions, but for the autoscaler: with a fixed number of pods the hub's own
    replicas tell when the burst is over. The namespace, the operator, the site and its token are Hive's to deliver, as
    a cluster has them before anybody claims it.

    Args:
        args: the application, as on the hub.
        replicas: pods in the burst cluster.
    """
    route = route_spec(args)
    metadata = {"name": args.name, "namespace": args.namespace}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {**metadata, "labels": deployment_labels(args), "annotations": skupper_annotations(args)},
            "spec": deployment_spec(args, replicas),
        },
        {
            "apiVersion": route.api_version,
            "kind": route.kind,
            "metadata": {**metadata, "labels": route_labels(args)},
            "spec": route.render(),
        },
    ]
