"""The application on the hub."""

from typing import Any, Literal, cast

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgsDict
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Namespace

from components.custom import custom_resource, metadata
from components.skupper_service import deployment_annotations, service_port_name
from kinds.route import RoutePort, RouteSpec, RouteTarget
from settings import MeshApplication
from settings import Workload as WorkloadSettings


def deployment_spec(args: WorkloadSettings | MeshApplication, replicas: int | None = None) -> dict[str, Any]:
    """Return the Deployment's spec; without `replicas` an autoscaler sets them.

    A pod is ready when it takes connections on its port: Skupper sends it some at once.
    """
    selector = {"app": args.name}
    container: dict[str, Any] = {
        "name": args.name,
        "image": args.image,
        "ports": [{"containerPort": args.port}],
        "readinessProbe": {"tcpSocket": {"port": args.port}, "periodSeconds": 5},
        "resources": {"requests": args.requests.model_dump(), "limits": args.limits.model_dump()},
    }
    pod = {"containers": [container], "terminationGracePeriodSeconds": args.termination_grace_period}
    return {
        **({} if replicas is None else {"replicas": replicas}),
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": dict(selector)}, "spec": pod},
    }


def deployment_labels(args: WorkloadSettings) -> dict[str, str]:
    """Return the Deployment's labels."""
    return {"app.kubernetes.io/instance": args.name}


def route_spec(args: WorkloadSettings, skupper: Literal[1, 2]) -> RouteSpec:
    """Return the Route to the Service that Skupper makes."""
    port = service_port_name(skupper, args.name, args.port)
    return RouteSpec(port=RoutePort(target_port=port), to=RouteTarget(name=args.name))


def route_labels(args: WorkloadSettings) -> dict[str, str]:
    """Return the Route's labels."""
    return {
        "app": args.name,
        "app.kubernetes.io/component": args.name,
        "app.kubernetes.io/instance": args.name,
    }


class Workload(pulumi.ComponentResource):
    """The sample application with its autoscaler and its address.

    Pulumi type: `spillway:index:Workload`. Creates a Namespace, a Deployment, a HorizontalPodAutoscaler
    (`autoscaling/v2`) and a Route (openshift/api, `route/v1`). The Service is Skupper's: it spreads the requests over
    the pods of all linked clusters.

    The number of replicas is the autoscaler's and is never written. The autoscaler waits before it scales down, so that
    the burst cluster's taking over does not make the hub's replicas swing.

    Args:
        name: Pulumi's logical name.
        args: image, port, resources and the autoscaler's bounds.
        skupper: Skupper's version, which decides how the application is exposed and how the Service's port is named.
    """

    def __init__(
        self,
        name: str,
        args: WorkloadSettings,
        *,
        skupper: Literal[1, 2],
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:Workload", name, None, opts)
        self.namespace = Namespace(
            f"{name}-namespace", metadata=metadata(args.namespace), opts=pulumi.ResourceOptions(parent=self)
        )
        self.deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata(
                args.name,
                args.namespace,
                labels=deployment_labels(args),
                annotations=deployment_annotations(skupper, args.name, args.port, "http"),
            ),
            spec=cast(DeploymentSpecArgsDict, deployment_spec(args)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.namespace], delete_before_replace=True),
        )
        HorizontalPodAutoscaler(
            f"{name}-autoscaler",
            metadata=metadata(args.name, args.namespace),
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": args.name},
                "min_replicas": args.min_replicas,
                "max_replicas": args.max_replicas,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {
                            "name": "cpu",
                            "target": {"type": "Utilization", "average_utilization": args.target_cpu},
                        },
                    }
                ],
                "behavior": {"scale_down": {"stabilization_window_seconds": args.scale_down_stabilization}},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.deployment], delete_before_replace=True),
        )
        custom_resource(
            f"{name}-route",
            route_spec(args, skupper),
            metadata(args.name, args.namespace, labels=route_labels(args)),
            parent=self,
            depends_on=[self.deployment],
        )
        self.register_outputs({})
