"""Operator Lifecycle Manager: `operators.coreos.com` (operator-framework/api)."""

from typing import ClassVar, Literal

from pydantic import Field

from kinds.base import Spec


class OperatorGroupSpec(Spec):
    """Scopes the operators of a namespace; a namespace may have one OperatorGroup only."""

    api_version: ClassVar[str] = "operators.coreos.com/v1"
    kind: ClassVar[str] = "OperatorGroup"

    target_namespaces: list[str]


class SubscriptionSpec(Spec):
    """Keeps an operator installed from a catalog's channel."""

    api_version: ClassVar[str] = "operators.coreos.com/v1alpha1"
    kind: ClassVar[str] = "Subscription"

    name: str
    source: str
    source_namespace: str
    channel: str
    install_plan_approval: Literal["Automatic", "Manual"]
    # Upstream's capitals are not those of the alias generator.
    starting_csv: str | None = Field(default=None, serialization_alias="startingCSV")


class InstallPlanApproval(Spec):
    """The one field of an InstallPlan that a person may set."""

    api_version: ClassVar[str] = "operators.coreos.com/v1alpha1"
    kind: ClassVar[str] = "InstallPlan"

    approved: Literal[True] = True
