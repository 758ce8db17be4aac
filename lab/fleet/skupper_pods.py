"""The pods that a selector finds and that can take connections."""

from collections.abc import Mapping

from lab.cluster import Manifest
from lab.fleet.objects import Thing
from lab.fleet.skupper_world import World


def labels_of(selector: str) -> dict[str, str]:
    """Read a selector such as `app=x,tier=y`."""
    return dict(part.strip().split("=", 1) for part in selector.split(",") if "=" in part)


def ready_pods(world: World, cluster: str, namespace: str, labels: Mapping[str, str]) -> list[Thing]:
    """Return pods that are ready and have an address, by name."""
    found = [
        pod
        for pod in world.things(cluster, "v1", "Pod")
        if pod.namespace == namespace and labels.items() <= pod.labels.items() and labels and _ready(pod)
    ]
    return sorted(found, key=lambda pod: pod.name)


def _ready(pod: Thing) -> bool:
    conditions: list[Manifest] = pod.status.get("conditions") or []
    up = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return up and bool(pod.status.get("podIP")) and not pod.deleting
