"""The hub's site in the Skupper network, and its token for the burst clusters."""

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret

from components.custom import metadata
from components.operator import Operator
from settings import Interconnect as InterconnectSettings

# The site controller looks for this name only.
SITE_CONFIG_MAP = "skupper-site"
TOKEN_TYPE_LABEL = "skupper.io/type"


class SkupperSite(pulumi.ComponentResource):
    """A Skupper 1 site that other clusters can link to, and a token for them.

    Pulumi type: `spillway:index:SkupperSite`. Creates the ConfigMap `skupper-site` (skupperproject/skupper 1.9,
    `pkg/site/site.go`) and a Secret that asks for a token. Skupper fills the Secret with a certificate and turns its
    label into `connection-token`; the component ends when that has happened, because a request that reached another
    cluster unfilled would be answered there, with a token to itself.

    Traps: the site's identity is the ConfigMap's UID. Replacing it breaks every link for good, and all keys but the
    logging ones are read once, when the site is made. Hence it is protected from replacement by ignoring its data.
    The token's label and data belong to Skupper: writing the request label again would make a new certificate.

    Args:
        name: Pulumi's logical name.
        args: namespace, name of the site and of the token.
        operator: the Skupper operator.
        namespace: the application's namespace, which holds the site.
    """

    def __init__(
        self,
        name: str,
        args: InterconnectSettings,
        *,
        operator: Operator,
        namespace: Namespace,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperSite", name, None, opts)
        site = ConfigMap(
            f"{name}-config",
            metadata=metadata(SITE_CONFIG_MAP, args.namespace),
            data={"name": args.site},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*operator.ready, namespace],
                delete_before_replace=True,
                ignore_changes=["data"],
            ),
        )
        self.token = Secret(
            f"{name}-token",
            metadata=metadata(
                args.token,
                args.namespace,
                labels={TOKEN_TYPE_LABEL: "connection-token-request"},
                wait_for=[f"jsonpath={{.metadata.labels['{TOKEN_TYPE_LABEL}']}}=connection-token"],
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[site],
                delete_before_replace=True,
                ignore_changes=["metadata.labels", "data", "type"],
            ),
        )
        self.register_outputs({})
