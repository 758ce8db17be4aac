"""The application on the hub."""

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Namespace

from components.custom import custom_resource, metadata
from kinds.route import RoutePort, RouteSpec, RouteTarget
from settings import Workload as WorkloadSettings


def skupper_annotations(args: WorkloadSettings) -> dict[str, str]:
    """Return the annotations by which Skupper 1 exposes a Deployment and makes its Service."""
    return {"skupper.io/address": args.name, "skupper.io/port": str(args.port), "skupper.io/proxy": "http"}


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
    """

    def __init__(self, name: str, args: WorkloadSettings, *, opts: pulumi.ResourceOptions | None = None):
        super().__init__("spillway:index:Workload", name, None, opts)
        selector = {"app": args.name}
        self.namespace = Namespace(
            f"{name}-namespace", metadata=metadata(args.namespace), opts=pulumi.ResourceOptions(parent=self)
        )
        deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata(
                args.name,
                args.namespace,
                labels={"app.kubernetes.io/instance": args.name},
                annotations=skupper_annotations(args),
            ),
            spec={
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {"labels": selector},
                    "spec": {
                        "containers": [
                            {
                                "name": args.name,
                                "image": args.image,
                                "ports": [{"container_port": args.port}],
                                "resources": {
                                    "requests": args.requests.model_dump(),
                                    "limits": args.limits.model_dump(),
                                },
                            }
                        ]
                    },
                },
            },
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployment], delete_before_replace=True),
        )
        custom_resource(
            f"{name}-route",
            # Skupper 1 names the Service's ports port<number>.
            RouteSpec(port=RoutePort(target_port=f"port{args.port}"), to=RouteTarget(name=args.name)),
            metadata(
                args.name,
                args.namespace,
                labels={
                    "app": args.name,
                    "app.kubernetes.io/component": args.name,
                    "app.kubernetes.io/instance": args.name,
                },
            ),
            parent=self,
            depends_on=[deployment],
        )
        self.register_outputs({})
