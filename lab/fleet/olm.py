"""Plays the Operator Lifecycle Manager (operator-framework/operator-lifecycle-manager).

Keeps: an InstallPlan for each Subscription, which waits for approval when approval is manual; the
ClusterServiceVersion, and the Subscription's status that a program waits for (operator-framework/api,
pkg/operators/v1alpha1). Leaves out: catalogs (the version is `startingCSV` or made up), CRDs, upgrades,
OperatorGroups, and the operators themselves.
"""

from collections.abc import Callable

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import Thing, stamp, things
from lab.fleet.timing import Clock

API = "operators.coreos.com/v1alpha1"


def phase(*, approved: bool, over: bool) -> str:
    """Return the phase of an InstallPlan."""
    if not approved:
        return "RequiresApproval"
    return "Complete" if over else "Installing"


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every Subscription one step on."""
    plans = {(plan.namespace, plan.name): plan for plan in things(cluster, API, "InstallPlan")}
    for subscription in things(cluster, API, "Subscription"):
        name, namespace = f"install-{subscription.name[:50]}", subscription.namespace
        version: str = subscription.spec.get("startingCSV") or f"{subscription.spec['name']}.v1.0.0"
        plan = plans.get((namespace, name)) or _plan(cluster, name, subscription, version)
        approved = bool(plan.spec["approved"])
        # The clock starts at the approval.
        over = approved and clock.over(clock.timings.operator, plan.since("install"))
        if over and plan.status.get("phase") != "Complete":
            _install(cluster, version, namespace)
            say(f"operator {version} installed")
        plan.set_status(phase=phase(approved=approved, over=over), catalogSources=[])
        _report(subscription, name, version, installed=over)


def _plan(cluster: Cluster, name: str, subscription: Thing, version: str) -> Thing:
    approval = subscription.spec.get("installPlanApproval", "Automatic")
    spec = {"approval": approval, "approved": approval == "Automatic", "clusterServiceVersionNames": [version]}
    metadata = {"name": name, "namespace": subscription.namespace}
    made = cluster.create({"apiVersion": API, "kind": "InstallPlan", "metadata": metadata, "spec": spec})
    return Thing(cluster, made)


def _install(cluster: Cluster, version: str, namespace: str) -> None:
    install: Manifest = {"strategy": "deployment", "spec": {"deployments": []}}
    manifest: Manifest = {
        "apiVersion": API,
        "kind": "ClusterServiceVersion",
        "metadata": {"name": version, "namespace": namespace},
        "spec": {"displayName": version, "install": install},
    }
    # Applied, because a crash may have come after it was made and before it had its phase.
    Thing(cluster, cluster.apply(manifest)).set_status(phase="Succeeded")


def _report(subscription: Thing, plan: str, version: str, *, installed: bool) -> None:
    reference = {"apiVersion": API, "kind": "InstallPlan", "name": plan, "namespace": subscription.namespace}
    wanted: Manifest = {"currentCSV": version, "installPlanRef": reference}
    wanted |= {"state": "AtLatestKnown", "installedCSV": version} if installed else {"state": "UpgradePending"}
    if any(subscription.status.get(key) != value for key, value in wanted.items()):
        subscription.set_status(**wanted, lastUpdated=stamp())
