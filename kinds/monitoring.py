"""Prometheus Operator: `monitoring.coreos.com/v1` (prometheus-operator/prometheus-operator, pkg/apis/monitoring/v1)."""

from typing import ClassVar

from pydantic import Field

from kinds.base import LabelSelector, Part, Spec

API_VERSION = "monitoring.coreos.com/v1"


class AlertingRule(Part):
    """An alert that fires when its expression has held for a time."""

    alert: str
    expr: str
    # Upstream's name is a keyword here.
    for_: str = Field(serialization_alias="for")
    labels: dict[str, str]
    annotations: dict[str, str]


class RuleGroup(Part):
    """Rules that are evaluated together."""

    name: str
    rules: list[AlertingRule]


class PrometheusRuleSpec(Spec):
    """Alerts; OpenShift's Prometheus takes those of namespaces labelled `openshift.io/cluster-monitoring: "true"`."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "PrometheusRule"

    groups: list[RuleGroup]


class Endpoint(Part):
    """A named port of the Services, and how often it is read."""

    port: str
    interval: str


class NamespaceNames(Part):
    """The namespaces of the Services."""

    match_names: list[str]


class ServiceMonitorSpec(Spec):
    """Services that Prometheus reads; it needs the right to list them and their pods."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "ServiceMonitor"

    endpoints: list[Endpoint]
    namespace_selector: NamespaceNames
    selector: LabelSelector
