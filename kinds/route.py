"""OpenShift's Route: `route.openshift.io/v1` (openshift/api)."""

from typing import ClassVar, Literal

from kinds.base import Part, Spec


class RoutePort(Part):
    """The name of a port of the target Service."""

    target_port: str


class RouteTarget(Part):
    """Where the Route sends its requests."""

    kind: Literal["Service"] = "Service"
    name: str
    weight: int = 100


class RouteSpec(Spec):
    """An address of the cluster's ingress for one Service."""

    api_version: ClassVar[str] = "route.openshift.io/v1"
    kind: ClassVar[str] = "Route"

    port: RoutePort
    to: RouteTarget
    wildcard_policy: Literal["None"] = "None"
