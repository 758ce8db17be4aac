"""Plays the Operator Lifecycle Manager (operator-framework/operator-lifecycle-manager).

Keeps: an InstallPlan for each version that a Subscription is offered, which goes with it and waits for approval when
approval is manual; the ClusterServiceVersion, and the Subscription's status that a program waits for
(operator-framework/api, pkg/operators/v1alpha1), on the hub and on its pools' clusters; Skupper 2 comes with its CRDs.
As in its resolver, nothing is offered while a plan is open, `startingCSV` counts until a version is installed, and then
the version comes that follows the installed one in the channel.

What the catalog has is in a ConfigMap of the lab's own, `played-catalog`: versions by package, the oldest first. Where
that says nothing, `startingCSV` (or a version that is made up) is all that there is, and follows whatever is installed.

Leaves out: channels; versions that are skipped (`skipRange`); one plan for all Subscriptions of a namespace, which
waits for approval as soon as one of them has it manual; the end of old plans and ClusterServiceVersions; other
operators' CRDs, which the lab has from the start; OperatorGroups; and the operators themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from lab.cluster import Cluster, Manifest
from lab.crds import SKUPPER_KINDS, crd_manifests, install_crds
from lab.fleet.objects import Thing, owner, stamp, things
from lab.fleet.player import look
from lab.fleet.spokes import Spokes, everywhere
from lab.fleet.timing import Clock

API = "operators.coreos.com/v1alpha1"
# Both versions are one package; the channel tells them apart.
SKUPPER, SKUPPER_2 = "skupper-operator", "stable-2"
CATALOG = ("v1", "ConfigMap", "played-catalog", "openshift-marketplace")


def phase(*, approved: bool, over: bool) -> str:
    """Return the phase of an InstallPlan."""
    if not approved:
        return "RequiresApproval"
    return "Complete" if over else "Installing"


def offer(available: Sequence[str], asked: str, installed: str | None) -> str | None:
    """Return the version that a Subscription is offered, if any.

    Args:
        available: the versions of its package, the oldest first; empty: the one that is asked for is all that there is.
        asked: its `startingCSV`.
        installed: what it has.
    """
    if not available:
        return asked if asked != installed else None
    if installed is None:
        return asked if asked in available else None
    following = dict(pairwise(available))
    return following.get(installed)


def reconcile(spokes: Spokes, hub: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every Subscription one step on."""
    for name, cluster in everywhere(spokes, hub).items():
        with look(clock, say):
            _reconcile(cluster, clock, lambda text, name=name: say(f"{name}: {text}"))


def installed(subscriptions: Iterable[Thing], package: str) -> bool:
    """Tell whether an operator is installed where these Subscriptions are."""
    return any(found.spec["name"] == package and "installedCSV" in found.status for found in subscriptions)


def _reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    catalog: dict[str, str] = (cluster.get(*CATALOG) or {}).get("data") or {}
    plans = {(plan.namespace, plan.name): plan for plan in things(cluster, API, "InstallPlan")}
    for subscription in things(cluster, API, "Subscription"):
        spec, status = subscription.spec, subscription.status
        version: str | None = status.get("currentCSV")
        if version == status.get("installedCSV"):
            asked: str = spec.get("startingCSV") or f"{spec['name']}.v1.0.0"
            version = offer(catalog.get(spec["name"], "").split(), asked, version)
        if version is None:
            continue
        plan = plans.get((subscription.namespace, f"install-{version}")) or _plan(cluster, subscription, version)
        approved = bool(plan.spec["approved"])
        # The clock starts at the approval.
        over = approved and clock.over(clock.timings.operator, plan.since("install"))
        if over and plan.status.get("phase") != "Complete":
            if spec["name"] == SKUPPER and spec.get("channel", "").startswith(SKUPPER_2):
                install_crds(cluster, crd_manifests(None, SKUPPER_KINDS))
            _install(cluster, version, subscription.namespace)
            say(f"operator {version} installed")
        plan.set_status(phase=phase(approved=approved, over=over), catalogSources=[])
        _report(subscription, plan.name, version, installed=over)


def _plan(cluster: Cluster, subscription: Thing, version: str) -> Thing:
    approval = subscription.spec.get("installPlanApproval", "Automatic")
    spec = {"approval": approval, "approved": approval == "Automatic", "clusterServiceVersionNames": [version]}
    reference = owner(subscription, API, "Subscription")
    metadata = {
        "name": f"install-{version}",
        "namespace": subscription.namespace,
        "ownerReferences": [reference],
    }
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
