"""The clusters that a played Skupper network may span, and how Skupper writes a status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import Thing, stamp, things

API = "skupper.io/v2alpha1"
ROUTE = ("route.openshift.io/v1", "Route")


class World:
    """Several clusters as one look sees them; each kind of a cluster is listed once.

    A cluster whose API server does not answer is away as a whole, with its router.

    Args:
        clusters: by name.
    """

    def __init__(self, clusters: Mapping[str, Cluster]):
        self.clusters: dict[str, Cluster] = {}
        self._seen: dict[tuple[str, str, str], list[Thing]] = {}
        for name, cluster in clusters.items():
            try:
                self._seen[name, "v1", "Namespace"] = things(cluster, "v1", "Namespace")
            except (ApiException, HTTPError, OSError):
                continue
            self.clusters[name] = cluster

    def things(self, cluster: str, api: str, kind: str) -> list[Thing]:
        """Return all objects of a kind, oldest first; none where the kind is not installed."""
        key = (cluster, api, kind)
        if key not in self._seen:
            try:
                self._seen[key] = things(self.clusters[cluster], api, kind)
            except LookupError:
                self._seen[key] = []
        return self._seen[key]

    def find(self, cluster: str, api: str, kind: str, namespace: str, name: str) -> Thing | None:
        """Return an object, or None."""
        found = self.things(cluster, api, kind)
        return next((thing for thing in found if (thing.namespace, thing.name) == (namespace, name)), None)

    def has(self, cluster: str, api: str, kind: str) -> bool:
        """Tell whether the cluster has a kind."""
        try:
            self.clusters[cluster].resource(api, kind)
        except LookupError:
            return False
        return True


@dataclass(frozen=True)
class State:
    """A condition as Skupper writes it (`pkg/apis/skupper/v2alpha1/types.go`)."""

    ready: bool
    reason: str
    message: str


READY = State(True, "Ready", "OK")


def pending(message: str = "Pending") -> State:
    """Return a condition that may come to hold by itself."""
    return State(False, "Pending", message)


def error(message: str) -> State:
    """Return a condition that somebody has to do something about."""
    return State(False, "Error", message)


def aggregated(required: Sequence[str], states: Mapping[str, State]) -> State:
    """Return the state of `Ready`: that of the first required condition that does not hold."""
    for type_ in required:
        if type_ not in states:
            return pending(f"Not {type_}")
        if not states[type_].ready:
            return states[type_]
    return READY


def report(thing: Thing, states: Mapping[str, State], required: Sequence[str] | None = None, **fields: Any) -> None:
    """Write conditions and further fields of a status where they differ.

    Args:
        thing: the object.
        states: its conditions.
        required: those that make it ready; None: the kind has no such condition, its status is that of the only one.
        fields: more of the status.
    """
    whole = aggregated(required, states) if required is not None else next(iter(states.values()))
    wanted = dict(states) if required is None else {**states, "Ready": whole}
    present: list[Manifest] = thing.status.get("conditions") or []
    old = {found["type"]: found for found in present}
    conditions: list[Manifest] = []
    for type_, state in sorted(wanted.items()):
        status = "True" if state.ready else "False"
        before = old.get(type_, {})
        since = before["lastTransitionTime"] if before.get("status") == status else stamp().split(".")[0] + "Z"
        generation = int(thing.metadata.get("generation", 0))
        conditions.append(
            {
                "type": type_,
                "status": status,
                "reason": state.reason,
                "message": state.message,
                "lastTransitionTime": since,
                "observedGeneration": generation,
            }
        )
    thing.set_status(conditions=conditions, status=whole.reason, message=whole.message, **fields)
