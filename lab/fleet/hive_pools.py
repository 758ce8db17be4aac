"""Plays Hive's clusterpool controller (openshift/hive, pkg/controller/clusterpool).

Keeps: the arithmetic of sizes, the stall on a missing dependency before anything is installed or resumed, which cluster
is resumed and assigned, status and conditions, the finalizer that holds a deleted pool until its clusters are gone.
Leaves out: replacing clusters whose pool has changed, broken clusters, inventory and customization.
"""

import secrets
import string
from collections.abc import Callable

from lab.cluster import Cluster, Manifest
from lab.fleet.arithmetic import PoolCluster, PoolSize, plan
from lab.fleet.objects import (
    HIVE,
    SINCE,
    annotations,
    condition,
    deleting,
    finalizers,
    merge,
    pool_reference,
    set_finalizers,
    set_status,
    since,
    stamp,
    status,
    with_conditions,
)

FINALIZER = "hive.openshift.io/clusters"
RELEASED = "hive.openshift.io/remove-cluster-from-pool"
CLUSTER_SET = "cluster.open-cluster-management.io/clusterset"


def clusters_of(cluster: Cluster, namespace: str, pool: str) -> list[Manifest]:
    """Return the ClusterDeployments of a pool."""
    found = cluster.find(HIVE, "ClusterDeployment")
    place = (namespace, pool)
    return [c for c in found if (pool_reference(c).get("namespace"), pool_reference(c).get("poolName")) == place]


def seen(deployment: Manifest) -> PoolCluster:
    """Return a ClusterDeployment as the arithmetic sees it."""
    return PoolCluster(
        name=deployment["metadata"]["name"],
        order=since(deployment) if not deployment["spec"].get("installed") else _made(deployment),
        installed=bool(deployment["spec"].get("installed")),
        running=status(deployment).get("powerState") == "Running",
        claim=pool_reference(deployment).get("claimName"),
        deleting=deleting(deployment),
        released=RELEASED in annotations(deployment),
    )


def _made(deployment: Manifest) -> float:
    return float(annotations(deployment).get("lab.spillway.io/made", "0"))


def reconcile(cluster: Cluster, say: Callable[[str], None]) -> None:
    """Bring every pool one step on."""
    for pool in cluster.find(HIVE, "ClusterPool"):
        name, namespace = pool["metadata"]["name"], pool["metadata"]["namespace"]
        deployments = clusters_of(cluster, namespace, name)
        if deleting(pool):
            _delete(cluster, pool, deployments, say)
            continue
        set_finalizers(cluster, pool, dict.fromkeys([*finalizers(pool), FINALIZER]))
        missing = _missing(cluster, pool)
        if not missing:
            _step(cluster, pool, deployments, say)
        _report(cluster, pool, deployments, missing)


def _step(cluster: Cluster, pool: Manifest, deployments: list[Manifest], say: Callable[[str], None]) -> None:
    spec, name, namespace = pool["spec"], pool["metadata"]["name"], pool["metadata"]["namespace"]
    taken = {pool_reference(d).get("claimName") for d in deployments}
    pending = [
        claim["metadata"]["name"]
        for claim in sorted(cluster.find(HIVE, "ClusterClaim", namespace), key=_age)
        if claim["spec"]["clusterPoolName"] == name and claim["metadata"]["name"] not in taken and not deleting(claim)
    ]
    numbers = PoolSize(spec["size"], spec.get("runningCount", 0), spec.get("maxSize"), spec.get("maxConcurrent"))
    todo = plan(numbers, [seen(deployment) for deployment in deployments], pending)
    by_name = {deployment["metadata"]["name"]: deployment for deployment in deployments}
    for claim, given in todo.assign:
        reference = {"claimName": claim, "claimedTimestamp": stamp()}
        merge(cluster, by_name[given], {"spec": {"clusterPoolRef": reference, "powerState": "Running"}})
        say(f"{given} given to claim {claim}")
    given_away = {given for _, given in todo.assign}
    for found, deployment in by_name.items():
        state = seen(deployment)
        if state.installed and not state.claim and not state.deleting and found not in given_away:
            wanted = "Running" if found in todo.run else "Hibernating"
            if deployment["spec"].get("powerState") != wanted:
                merge(cluster, deployment, {"spec": {"powerState": wanted}})
    for found in todo.delete:
        cluster.delete(HIVE, "ClusterDeployment", found, found)
        say(f"{found} is being removed from AWS")
    for _ in range(todo.add):
        say(f"{_add(cluster, pool)} is being installed")


def _age(claim: Manifest) -> tuple[str, str]:
    return claim["metadata"]["creationTimestamp"], claim["metadata"]["name"]


def _add(cluster: Cluster, pool: Manifest) -> str:
    """Create a cluster: a namespace and a ClusterDeployment of the same name."""
    metadata, spec = pool["metadata"], pool["spec"]
    suffix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(5))
    name = f"{metadata['name']}-{suffix}"
    labels = {"hive.openshift.io/cluster-pool-name": metadata["name"]}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    set_label = {CLUSTER_SET: metadata.get("labels", {}).get(CLUSTER_SET)}
    cluster.create(
        {
            "apiVersion": HIVE,
            "kind": "ClusterDeployment",
            "metadata": {
                "name": name,
                "namespace": name,
                "finalizers": ["hive.openshift.io/deprovision"],
                "labels": {
                    **(spec.get("labels") or {}),
                    # ACM copies the set's label from the pool's metadata, to clusters that nobody has claimed too.
                    **{key: value for key, value in set_label.items() if value},
                    "hive.openshift.io/clusterpool-name": metadata["name"],
                    "hive.openshift.io/clusterpool-namespace": metadata["namespace"],
                },
                "annotations": {SINCE: stamp()},
            },
            "spec": {
                "clusterName": name,
                "baseDomain": spec["baseDomain"],
                "platform": {
                    "aws": {
                        "region": spec["platform"]["aws"]["region"],
                        "credentialsSecretRef": {"name": f"{name}-aws-creds"},
                    }
                },
                "clusterPoolRef": {"namespace": metadata["namespace"], "poolName": metadata["name"]},
                "installed": False,
            },
        }
    )
    return name


def _missing(cluster: Cluster, pool: Manifest) -> list[str]:
    spec, namespace = pool["spec"], pool["metadata"]["namespace"]
    wanted = [("v1", "Secret", spec["platform"]["aws"]["credentialsSecretRef"]["name"], namespace)]
    wanted.append((HIVE, "ClusterImageSet", spec["imageSetRef"]["name"], None))
    for key in ("pullSecretRef", "installConfigSecretTemplateRef"):
        if spec.get(key):
            wanted.append(("v1", "Secret", spec[key]["name"], namespace))
    return [f"{kind} {name}" for version, kind, name, place in wanted if not cluster.get(version, kind, name, place)]


def _report(cluster: Cluster, pool: Manifest, deployments: list[Manifest], missing: list[str]) -> None:
    free = [c for c in map(seen, deployments) if not c.claim and not c.deleting]
    maximum = pool["spec"].get("maxSize")
    full = maximum is not None and len(deployments) >= maximum
    set_status(
        cluster,
        pool,
        {
            "size": len(free),
            "standby": sum(c.installed and not c.running for c in free),
            "ready": sum(c.installed and c.running for c in free),
            "conditions": with_conditions(
                pool,
                MissingDependencies=("True", "Missing") if missing else ("False", "Verified"),
                CapacityAvailable=("False", "MaxCapacity") if full else ("True", "Available"),
            ),
        },
    )


def _delete(cluster: Cluster, pool: Manifest, deployments: list[Manifest], say: Callable[[str], None]) -> None:
    for deployment in deployments:
        state = seen(deployment)
        if not state.deleting and (state.released or not state.claim):
            cluster.delete(HIVE, "ClusterDeployment", state.name, state.name)
            say(f"{state.name} is being removed from AWS")
    if not deployments:
        set_finalizers(cluster, pool, [name for name in finalizers(pool) if name != FINALIZER])
    elif condition(pool, "DeletionPossible").get("status") != "False":
        waiting = with_conditions(pool, DeletionPossible=("False", "ClusterDeploymentsPendingCleanup"))
        set_status(cluster, pool, {"conditions": waiting})
