"""Plays Hive's clustersync controller (openshift/hive, pkg/controller/clustersync), for SelectorSyncSets.

Keeps: all clusters that match, claimed or not, once they are installed, unless they are being deleted or have the
condition Unreachable; sets in the order of their names, resources before Secrets, the first error ends that set and it
is tried again; a Secret arrives with its labels, annotations and type; a source without namespace is an error that is
not tried again until the set changes; a missing kind or namespace is tried until it is there; a set is applied anew
when it changes, and all of them every two hours, so a changed Secret of the hub arrives late; mode Sync removes what
left the set, or all when the cluster no longer matches, Upsert removes nothing; ClusterSync and ClusterSyncLease.
Leaves out: SyncSets, pausing, patches, templates, apply behaviors other than Apply, the jitter of the two hours.
Applies on the server side, where Hive applies as kubectl does and writes a `last-applied-configuration` annotation.
"""

from collections.abc import Callable
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from lab.cluster import Cluster, Manifest
from lab.fleet.objects import HIVE, HIVE_SYNC, Thing, owner, seconds, stamp, things
from lab.fleet.selectors import matches
from lab.fleet.spokes import Spokes
from lab.fleet.timing import Clock

MANAGED = "hive.openshift.io/managed"
SUCCESS, FAILURE = "Success", "Failure"
REFERENCE = ("apiVersion", "kind", "namespace", "name")
Reference = dict[str, str]


class SyncError(Exception):
    """Why a set was not applied; does not quote any Secret."""


def reconcile(spokes: Spokes, cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every reachable cluster's sets one step on."""
    sets = sorted(things(cluster, HIVE, "SelectorSyncSet"), key=lambda found: found.name)
    syncs = {sync.namespace: sync for sync in things(cluster, HIVE_SYNC, "ClusterSync")}
    leases = {lease.namespace: lease for lease in things(cluster, HIVE_SYNC, "ClusterSyncLease")}
    for deployment in things(cluster, HIVE, "ClusterDeployment"):
        unreachable = deployment.condition("Unreachable").get("status") == "True"
        asked = deployment.spec.get("installed") and not deployment.deleting and not unreachable
        target = spokes(deployment.name) if asked else None
        if target is None:
            continue
        sync = syncs.get(deployment.namespace) or Thing(cluster, cluster.create(_object("ClusterSync", deployment)))
        lease = leases.get(deployment.namespace)
        old = lease is None or clock.over(clock.timings.reapply, seconds(lease.spec["renewTime"]))
        wanted = [found for found in sets if matches(found.spec["clusterDeploymentSelector"], deployment.labels)]
        _sync(cluster, target, sync, wanted, say, anew=old)
        if lease is None:
            cluster.create(_object("ClusterSyncLease", deployment) | {"spec": {"renewTime": stamp()}})
        elif old:
            lease.merge({"spec": {"renewTime": stamp()}})


def _object(kind: str, deployment: Thing) -> Manifest:
    reference = owner(deployment, HIVE, "ClusterDeployment")
    metadata = {"name": deployment.name, "namespace": deployment.namespace, "ownerReferences": [reference]}
    return {"apiVersion": HIVE_SYNC, "kind": kind, "metadata": metadata}


def _sync(
    hub: Cluster, target: Cluster, sync: Thing, wanted: list[Thing], say: Callable[[str], None], *, anew: bool
) -> None:
    statuses: list[Manifest] = sync.status.get("selectorSyncSets") or []
    before = {found["name"]: found for found in statuses}
    after: list[Manifest] = []
    # What left goes first, so that a resource may move from one set to another.
    for name in before.keys() - {found.name for found in wanted}:
        left = _remove(target, before[name].get("resourcesToDelete") or [])
        if left:
            after.append(before[name] | {"resourcesToDelete": left, "result": FAILURE, "failureMessage": "not removed"})
    for found in wanted:
        old = before.get(found.name)
        generation: int = found.metadata["generation"]
        known = old is not None and old["observedGeneration"] == generation
        # Hive does not ask again for a set that can only be mended by changing it.
        hopeless = known and old is not None and old.get("failureMessage", "").startswith("source namespace missing")
        if old is not None and known and not anew and (old["result"] == SUCCESS or hopeless):
            after.append(old)
            continue
        new = _apply(hub, target, found, (old or {}).get("resourcesToDelete") or [])
        new |= {"name": found.name, "observedGeneration": generation}
        if new["result"] == SUCCESS:
            new["firstSuccessTime"] = (old or {}).get("firstSuccessTime") or stamp()
        changed = old is None or {**new, "lastTransitionTime": old.get("lastTransitionTime")} != old
        new["lastTransitionTime"] = stamp() if changed or old is None else old["lastTransitionTime"]
        after.append(new)
        if changed:
            say(f"{sync.name} <- {found.name}: {new.get('failureMessage') or 'applied'}")
    failed = [found["name"] for found in after if found["result"] == FAILURE]
    state = ("True", "Failure", f"not applied: {', '.join(failed)}") if failed else ("False", "Success", "all applied")
    sync.set_status(selectorSyncSets=after)
    sync.set_conditions(Failed=state)
    if not failed and not sync.status.get("firstSuccessTime"):
        sync.set_status(firstSuccessTime=stamp())


def _apply(hub: Cluster, target: Cluster, found: Thing, before: list[Reference]) -> Manifest:
    resources: list[Manifest] = found.spec.get("resources") or []
    mappings: list[dict[str, Reference]] = found.spec.get("secretMappings") or []
    secret = {"apiVersion": "v1", "kind": "Secret"}
    inside = [_reference({**resource, **resource["metadata"]}) for resource in resources]
    inside += [_reference({**secret, **mapping["targetRef"]}) for mapping in mappings]
    applied: list[Reference] = []
    message = ""
    try:
        for number, resource in enumerate(resources):
            _put(target, resource, f"resource {number}")
            applied.append(inside[number])
        for number, mapping in enumerate(mappings):
            _put(target, _secret(hub, mapping, number), f"secret {number}")
            applied.append(inside[len(resources) + number])
    except SyncError as error:
        message = str(error)
    status: Manifest = {"result": FAILURE if message else SUCCESS}
    if message:
        status["failureMessage"] = message
    if found.spec.get("resourceApplyMode") == "Sync":
        gone = _remove(target, [reference for reference in before if reference not in inside])
        kept = [reference for reference in before if reference in inside and reference not in applied]
        status["resourcesToDelete"] = applied + kept + gone
    return status


def _secret(hub: Cluster, mapping: dict[str, Reference], number: int) -> Manifest:
    source, goal = mapping["sourceRef"], mapping["targetRef"]
    if not source.get("namespace"):
        raise SyncError(f"source namespace missing for secret {number}")
    found = hub.get("v1", "Secret", source["name"], source["namespace"])
    if not found:
        raise SyncError(f"failed to read secret {number}: {source['namespace']}/{source['name']} not found")
    carried = {key: found["metadata"][key] for key in ("labels", "annotations") if found["metadata"].get(key)}
    content = {key: found[key] for key in ("data", "type") if key in found}
    metadata = {"name": goal["name"], "namespace": goal.get("namespace", ""), **carried}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **content}


def _put(target: Cluster, manifest: Manifest, what: str) -> None:
    metadata: dict[str, Any] = manifest["metadata"]
    labels: dict[str, str] = {**(metadata.get("labels") or {}), MANAGED: "true"}
    try:
        target.apply({**manifest, "metadata": {**metadata, "labels": labels}}, force=True, strict=False)
    except LookupError as error:
        raise SyncError(f"failed to apply {what}: {error}") from error
    except (ApiException, HTTPError, OSError) as error:
        # The reason alone: the answer's text may quote what was sent.
        reason: Any = getattr(error, "reason", None) or type(error).__name__
        raise SyncError(f"failed to apply {what} ({metadata['name']}): {reason}") from error


def _remove(target: Cluster, references: list[Reference]) -> list[Reference]:
    """Delete what is referred to; return what could not be deleted."""
    left: list[Reference] = []
    for reference in references:
        try:
            place = reference.get("namespace") or None
            target.delete(reference["apiVersion"], reference["kind"], reference["name"], place)
        except LookupError:
            # A kind that is gone has taken its objects with it.
            continue
        except (ApiException, HTTPError, OSError):
            left.append(reference)
    return left


def _reference(manifest: Manifest) -> Reference:
    return {key: manifest[key] for key in REFERENCE if manifest.get(key)}
