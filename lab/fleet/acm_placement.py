"""Plays OCM's placement controller (open-cluster-management-io/ocm, pkg/placement).

Keeps: only clusters of sets that exist and are bound in the Placement's namespace, narrowed to `clusterSets`;
predicates by labels, any of which may match; a taint NoSelect or NoSelectIfNew keeps out whoever does not tolerate it;
`numberOfClusters`, by name; one PlacementDecision, empty when nothing matches; PlacementSatisfied, and why not: no set
is bound, none that is asked for, these sets are empty, or no cluster of theirs matches.
Leaves out: predicates by claims and CEL, `tolerationSeconds`, prioritizers, decision groups, spread, more than one
decision (they hold 100 clusters each), NotAllDecisionsScheduled.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from lab.cluster import Cluster, Manifest
from lab.fleet.acm_claims import API
from lab.fleet.hive_pools import CLUSTER_SET
from lab.fleet.objects import Thing, things
from lab.fleet.selectors import matches
from lab.fleet.timing import Clock

SETS = "cluster.open-cluster-management.io/v1beta2"
PLACEMENTS = "cluster.open-cluster-management.io/v1beta1"
PLACEMENT_LABEL = "cluster.open-cluster-management.io/placement"
Labels = dict[str, str]
Taints = Sequence[Labels]


def reconcile(cluster: Cluster, _clock: Clock, say: Callable[[str], None]) -> None:
    """Bring the decision of every Placement up to date."""
    placements = things(cluster, PLACEMENTS, "Placement")
    sets = {found.name for found in things(cluster, SETS, "ManagedClusterSet")}
    bindings = things(cluster, SETS, "ManagedClusterSetBinding")
    decisions = {(found.namespace, found.name): found for found in things(cluster, PLACEMENTS, "PlacementDecision")}
    managed = [found for found in things(cluster, API, "ManagedCluster") if not found.deleting]
    known = {found.name: (found.labels, list[Labels](found.spec.get("taints") or [])) for found in managed}
    for placement in placements:
        if placement.deleting:
            continue
        bound = {found.spec["clusterSet"] for found in bindings if found.namespace == placement.namespace} & sets
        chosen = select(placement.spec, bound, known)
        name = f"{placement.name}-decision-1"
        decision = decisions.get((placement.namespace, name)) or _decision(cluster, placement, name)
        before = selected([decision])
        decision.set_status(decisions=[{"clusterName": found, "reason": ""} for found in chosen])
        if before != chosen:
            say(f"placement {placement.name} selects {', '.join(chosen) or 'no cluster'}")
        placement.set_status(numberOfSelectedClusters=len(chosen))
        placement.set_conditions(PlacementSatisfied=satisfied(placement.spec, bound, known, chosen))


def selected(decisions: Iterable[Thing]) -> list[str]:
    """Return the clusters of PlacementDecisions."""
    names: list[str] = []
    for decision in decisions:
        entries: list[Labels] = decision.status.get("decisions") or []
        names += [entry["clusterName"] for entry in entries]
    return names


def select(spec: dict[str, Any], bound: Collection[str], clusters: Mapping[str, tuple[Labels, Taints]]) -> list[str]:
    """Return the clusters that a Placement selects, by name.

    Args:
        spec: the Placement's.
        bound: the sets that exist and are bound in its namespace.
        clusters: labels and taints of every cluster.
    """
    sets = _eligible(spec, bound)
    predicates: list[dict[str, dict[str, dict[str, Any]]]] = spec.get("predicates") or [{}]
    selectors = [predicate.get("requiredClusterSelector", {}).get("labelSelector", {}) for predicate in predicates]
    tolerations: list[Labels] = spec.get("tolerations") or []
    fitting = [
        name
        for name, (labels, taints) in sorted(clusters.items())
        if labels.get(CLUSTER_SET) in sets
        and any(matches(selector, labels) for selector in selectors)
        and all(any(_tolerates(toleration, taint) for toleration in tolerations) for taint in taints)
    ]
    return fitting[: spec.get("numberOfClusters")]


def satisfied(
    spec: dict[str, Any], bound: Collection[str], clusters: Mapping[str, tuple[Labels, Taints]], chosen: Collection[str]
) -> tuple[str, str, str]:
    """Return the status, reason and message of PlacementSatisfied; as for `select`, with what it chose."""
    sets = _eligible(spec, bound)
    if not bound:
        message = "No valid ManagedClusterSetBindings found in placement namespace"
        return ("False", "NoManagedClusterSetBindings", message)
    if not sets:
        asked = ",".join(spec.get("clusterSets") or [])
        return ("False", "NoIntersection", f"None of ManagedClusterSets [{asked}] is bound to placement namespace")
    if not any(labels.get(CLUSTER_SET) in sets for labels, _ in clusters.values()):
        message = f"All ManagedClusterSets [{','.join(sorted(sets))}] have no member ManagedCluster"
        return ("False", "AllManagedClusterSetsEmpty", message)
    if not chosen:
        return ("False", "NoManagedClusterMatched", "No ManagedCluster matches any of the cluster predicate")
    return ("True", "AllDecisionsScheduled", "All cluster decisions scheduled")


def _eligible(spec: dict[str, Any], bound: Collection[str]) -> set[str]:
    return set(spec.get("clusterSets") or bound) & set(bound)


def _tolerates(toleration: Labels, taint: Labels) -> bool:
    if toleration.get("effect", taint["effect"]) != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        # An empty key with Exists tolerates everything.
        return toleration.get("key", "") in ("", taint["key"])
    return (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint.get("value", ""))


def _decision(cluster: Cluster, placement: Thing, name: str) -> Thing:
    owner = {
        "apiVersion": PLACEMENTS,
        "kind": "Placement",
        "name": placement.name,
        "uid": placement.metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    manifest: Manifest = {
        "apiVersion": PLACEMENTS,
        "kind": "PlacementDecision",
        "metadata": {
            "name": name,
            "namespace": placement.namespace,
            "labels": {
                PLACEMENT_LABEL: placement.name,
                "cluster.open-cluster-management.io/decision-group-index": "0",
                "cluster.open-cluster-management.io/decision-group-name": "",
            },
            "ownerReferences": [owner],
        },
    }
    return Thing(cluster, cluster.create(manifest))
