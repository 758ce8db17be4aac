"""What all kinds share: a frozen model that renders to the manifest's camelCase."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """A nested object of a spec."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def render(self) -> dict[str, Any]:
        """Return the plain manifest value: camelCase keys, fields that are None left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Spec(Part):
    """The `spec` of a custom resource; the subclass names its kind."""

    api_version: ClassVar[str]
    kind: ClassVar[str]


class LocalReference(Part):
    """A reference to an object by name, in the same namespace or cluster-scoped."""

    name: str


class LabelExpression(Part):
    """One `matchExpressions` entry of a label selector."""

    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(Part):
    """A Kubernetes label selector."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelExpression] | None = None
