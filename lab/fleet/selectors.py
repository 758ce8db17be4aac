"""Kubernetes' label selectors (apimachinery, pkg/apis/meta/v1, LabelSelectorAsSelector)."""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether labels match a selector; an empty one matches everything.

    Raises:
        LookupError: an operator that Kubernetes does not know.
    """
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    expressions: list[Mapping[str, Any]] = selector.get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression["operator"], expression["key"], expression.get("values") or [], labels)
        for expression in expressions
    )


def _holds(operator: str, key: str, values: list[str], labels: Mapping[str, str]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            raise LookupError(f"no such operator of a label selector: {operator}")
