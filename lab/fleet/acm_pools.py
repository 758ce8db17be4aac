"""Plays ACM's clusterpools-delete-controller (stolostron/clusterclaims-controller, controllers/clusterpools).

Keeps: when a pool is deleted, so are the Secrets that it names (install-config, pull secret, AWS keys), unless another
pool of the namespace names them too; then the pool is let go.
Leaves out: that a namespace with ACM's own label (`managed-by: clusterpools`) goes with its last pool.
"""

from collections.abc import Callable
from typing import Any

from lab.cluster import Cluster
from lab.fleet.objects import HIVE, Thing, things
from lab.fleet.timing import Clock

FINALIZER = "clusterpools-controller.open-cluster-management.io/cleanup"


def reconcile(cluster: Cluster, _clock: Clock, say: Callable[[str], None]) -> None:
    """Mark every pool, and take the Secrets of those that are being deleted."""
    pools = things(cluster, HIVE, "ClusterPool")
    for pool in pools:
        if not pool.deleting:
            pool.set_finalizers([*pool.finalizers, FINALIZER])
        elif FINALIZER in pool.finalizers:
            others = [other for other in pools if other.namespace == pool.namespace and other.name != pool.name]
            for name in sorted(secrets(pool) - {name for other in others for name in secrets(other)}):
                cluster.delete("v1", "Secret", name, pool.namespace)
                say(f"Secret {name} goes with pool {pool.name}")
            pool.set_finalizers(name for name in pool.finalizers if name != FINALIZER)


def secrets(pool: Thing) -> set[str]:
    """Return the names of the Secrets that a pool refers to."""
    references: list[dict[str, Any] | None] = [
        pool.spec.get("installConfigSecretTemplateRef"),
        pool.spec.get("pullSecretRef"),
        pool.spec["platform"]["aws"].get("credentialsSecretRef"),
    ]
    return {reference["name"] for reference in references if reference}
