"""Every field of `kinds/` exists upstream with a compatible type.

Guards against a field that the API server would silently prune: a misspelt `maxSize` is a pool without a limit.
Does not prove that the values mean what we think.
"""

import importlib
import pkgutil
import types
import typing
from typing import Any

import pytest

import kinds
from kinds.base import Part, Spec
from tests.conformance.upstream import needs_crds, schemas

JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}


def all_specs() -> list[type[Spec]]:
    for module in pkgutil.iter_modules(kinds.__path__):
        importlib.import_module(f"kinds.{module.name}")
    return sorted(Spec.__subclasses__(), key=lambda spec: spec.__name__)


def mismatches(annotation: Any, schema: dict[str, Any], path: str) -> list[str]:
    """Compare a type with a schema; returns the paths that do not fit."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return []
    if origin in (typing.Union, types.UnionType):
        return [m for a in arguments if a is not type(None) for m in mismatches(a, schema, path)]
    if origin is typing.Literal:
        refused = [v for v in arguments if "enum" in schema and v not in schema["enum"]]
        return [f"{path}: {v!r} is not in {schema['enum']}" for v in refused] + mismatches(
            type(arguments[0]), schema, path
        )
    if origin is list:
        if schema.get("type") != "array":
            return [f"{path}: upstream has {schema.get('type')}, not array"]
        return mismatches(arguments[0], schema["items"], f"{path}[]")
    if origin is dict:
        return [] if schema.get("type") == "object" else [f"{path}: upstream has {schema.get('type')}, not object"]
    if isinstance(annotation, type) and issubclass(annotation, Part):
        found: list[str] = []
        properties = schema.get("properties", {})
        for field in annotation.model_fields.values():
            key = field.serialization_alias or ""
            if key not in properties:
                found.append(f"{path}.{key}: upstream has no such field")
            else:
                found += mismatches(field.annotation, properties[key], f"{path}.{key}")
        return found
    expected = JSON_TYPES[annotation]
    if schema.get("x-kubernetes-int-or-string") and annotation in (int, str):
        return []
    return [] if schema.get("type") == expected else [f"{path}: upstream has {schema.get('type')}, not {expected}"]


@needs_crds
@pytest.mark.parametrize("spec", all_specs(), ids=lambda spec: spec.__name__)
def test_fields_exist_upstream(spec: type[Spec]) -> None:
    if spec.api_version.startswith("monitoring.coreos.com") and (spec.api_version, spec.kind) not in schemas():
        pytest.skip("prometheus-operator's CRDs are not in ../shared/crds")
    schema = schemas()[spec.api_version, spec.kind]
    assert mismatches(spec, schema["properties"]["spec"], spec.kind) == []


@needs_crds
def test_the_walk_sees_a_misspelt_field_and_a_wrong_type() -> None:
    class Misspelt(Spec):
        """A pool as somebody might mistype it."""

        api_version = "hive.openshift.io/v1"
        kind = "ClusterPool"
        max_sise: int
        size: str

    schema = schemas()[Misspelt.api_version, Misspelt.kind]["properties"]["spec"]
    assert mismatches(Misspelt, schema, "ClusterPool") == [
        "ClusterPool.maxSise: upstream has no such field",
        "ClusterPool.size: upstream has integer, not string",
    ]
