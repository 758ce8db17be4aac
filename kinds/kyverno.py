"""Kyverno's policy types: `policies.kyverno.io/v1` (kyverno/kyverno, `api/policies.kyverno.io`)."""

from typing import ClassVar, Literal

from kinds.base import LabelSelector, Part, Spec

API_VERSION = "policies.kyverno.io/v1"


class Expression(Part):
    """A named CEL expression: a variable or a condition."""

    name: str
    expression: str


class ResourceRule(Part):
    """Which requests reach the policy, as in an admission webhook."""

    api_groups: list[str]
    api_versions: list[str]
    resources: list[str]
    resource_names: list[str] | None = None
    operations: list[Literal["CREATE", "UPDATE", "DELETE"]] | None = None


class MatchConstraints(Part):
    """The resources that a policy looks at; the selector is by labels of their namespace."""

    resource_rules: list[ResourceRule]
    namespace_selector: LabelSelector | None = None


class Switch(Part):
    """An `enabled` flag."""

    enabled: bool


class Evaluation(Part):
    """When a GeneratingPolicy runs, and what becomes of what it made."""

    synchronize: Switch
    generate_existing: Switch
    orphan_downstream_on_policy_delete: Switch


class WebhookConfiguration(Part):
    """How the API server asks Kyverno; whoever sets it gets a webhook of its own."""

    timeout_seconds: int


class Template(Part):
    """A manifest as text, with `(( expression ))` placeholders."""

    interpolate: Literal["cel"] = "cel"
    value: str


class Generation(Part):
    """One object to generate."""

    template: Template


class GeneratingPolicySpec(Spec):
    """Creates objects when a matching request comes by."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "GeneratingPolicy"

    evaluation: Evaluation
    webhook_configuration: WebhookConfiguration
    match_constraints: MatchConstraints
    match_conditions: list[Expression]
    variables: list[Expression]
    generate: list[Generation]


class DeletingPolicySpec(Spec):
    """Deletes matching objects on a schedule."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "DeletingPolicy"

    schedule: str
    match_constraints: MatchConstraints
    conditions: list[Expression]


class MutatingEvaluation(Part):
    """When a MutatingPolicy runs: `mutateExisting` on objects that are there, `background` for reports only."""

    mutate_existing: Switch
    background: Switch


class JsonPatch(Part):
    """An expression whose value is a list of `JSONPatch` operations."""

    expression: str


class Mutation(Part):
    """One change of a target."""

    patch_type: Literal["JSONPatch"] = "JSONPatch"
    json_patch: JsonPatch


class MutatingPolicySpec(Spec):
    """Changes objects that exist when a matching request comes by; in conditions of targets, `object` is the target.

    `failurePolicy` says what becomes of such a request while Kyverno is down; upstream's default is to refuse it.
    """

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "MutatingPolicy"

    failure_policy: Literal["Ignore", "Fail"]
    evaluation: MutatingEvaluation
    match_constraints: MatchConstraints
    match_conditions: list[Expression]
    variables: list[Expression]
    target_match_constraints: MatchConstraints
    target_match_conditions: list[Expression]
    mutations: list[Mutation]
