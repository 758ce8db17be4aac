"""Services that Skupper makes, in both versions: they select the router, and one that somebody else made is left."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.cluster import Manifest
from lab.fleet.objects import Thing
from lab.fleet.skupper_world import World

MADE_BY = "internal.skupper.io/listener"
SELECTOR = {"skupper.io/component": "router"}


@dataclass(frozen=True)
class Exposed:
    """A Service of a namespace: its name and its one port."""

    namespace: str
    name: str
    port_name: str
    port: int


def foreign(world: World, cluster: str, namespace: str, name: str) -> bool:
    """Tell whether there is a Service of that name which Skupper did not make."""
    found = world.find(cluster, "v1", "Service", namespace, name)
    return found is not None and MADE_BY not in found.labels


def keep(world: World, cluster: str, wanted: Mapping[tuple[str, str], Exposed], version: int) -> None:
    """Make the Services that are wanted, by namespace and name, and remove those of this version that are not."""
    where = world.clusters[cluster]
    for service in world.things(cluster, "v1", "Service"):
        if service.labels.get(MADE_BY) == str(version) and (service.namespace, service.name) not in wanted:
            service.delete()
    for exposed in wanted.values():
        if not foreign(world, cluster, exposed.namespace, exposed.name):
            present = world.find(cluster, "v1", "Service", exposed.namespace, exposed.name)
            if present is None or not _same(present, exposed):
                port = {"name": exposed.port_name, "port": exposed.port, "targetPort": 1024 + exposed.port % 60000}
                metadata = {"name": exposed.name, "namespace": exposed.namespace, "labels": {MADE_BY: str(version)}}
                spec = {"selector": SELECTOR, "ports": [{**port, "protocol": "TCP"}]}
                where.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}, force=True)


def _same(present: Thing, exposed: Exposed) -> bool:
    found: list[Manifest] = present.spec.get("ports") or []
    ports = [(port.get("name"), port["port"]) for port in found]
    return ports == [(exposed.port_name, exposed.port)]
