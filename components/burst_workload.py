"""What Argo CD delivers to the clusters of a pool: the application, and nothing else."""

from typing import Any, Literal

from components.skupper_service import connector_spec, deployment_annotations
from components.workload import deployment_labels, deployment_spec, route_labels, route_spec
from settings import Settings
from settings import Workload as WorkloadSettings


def burst_replicas(settings: Settings, pool: str) -> int:
    """Return the pods in a cluster of a pool: its burst's, or the least of the hub's if no burst claims from it."""
    return next((burst.replicas for burst in settings.bursts if burst.pool == pool), settings.workload.min_replicas)


def burst_manifests(args: WorkloadSettings, replicas: int, skupper: Literal[1, 2]) -> list[dict[str, Any]]:
    """Return the application's objects in a burst cluster.

    They are the hub's, from the same functions, but for the autoscaler: with a fixed number of pods the hub's own
    replicas tell when the burst is over. The namespace, the operator, the site and its credential are Hive's to
    deliver, as a cluster has them before anybody claims it.

    With version 1 of Skupper the annotations expose the application, and the Service that the Route leads to is made
    at every site. With version 2 a Connector exposes it; there is no Service here, as requests come by the hub, so
    there is no Route.

    Args:
        args: the application, as on the hub.
        replicas: pods in the burst cluster.
        skupper: Skupper's version.
    """
    place = {"name": args.name, "namespace": args.namespace}
    annotations = deployment_annotations(skupper, args.name, args.port, "http")
    metadata = {**place, "labels": deployment_labels(args), **({"annotations": annotations} if annotations else {})}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": deployment_spec(args, replicas),
    }
    spec = route_spec(args, skupper) if skupper == 1 else connector_spec(args.name, args.port, args.name)
    labels = {"labels": route_labels(args)} if skupper == 1 else {}
    beside = {
        "apiVersion": spec.api_version,
        "kind": spec.kind,
        "metadata": {**place, **labels},
        "spec": spec.render(),
    }
    return [deployment, beside]
