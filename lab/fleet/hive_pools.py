"""Plays Hive's clusterpool controller (openshift/hive, pkg/controller/clusterpool), and ACM's copy of the set's label.

Keeps: the arithmetic of sizes; a missing dependency (noticed only when a cluster has to be added) stops before
anything is installed, hibernated or resumed, while running clusters are still given and released ones deleted; which
cluster is resumed and assigned; a cluster that resumes for longer than `resumeTimeout` is broken and replaced;
unclaimed clusters are replaced one at a time when what they were made from changes in the pool's spec; counts and
conditions; each cluster's own copy of the AWS keys; a deleted pool stays until its clusters are gone.
Leaves out: clusters broken by failed installs, inventory and customization, copies of the pull secret and the
install-config, RBAC.
ACM's copy (stolostron/multicloud-operators-foundation, pkg/controllers/clusterset/clusterdeployment): made once.
"""

import secrets
import string
from collections.abc import Callable

from lab.cluster import Cluster
from lab.fleet.arithmetic import PoolCluster, PoolSize, plan, plan_end, pool_hash
from lab.fleet.hive_deployments import DEPROVISION
from lab.fleet.hive_namespaces import POOL_LABEL
from lab.fleet.objects import HIVE, Thing, seconds, stamp, things
from lab.fleet.timing import Clock
from settings.values import nanoseconds

FINALIZER = "hive.openshift.io/clusters"
RELEASED = "hive.openshift.io/remove-cluster-from-pool"
CLUSTER_SET = "cluster.open-cluster-management.io/clusterset"
HASH = "hive.openshift.io/cluster-pool-spec-hash"
# Of the AWS keys, only these reach a cluster: no session token, hence no short-lived keys.
AWS_KEYS = ("aws_access_key_id", "aws_secret_access_key")


def reconcile(cluster: Cluster, clock: Clock, say: Callable[[str], None]) -> None:
    """Bring every pool one step on."""
    for pool in things(cluster, HIVE, "ClusterPool"):
        members = {thing.name: thing for thing in things(cluster, HIVE, "ClusterDeployment") if _of(pool, thing)}
        views = {name: _view(pool, member, clock) for name, member in members.items()}
        _report(pool, list(views.values()))
        if pool.deleting:
            _end(pool, members, list(views.values()), say)
        else:
            pool.set_finalizers([*pool.finalizers, FINALIZER])
            _step(cluster, pool, members, clock, say)


def _of(pool: Thing, deployment: Thing) -> bool:
    reference = deployment.pool_reference
    return (reference.get("namespace"), reference.get("poolName")) == (pool.namespace, pool.name)


def _view(pool: Thing, deployment: Thing, clock: Clock) -> PoolCluster:
    return PoolCluster(
        name=deployment.name,
        installed=bool(deployment.spec.get("installed")),
        running=deployment.status.get("powerState") == "Running",
        claim=deployment.pool_reference.get("claimName"),
        deleting=deployment.deleting,
        released=RELEASED in deployment.annotations,
        broken=_broken(pool, deployment, clock),
        stale=deployment.annotations.get(HASH) != pool_hash(pool.spec),
    )


def _broken(pool: Thing, deployment: Thing, clock: Clock) -> bool:
    timeout: str | None = pool.spec.get("hibernationConfig", {}).get("resumeTimeout")
    if not (timeout and deployment.spec.get("installed") and deployment.spec.get("powerState") == "Running"):
        return False
    if deployment.status.get("powerState") in ("Hibernating", "Running"):
        return False
    hibernating = deployment.condition("Hibernating")
    return hibernating.get("reason") == "ResumingOrRunning" and clock.over(
        nanoseconds(timeout) / 1e9, seconds(hibernating["lastTransitionTime"])
    )


def _size(pool: Thing) -> PoolSize:
    spec = pool.spec
    return PoolSize(spec["size"], spec.get("runningCount", 0), spec.get("maxSize"), spec.get("maxConcurrent"))


def _report(pool: Thing, members: list[PoolCluster]) -> None:
    free = [cluster for cluster in members if cluster.free]
    ready = sum(cluster.installed and cluster.running for cluster in free)
    standby = sum(cluster.installed and not (cluster.running or cluster.broken) for cluster in free)
    pool.set_status(size=len(free), standby=standby, ready=ready)
    maximum = pool.spec.get("maxSize")
    room = ("True", "Available", "There is capacity to add more clusters to the pool.")
    if maximum is not None and len(members) >= maximum:
        room = ("False", "MaxCapacity", f"Pool is at maximum capacity of {maximum} waiting and claimed clusters.")
    unknown = ("Unknown", "Initialized", "Condition Initialized")
    known = {name: unknown for name in ("MissingDependencies", "DeletionPossible") if not pool.condition(name)}
    current = ("True", "ClusterDeploymentsCurrent", "All unassigned ClusterDeployments match the pool configuration")
    if stale := ", ".join(sorted(cluster.name for cluster in free if cluster.stale)):
        message = f"Some unassigned ClusterDeployments do not match the pool configuration: {stale}"
        current = ("False", "SomeClusterDeploymentsStale", message)
    pool.set_conditions(**known, CapacityAvailable=room, AllClustersCurrent=current)


def _step(cluster: Cluster, pool: Thing, members: dict[str, Thing], clock: Clock, say: Callable[[str], None]) -> None:
    claims = {
        claim.name: claim
        for claim in things(cluster, HIVE, "ClusterClaim", pool.namespace)
        if claim.spec["clusterPoolName"] == pool.name and not claim.deleting
    }
    # Hive writes the claim first; what a crash left half done, or somebody else took off a claim, is mended.
    for claim in claims.values():
        named = members.get(claim.spec.get("namespace", ""))
        if named and _view(pool, named, clock).free:
            _assign(claim, named, say)
    held = {member.pool_reference.get("claimName"): member for member in members.values()}
    for name in [name for name in claims if not claims[name].spec.get("namespace") and name in held]:
        _assign(claims[name], held[name], say)

    pending = [name for name, claim in claims.items() if not claim.spec.get("namespace")]
    # Looked at again, as the mending above has changed some.
    views = {name: _view(pool, member, clock) for name, member in members.items()}
    todo = plan(_size(pool), list(views.values()), pending)
    given = {deployment for _, deployment in todo.assign}
    for name, deployment in todo.assign:
        _assign(claims[name], members[deployment], say)
    for name in pending[len(todo.assign) :]:
        claims[name].set_conditions(Pending=("True", "NoClusters", "No clusters in pool are ready to be claimed"))
    _delete(members, todo.delete, say)
    if todo.add and (missing := _missing(cluster, pool)):
        pool.set_conditions(MissingDependencies=("True", "Missing", f"not found: {', '.join(missing)}"))
        return
    if todo.add:
        pool.set_conditions(MissingDependencies=("False", "Verified", "Dependencies verified"))
    for _ in range(todo.add):
        say(f"{_add(cluster, pool)} is being installed")
    for name, member in members.items():
        wanted = "Running" if name in todo.run else "Hibernating"
        kept = views[name].free and not views[name].broken and name not in {*todo.delete, *given}
        if kept and member.spec.get("powerState") != wanted:
            member.merge({"spec": {"powerState": wanted}})


def _assign(claim: Thing, deployment: Thing, say: Callable[[str], None]) -> None:
    if not claim.spec.get("namespace"):
        claim.merge({"spec": {"namespace": deployment.name}})
        claim.spec["namespace"] = deployment.name
        assigned = ("True", "ClusterAssigned", "Cluster assigned to ClusterClaim, awaiting claim")
        claim.set_conditions(Pending=assigned)
    reference = deployment.pool_reference
    if not reference.get("claimName"):
        reference |= {"claimName": claim.name, "claimedTimestamp": stamp()}
        deployment.merge({"spec": {"clusterPoolRef": reference, "powerState": "Running"}})
        say(f"{deployment.name} given to claim {claim.name}")


def _end(pool: Thing, members: dict[str, Thing], views: list[PoolCluster], say: Callable[[str], None]) -> None:
    _delete(members, plan_end(_size(pool), views), say)
    if members:
        names = ", ".join(sorted(members))
        message = f"The following ClusterDeployments are pending cleanup: {names}"
        pool.set_conditions(DeletionPossible=("False", "ClusterDeploymentsPendingCleanup", message))
    else:
        pool.set_finalizers(name for name in pool.finalizers if name != FINALIZER)


def _delete(members: dict[str, Thing], names: list[str], say: Callable[[str], None]) -> None:
    for name in names:
        members[name].delete()
        say(f"{name} is being deprovisioned")


def _missing(cluster: Cluster, pool: Thing) -> list[str]:
    wanted = [(HIVE, "ClusterImageSet", pool.spec["imageSetRef"]["name"], None)]
    references = [pool.spec.get("pullSecretRef"), pool.spec.get("installConfigSecretTemplateRef")]
    references.append(pool.spec["platform"]["aws"].get("credentialsSecretRef"))
    wanted += [("v1", "Secret", reference["name"], pool.namespace) for reference in references if reference]
    return [f"{kind} {name}" for api, kind, name, place in wanted if not cluster.get(api, kind, name, place)]


def _add(cluster: Cluster, pool: Thing) -> str:
    """Create a cluster: a namespace and a ClusterDeployment of the same name."""
    name = f"{pool.name}-{''.join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(5))}"
    namespace = {"name": name, "labels": {POOL_LABEL: pool.name}}
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": namespace})
    labels: dict[str, str] = {
        **(pool.spec.get("labels") or {}),
        "hive.openshift.io/clusterpool-name": pool.name,
        "hive.openshift.io/clusterpool-namespace": pool.namespace,
    }
    # ACM gives every cluster of the pool, claimed or not, the set of the pool's own metadata, and no other.
    labels.pop(CLUSTER_SET, None)
    labels |= {CLUSTER_SET: pool.labels[CLUSTER_SET]} if CLUSTER_SET in pool.labels else {}
    platform = pool.spec["platform"]["aws"]
    aws = {"region": platform["region"], "credentialsSecretRef": {"name": f"{name}-aws-creds"}}
    # As it is now: a change of the pool's Secret does not reach clusters that exist.
    keys = cluster.get("v1", "Secret", platform["credentialsSecretRef"]["name"], pool.namespace) or {}
    data: dict[str, str] = keys.get("data") or {}
    copied = {key: value for key, value in data.items() if key in AWS_KEYS}
    copy = {"name": f"{name}-aws-creds", "namespace": name}
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": copy, "data": copied})
    cluster.create(
        {
            "apiVersion": HIVE,
            "kind": "ClusterDeployment",
            "metadata": {
                "name": name,
                "namespace": name,
                "finalizers": [DEPROVISION],
                "labels": labels,
                "annotations": {**(pool.spec.get("annotations") or {}), HASH: pool_hash(pool.spec)},
            },
            "spec": {
                "clusterName": name,
                "baseDomain": pool.spec["baseDomain"],
                "platform": {"aws": aws},
                "clusterPoolRef": {"namespace": pool.namespace, "poolName": pool.name},
                "installed": False,
                **({"hibernateAfter": pool.spec["hibernateAfter"]} if pool.spec.get("hibernateAfter") else {}),
            },
        }
    )
    return name
