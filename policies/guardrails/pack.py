"""The rules as CrossGuard policies."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pulumi_policy import (
    Policy,
    PolicyConfigSchema,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from .model import UNKNOWN, Resource, Rule
from .rules import RULES

PACK = "spillway-guardrails"


def policies() -> list[Policy]:
    """Return one policy a rule."""
    return [_policy(rule) for rule in RULES]


def plain(value: Any) -> Any:
    """Take a value out of the SDK's proxies, which raise an error where it is unknown, and would make it advisory."""
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value)
        return {key: _entry(entries, key) for key in entries}
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return [_entry(value, index) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _entry(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def _resource(found: ResourceValidationArgs | PolicyResource) -> Resource:
    related: Iterable[PolicyResource] = ()
    if isinstance(found, PolicyResource):
        related = [*found.dependencies, *(one for many in found.property_dependencies.values() for one in many)]
    return Resource(
        urn=found.urn,
        type=found.resource_type,
        name=found.name,
        props=plain(found.props),
        cluster=_cluster(found.provider),
        protect=found.opts.protect,
        delete_before_replace=bool(found.opts.delete_before_replace),
        dependencies=frozenset(resource.urn for resource in related),
    )


def _cluster(provider: PolicyProviderResource | None) -> str:
    return str(plain(provider.props).get("context") or provider.name) if provider else ""


def _policy(rule: Rule) -> Policy:
    about: dict[str, Any] = {
        "name": rule.name,
        "description": rule.why,
        "config_schema": PolicyConfigSchema(
            properties={key: cast(Any, dict(schema)) for key, schema in rule.schema.items()}, required=list(rule.schema)
        ),
        "severity": Severity(rule.severity),
        "tags": [rule.subject],
        "remediation_steps": rule.remedy,
        "url": rule.url,
    }

    def one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if rule.looks_at(args.resource_type):
            for finding in rule.judge([_resource(args)], plain(args.get_config())):
                report(finding.message, finding.urn)

    def all_(args: StackValidationArgs, report: ReportViolation) -> None:
        for finding in rule.judge([_resource(resource) for resource in args.resources], plain(args.get_config())):
            report(finding.message, finding.urn)

    if rule.each:
        return ResourceValidationPolicy(validate=one, **about)
    return StackValidationPolicy(validate=all_, **about)
