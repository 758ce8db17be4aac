"""Weights that follow the pods: a Kyverno policy keeps a MultiKeyListener's weights equal to the pods of each key.

What was read in Skupper 2.2 and Kyverno 1.19, and run on Kyverno, decides its form:

- Every Site's status lists the connectors of the whole network, one for each pod and router, by the pod's address
  (`internal/network/network.go`). So equal ones are counted once: a site with two routers would count double.
- The policy looks the Site up when it works an event off, which may be much later. But the event comes before the API
  server has stored the change, so the Site may still be the old one: then its resourceVersion is that of the event, and
  the event's own object is taken.
- Targets by rules and not by expression: only those are looked at again every hour. That makes up for events that are
  lost while Kyverno is down, as does the next time that Skupper writes the status. Kyverno looks at its start too, but
  may do so before it has compiled the policy, and then does nothing and says nothing.
- Nothing is written while the weights are right: Kyverno compares before it writes.
- While Kyverno is down its webhook must let the Site's status pass: with the default Skupper could not write it.
- The map is replaced in one piece, so that a cluster without pods leaves it; if none has pods the weights stay as they
  are, for the map must have a key and none of them can be reached.
"""

from collections.abc import Sequence

import pulumi

from components.cel import cel_text
from components.custom import custom_resource, metadata
from components.kyverno import SEES, Kyverno, Permission
from components.skupper_service import WEIGHTS, SkupperService
from kinds.kyverno import (
    Expression,
    JsonPatch,
    MatchConstraints,
    MutatingEvaluation,
    MutatingPolicySpec,
    Mutation,
    ResourceRule,
    Switch,
)
from kinds.skupper import API_VERSION

GROUP, VERSION = API_VERSION.split("/")


def _pods(key: str) -> str:
    """Return the expression that counts the pods of a routing key."""
    of_key = f"variables.services.filter(s, s.routingKey == {cel_text(key)} && has(s.connectors))"
    return f"{of_key}.map(s, s.connectors.distinct().size()).sum()"


def _weight(key: str) -> str:
    """Return the entry of a routing key, which is left out if it has no pods."""
    pods = f"variables.pods[{cel_text(key)}]"
    return f"?{cel_text(key)}: {pods} > 0 ? optional.of({pods}) : optional.none()"


def weights_policy(listener: str, namespace: str, site: str, keys: Sequence[str]) -> MutatingPolicySpec:
    """Return the policy that keeps a listener's weights equal to the pods of its routing keys.

    Args:
        listener: name of the MultiKeyListener.
        namespace: of the listener and of the site.
        site: name of the site, whose status tells the network's connectors.
        keys: the routing keys that the listener may lead to.
    """
    here = f"object.metadata.namespace == {cel_text(namespace)}"
    get = f"dyn(resource.Get({cel_text(API_VERSION)}, 'sites', {cel_text(namespace)}, {cel_text(site)}))"
    network = "variables.site.status.network"
    return MutatingPolicySpec(
        failure_policy="Ignore",
        evaluation=MutatingEvaluation(mutate_existing=Switch(enabled=True), background=Switch(enabled=False)),
        match_constraints=MatchConstraints(
            resource_rules=[
                ResourceRule(
                    api_groups=[GROUP],
                    api_versions=[VERSION],
                    resources=["sites/status"],
                    resource_names=[site],
                    operations=["UPDATE"],
                )
            ]
        ),
        match_conditions=[Expression(name="this-namespace", expression=here)],
        variables=[
            Expression(name="stored", expression=get),
            Expression(
                name="site",
                expression="variables.stored.metadata.resourceVersion == dyn(request.object).metadata.resourceVersion"
                " ? dyn(request.object) : variables.stored",
            ),
            Expression(
                name="services",
                expression=f"has(variables.site.status) && has({network})"
                f" ? {network}.filter(n, has(n.services)).map(n, n.services).flatten() : []",
            ),
            Expression(name="pods", expression="{" + ", ".join(f"{cel_text(k)}: {_pods(k)}" for k in keys) + "}"),
            Expression(name="weights", expression="{" + ", ".join(map(_weight, keys)) + "}"),
        ],
        target_match_constraints=MatchConstraints(
            resource_rules=[
                ResourceRule(
                    api_groups=[GROUP],
                    api_versions=[VERSION],
                    resources=["multikeylisteners"],
                    resource_names=[listener],
                    operations=["UPDATE"],
                )
            ]
        ),
        target_match_conditions=[
            Expression(name="this-namespace", expression=here),
            Expression(name="some-pods", expression="variables.weights.size() > 0"),
        ],
        mutations=[
            Mutation(
                json_patch=JsonPatch(
                    expression="[JSONPatch{op: 'add', path: '/"
                    + WEIGHTS.replace(".", "/")
                    + "', value: variables.weights}]"
                )
            )
        ],
    )


def weights_permissions(listener: str, site: str) -> dict[str, list[Permission]]:
    """Return what Kyverno's controllers may do for the policy: found by taking every permission away in turn.

    A list cannot be limited to names.
    """
    return {
        "background-controller": [
            Permission(GROUP, ["sites"], ["get"], [site]),
            Permission(GROUP, ["multikeylisteners"], ["list"]),
            Permission(GROUP, ["multikeylisteners"], ["get", "update"], [listener]),
        ]
    }


class SkupperWeights(pulumi.ComponentResource):
    """Keeps the weights of an application's MultiKeyListener equal to the pods of each cluster.

    Pulumi type: `spillway:index:SkupperWeights`. Creates a MutatingPolicy (kyverno/kyverno,
    `api/policies.kyverno.io/v1`) and a ClusterRole for Kyverno's background controller. Each pod then gets the same
    share of new connections, however many an autoscaler makes.

    The weights are the numbers of pods and no percentages: only the scaled cluster's changes, so that the listener's
    socket stays open. A cluster without pods is left out.

    Traps: the weights are not the program's any more, which must ignore them. The ClusterRole reaches Kyverno by the
    label `app.kubernetes.io/instance`, the name of its Helm release.

    Args:
        name: Pulumi's logical name.
        service: the application's listener, with the routing keys of all clusters that may serve it.
        kyverno: Kyverno on the listener's cluster.

    Raises:
        ValueError: the service has no weights.
    """

    def __init__(
        self,
        name: str,
        *,
        service: SkupperService,
        kyverno: Kyverno,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperWeights", name, None, opts)
        if not service.listener or not service.args.weights:
            raise ValueError(f"{name}: the service is not reached here by weights")
        listener, site = service.args.name, service.site.args
        policy = f"{listener}-weights"
        roles = kyverno.roles(name, f"spillway:{policy}", weights_permissions(listener, site.name), self)
        custom_resource(
            f"{name}-policy",
            weights_policy(listener, site.namespace, site.name, list(service.args.weights)),
            metadata(policy, wait_for=[SEES]),
            parent=self,
            depends_on=[*roles, *kyverno.ready, service.listener],
        )
        self.register_outputs({})
