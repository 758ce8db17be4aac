"""Plays the Operator Lifecycle Manager (operator-framework/operator-lifecycle-manager).

Keeps: an InstallPlan for each Subscription, which waits for approval when approval is manual; the
ClusterServiceVersion, and the Subscription's status that a program waits for. Leaves out: catalogs, CRDs, upgrades,
OperatorGroups, and the operators themselves.
"""

from collections.abc import Callable
from typing import Any

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import set_status, since
from lab.fleet.timing import Timings

API = "operators.coreos.com/v1alpha1"


def reconcile(cluster: Cluster, timings: Timings, now: float, say: Callable[[str], None]) -> None:
    """Bring every Subscription one step on."""
    for subscription in cluster.find(API, "Subscription"):
        spec, namespace = subscription["spec"], subscription["metadata"]["namespace"]
        version = spec.get("startingCSV") or f"{spec['name']}.v1.0.0"
        plan_name = f"install-{subscription['metadata']['name'][:50]}"
        plan = cluster.get(API, "InstallPlan", plan_name, namespace)
        if plan is None:
            _plan(cluster, plan_name, namespace, version, manual=spec.get("installPlanApproval") == "Manual")
            continue
        if plan["spec"]["approved"] and timings.over(timings.operator, since(subscription), now):
            if cluster.get(API, "ClusterServiceVersion", version, namespace) is None:
                _install(cluster, version, namespace)
                say(f"operator {version} installed")
            set_status(cluster, plan, {"phase": "Complete"})
            _report(cluster, subscription, plan_name, version, "AtLatestKnown")
        else:
            set_status(cluster, plan, {"phase": "Installing" if plan["spec"]["approved"] else "RequiresApproval"})
            _report(cluster, subscription, plan_name, version, "UpgradePending")


def _plan(cluster: Cluster, name: str, namespace: str, version: str, *, manual: bool) -> None:
    cluster.create(
        {
            "apiVersion": API,
            "kind": "InstallPlan",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "approval": "Manual" if manual else "Automatic",
                "approved": not manual,
                "clusterServiceVersionNames": [version],
            },
        }
    )


def _install(cluster: Cluster, version: str, namespace: str) -> None:
    made = cluster.create(
        {
            "apiVersion": API,
            "kind": "ClusterServiceVersion",
            "metadata": {"name": version, "namespace": namespace},
            "spec": {"displayName": version, "install": {"strategy": "deployment", "spec": {"deployments": []}}},
        }
    )
    set_status(cluster, made, {"phase": "Succeeded"})


def _report(cluster: Cluster, subscription: Manifest, plan: str, version: str, state: str) -> None:
    reference = {
        "apiVersion": API, "kind": "InstallPlan", "name": plan, "namespace": subscription["metadata"]["namespace"],
    }  # fmt: skip
    wanted: dict[str, Any] = {"state": state, "currentCSV": version, "installPlanRef": reference}
    if state == "AtLatestKnown":
        wanted["installedCSV"] = version
    set_status(cluster, subscription, wanted)
