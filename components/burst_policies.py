"""The Kyverno policies of a burst, as pure functions.

What was found by running Kyverno 1.19 decides their form:

- `deployments/scale`, which the article matches, makes the background controller look up a kind that it cannot find, so
  nothing is ever generated. A change of replicas comes back as an update of the Deployment or of its status.
- Nothing is synchronized. Kyverno would rewrite the claim without the finalizer and the namespace that Hive put there,
  and what it generated is remembered in memory only, so that a release after a restart would release nothing.
- Claims take one of three names (slots). Hive keeps a released claim until AWS is cleaned up; with one name no burst
  could claim meanwhile. The slot is "the live claim if there is one, else the first free name": another event may have
  claimed between the condition and the variables, and racing events must come out with the same name.
- A policy updates what it generated before, even though nothing is synchronized: a plain update, which would strip the
  claim. So none is generated beside a live claim, and Kyverno has no permission to update claims; an event that loses
  the race is refused, tried again, and then finds the live claim.
- Conditions see the object as it was at the event, which may be worked off much later, when Kyverno is back. So the
  Deployment is listed too: an old event must not claim for a load that has gone. A list that is a moment too early does
  no harm, because the change of status that follows is an event as well.
- Conditions that list something are none for a webhook. Kyverno then makes one webhook of all generating policies, by
  which every change of a Deployment anywhere on the hub became a request to each of them, and with every request it
  lists all others (`pkg/controllers/webhook/validating.go`, `pkg/utils/generator`). So each policy has a webhook of its
  own, which it gets for a timeout, and for one namespace.
"""

from dataclasses import dataclass
from typing import Any

import yaml

from components.cel import cel_text
from kinds import hive
from kinds.base import LabelSelector
from kinds.hive import ClusterClaimSpec
from kinds.kyverno import (
    DeletingPolicySpec,
    Evaluation,
    Expression,
    GeneratingPolicySpec,
    Generation,
    MatchConstraints,
    ResourceRule,
    Switch,
    Template,
    WebhookConfiguration,
)
from settings import Burst, Pool, Workload

SLOTS = ("a", "b", "c")
BURST_LABEL = "spillway.io/burst"

# Kubernetes' own default.
WEBHOOK_SECONDS = 10
CLAIM_GROUP, CLAIM_VERSION = hive.API_VERSION.split("/")


@dataclass(frozen=True)
class BurstContext:
    """A burst with the pool and the application that it refers to by name."""

    burst: Burst
    pool: Pool
    workload: Workload

    @property
    def name(self) -> str:
        """The prefix of the burst's claims and policies."""
        return f"{self.pool.name}-{self.burst.name}"

    @property
    def claim_names(self) -> list[str]:
        """The names that claims of this burst may have."""
        return [f"{self.name}-{slot}" for slot in SLOTS]


def _list(api_version: str, plural: str, namespace: str) -> str:
    # `items` has no type that CEL knows, hence dyn.
    return f"dyn(resource.List({cel_text(api_version)}, {cel_text(plural)}, {cel_text(namespace)}).items)"


def _names(context: BurstContext) -> str:
    return "[" + ", ".join(cel_text(name) for name in context.claim_names) + "]"


def _is_workload(context: BurstContext, variable: str) -> str:
    return (
        f"{variable}.metadata.name == {cel_text(context.workload.name)}"
        f" && {variable}.metadata.namespace == {cel_text(context.workload.namespace)}"
    )


def _is_claim(context: BurstContext) -> str:
    return f"object.metadata.namespace == {cel_text(context.pool.place)} && object.metadata.name in {_names(context)}"


def _any_workload(context: BurstContext, replicas: str) -> str:
    deployments = _list("apps/v1", "deployments", context.workload.namespace)
    return f"{deployments}.exists(d, {_is_workload(context, 'd')} && d.spec.replicas {replicas})"


def _workload_above(context: BurstContext) -> str:
    return _any_workload(context, f">= {context.burst.claim_at}")


def _live_claims(context: BurstContext, claims: str) -> str:
    return (
        f"{_names(context)}.filter(n, {claims}.exists(c, c.metadata.name == n && !has(c.metadata.deletionTimestamp)))"
    )


def _claims(context: BurstContext) -> str:
    return _list(hive.API_VERSION, "clusterclaims", context.pool.place)


def claim_manifest(context: BurstContext) -> dict[str, Any]:
    """Return the ClusterClaim; its name is a placeholder that Kyverno fills in."""
    return {
        "apiVersion": ClusterClaimSpec.api_version,
        "kind": ClusterClaimSpec.kind,
        "metadata": {
            "name": "(( variables.slot ))",
            "namespace": context.pool.place,
            "labels": {BURST_LABEL: context.burst.name},
        },
        "spec": ClusterClaimSpec(cluster_pool_name=context.pool.name, lifetime=context.burst.lifetime).render(),
    }


def _generating(
    context: BurstContext, namespace: str, rule: ResourceRule, conditions: list[Expression], *, existing: bool
) -> GeneratingPolicySpec:
    return GeneratingPolicySpec(
        evaluation=Evaluation(
            synchronize=Switch(enabled=False),
            generate_existing=Switch(enabled=existing),
            orphan_downstream_on_policy_delete=Switch(enabled=True),
        ),
        webhook_configuration=WebhookConfiguration(timeout_seconds=WEBHOOK_SECONDS),
        match_constraints=MatchConstraints(
            resource_rules=[rule],
            namespace_selector=LabelSelector(match_labels={"kubernetes.io/metadata.name": namespace}),
        ),
        match_conditions=[
            *conditions,
            Expression(name="still-past-the-threshold", expression=_workload_above(context)),
            Expression(name="no-live-claim", expression=f"{_live_claims(context, _claims(context))}.size() == 0"),
        ],
        variables=[
            Expression(name="claims", expression=_claims(context)),
            Expression(name="live", expression=_live_claims(context, "variables.claims")),
            Expression(
                name="free",
                expression=f"{_names(context)}.filter(n, !variables.claims.exists(c, c.metadata.name == n))",
            ),
            Expression(name="slot", expression="(variables.live + variables.free)[0]"),
        ],
        generate=[Generation(template=Template(value=yaml.safe_dump(claim_manifest(context), sort_keys=False)))],
    )


def claim_policy(context: BurstContext) -> GeneratingPolicySpec:
    """Claim when the application reaches `claimAt`, also if it did before the policy was there."""
    return _generating(
        context,
        context.workload.namespace,
        ResourceRule(
            api_groups=["apps"],
            api_versions=["v1"],
            resources=["deployments", "deployments/status"],
            operations=["CREATE", "UPDATE"],
        ),
        [
            Expression(name="the-application", expression=_is_workload(context, "object")),
            Expression(name="past-the-threshold", expression=f"object.spec.replicas >= {context.burst.claim_at}"),
        ],
        existing=True,
    )


def reclaim_policy(context: BurstContext) -> GeneratingPolicySpec:
    """Claim again when a claim goes while the application is still past `claimAt`.

    While a claim is being released ACM and Hive take their finalizers off it, each of which is an update. So this also
    makes up for an event that came while the release was under way, and for a lifetime that ended under load.
    """
    return _generating(
        context,
        context.pool.place,
        ResourceRule(
            api_groups=[CLAIM_GROUP],
            api_versions=[CLAIM_VERSION],
            resources=["clusterclaims", "clusterclaims/status"],
            operations=["UPDATE"],
        ),
        [
            Expression(name="a-claim-of-this-burst", expression=_is_claim(context)),
            Expression(name="being-released", expression="has(object.metadata.deletionTimestamp)"),
        ],
        existing=False,
    )


def heartbeat_policy(context: BurstContext) -> GeneratingPolicySpec:
    """Claim on any update of the autoscaler's status past `claimAt`.

    Under load that status changes all the time: it makes up for events that were lost while Kyverno was down, which
    its webhooks let pass.
    """
    return _generating(
        context,
        context.workload.namespace,
        ResourceRule(
            api_groups=["autoscaling"],
            api_versions=["v2"],
            resources=["horizontalpodautoscalers/status"],
            operations=["UPDATE"],
        ),
        [
            Expression(name="the-autoscaler", expression=_is_workload(context, "object")),
            Expression(
                name="past-the-threshold", expression=f"object.status.desiredReplicas >= {context.burst.claim_at}"
            ),
        ],
        existing=False,
    )


def release_policy(context: BurstContext) -> DeletingPolicySpec:
    """Release a claim at or below `releaseAt` once it has been held long enough, or when the application is gone."""
    return DeletingPolicySpec(
        schedule=context.burst.schedule,
        match_constraints=MatchConstraints(
            resource_rules=[
                ResourceRule(api_groups=[CLAIM_GROUP], api_versions=[CLAIM_VERSION], resources=["clusterclaims"])
            ]
        ),
        conditions=[
            Expression(name="a-claim-of-this-burst", expression=_is_claim(context)),
            Expression(name="not-yet-released", expression="!has(object.metadata.deletionTimestamp)"),
            Expression(
                name="held-long-enough",
                expression="time.now() - timestamp(object.metadata.creationTimestamp)"
                f" > duration({cel_text(context.burst.minimum_hold)})",
            ),
            Expression(
                name="not-needed",
                expression=f"!({_any_workload(context, f'> {context.burst.release_at}')})",
            ),
        ],
    )
