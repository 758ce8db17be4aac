"""The application on a cluster of a mesh."""

from typing import Literal, cast

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgsDict

from components.custom import metadata
from components.skupper_service import deployment_annotations
from components.workload import deployment_spec
from settings import MeshApplication as MeshApplicationSettings


class MeshApplication(pulumi.ComponentResource):
    """The sample application with a fixed number of pods.

    Pulumi type: `spillway:index:MeshApplication`. Creates a Deployment and no Service: that is Skupper's.

    Args:
        name: Pulumi's logical name.
        args: name, image, port and resources.
        namespace: where it runs.
        replicas: number of pods; 0 keeps the Deployment and takes the cluster out of the balance.
        version: Skupper's; version 1 exposes it by annotations.
        after: the namespace.
    """

    def __init__(
        self,
        name: str,
        args: MeshApplicationSettings,
        *,
        namespace: str,
        replicas: int,
        version: Literal[1, 2],
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:MeshApplication", name, None, opts)
        self.deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata(
                args.name,
                namespace,
                labels={"app.kubernetes.io/instance": args.name},
                # The article's `skupper expose` takes TCP.
                annotations=deployment_annotations(version, args.name, args.port, "tcp"),
            ),
            spec=cast(DeploymentSpecArgsDict, deployment_spec(args, replicas)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after, delete_before_replace=True),
        )
        self.register_outputs({})
