"""Kyverno's policy types: `policies.kyverno.io/v1` (kyverno/kyverno, `api/policies.kyverno.io`)."""

from typing import ClassVar, Literal

from kinds.base import Part, Spec

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
    operations: list[Literal["CREATE", "UPDATE", "DELETE"]] | None = None


class MatchConstraints(Part):
    """The resources that a policy looks at."""

    resource_rules: list[ResourceRule]


class Switch(Part):
    """An `enabled` flag."""

    enabled: bool


class Evaluation(Part):
    """When a GeneratingPolicy runs, and what becomes of what it made."""

    synchronize: Switch
    generate_existing: Switch
    orphan_downstream_on_policy_delete: Switch


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
