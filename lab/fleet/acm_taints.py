"""Plays ACM's taint controller (open-cluster-management-io/ocm, pkg/registration/hub/taint).

Keeps: an Unknown cluster, and one that has not joined, has the taint `unreachable`, one that is not available the taint
`unavailable`, both NoSelect, until it is back.
"""

from lab.fleet.objects import Thing, stamp

UNREACHABLE = "cluster.open-cluster-management.io/unreachable"
UNAVAILABLE = "cluster.open-cluster-management.io/unavailable"
AVAILABLE = "ManagedClusterConditionAvailable"


def look(found: Thing) -> None:
    """Give a managed cluster the taint that its availability asks for."""
    wanted = {"True": "", "False": UNAVAILABLE}.get(found.condition(AVAILABLE).get("status", ""), UNREACHABLE)
    taints: list[dict[str, str]] = found.spec.get("taints") or []
    others = [taint for taint in taints if taint["key"] not in (UNREACHABLE, UNAVAILABLE)]
    own = [taint for taint in taints if taint["key"] == wanted]
    if wanted and not own:
        own = [{"key": wanted, "effect": "NoSelect", "timeAdded": stamp()}]
    if others + own != taints:
        found.merge({"spec": {"taints": others + own}})
