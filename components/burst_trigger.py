"""The trigger that claims a cluster when a burst begins and gives it back when it is over."""

import pulumi

from components.burst_policies import (
    CLAIM_GROUP,
    BurstContext,
    claim_policy,
    heartbeat_policy,
    reclaim_policy,
    release_policy,
)
from components.cluster_pool import ClusterPool
from components.custom import custom_resource, metadata
from components.kyverno import SEES, Kyverno, Permission

# What each of Kyverno's controllers does for the trigger, hence may do. Found by taking every permission away in turn.
# Kyverno's own roles already let it read what the built-in role `view` shows, hence Deployments and autoscalers, where
# none is listed. Nobody may update a claim: that is Hive's.
PERMISSIONS: dict[str, list[Permission]] = {
    "background-controller": [Permission(CLAIM_GROUP, ["clusterclaims"], ["get", "list", "create"])],
    "cleanup-controller": [
        Permission(CLAIM_GROUP, ["clusterclaims"], ["list", "delete"]),
        Permission("apps", ["deployments"], ["list"]),
    ],
    # It does nothing for the trigger, but Kyverno calls a policy ready only if it could report on what that matches.
    "reports-controller": [
        Permission(CLAIM_GROUP, ["clusterclaims", "clusterclaims/status"], ["get", "list", "watch"])
    ],
}


class BurstTrigger(pulumi.ComponentResource):
    """Claims a cluster of a pool at `claimAt` replicas and releases it at `releaseAt`.

    Pulumi type: `spillway:index:BurstTrigger`. Creates three GeneratingPolicies (claim, claim again, heartbeat), one
    DeletingPolicy (release) and a ClusterRole for each of three controllers of Kyverno (kyverno/kyverno,
    `api/policies.kyverno.io/v1`). One trigger for each tier of burst.

    The claims are not in Pulumi's state: Kyverno makes and releases them, Hive fills them. Deleting the policies
    releases nothing; drain before a destroy.

    Traps: the ClusterRoles reach Kyverno's controllers by the label `app.kubernetes.io/instance`, the name of its Helm
    release. The roles come first, so that a policy that is there can act. A policy misses what happens before Kyverno
    has put it into its webhook, which takes up to ten seconds after Kyverno's start; so each waits for that.

    Args:
        name: Pulumi's logical name.
        context: the burst, its pool and its application.
        kyverno: Kyverno on the hub.
        pool: the component of the pool that is claimed from.
    """

    def __init__(
        self,
        name: str,
        context: BurstContext,
        *,
        kyverno: Kyverno,
        pool: ClusterPool,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:BurstTrigger", name, None, opts)
        roles = kyverno.roles(name, f"spillway:{context.name}", PERMISSIONS, self)
        for purpose, spec, waits in (
            ("claim", claim_policy(context), [SEES]),
            ("reclaim", reclaim_policy(context), [SEES]),
            ("heartbeat", heartbeat_policy(context), [SEES]),
            # It looks by itself, and by a schedule.
            ("release", release_policy(context), []),
        ):
            custom_resource(
                f"{name}-{purpose}",
                spec,
                metadata(f"{context.name}-{purpose}", wait_for=waits),
                parent=self,
                depends_on=[*roles, *kyverno.ready, pool.pool],
            )
        self.register_outputs({})
