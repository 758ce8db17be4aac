"""Red Hat Advanced Cluster Management (ACM) on the hub."""

import pulumi

from components.custom import custom_resource, metadata
from components.operator import Operator
from kinds.ocm import MultiClusterHubSpec
from settings import MultiClusterHub as MultiClusterHubSettings

# Installing takes 10 to 20 minutes, removing up to 20 (ACM's documentation); the provider's own limit is 10.
TIMEOUT = "45m"


class AdvancedClusterManagement(pulumi.ComponentResource):
    """Runs ACM, and with it Hive, and ends when it is Running.

    Pulumi type: `spillway:index:AdvancedClusterManagement`. Creates a MultiClusterHub
    (stolostron/multiclusterhub-operator, `api/v1/multiclusterhub_types.go`).

    On destroy ACM's webhook refuses while managed clusters exist, and hangs while a ClusterPool exists: everything that
    Hive or ACM reconciles must be gone before.

    Args:
        name: Pulumi's logical name.
        args: name and namespace of the MultiClusterHub.
        operator: the ACM operator.
    """

    def __init__(
        self,
        name: str,
        args: MultiClusterHubSettings,
        *,
        operator: Operator,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:AdvancedClusterManagement", name, None, opts)
        self.hub = custom_resource(
            f"{name}-hub",
            MultiClusterHubSpec(),
            metadata(args.name, args.namespace, wait_for=["jsonpath={.status.phase}=Running"]),
            parent=self,
            depends_on=operator.ready,
            timeout=TIMEOUT,
        )
        self.register_outputs({})
