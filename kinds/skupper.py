"""Skupper (skupperproject/skupper): version 2's kinds `skupper.io/v2alpha1`, and version 1's ConfigMap and Secrets.

Version 2: `pkg/apis/skupper/v2alpha1/types.go`. Version 1 has no kinds of its own: a site is a ConfigMap, a link is a
Secret, a service is annotations (1.9, `pkg/site/site.go`, `api/types/types.go`).
"""

from typing import ClassVar, Literal

from pydantic import Field

from kinds.base import Part, Spec

API_VERSION = "skupper.io/v2alpha1"

# Version 1. The site controller looks for this name only.
SITE_CONFIG_MAP = "skupper-site"
TYPE_LABEL = "skupper.io/type"
TOKEN_REQUEST, TOKEN = "connection-token-request", "connection-token"
COST_ANNOTATION = "skupper.io/cost"
# Version 2. The certificate authority that the controller makes for a site's links.
SITE_CA = "skupper-site-ca"


class SiteSpec(Spec):
    """A site; one for each namespace. Sites that accept no links have `linkAccess` none, which is written out."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "Site"

    link_access: Literal["none", "default", "route", "loadbalancer"]
    edge: bool
    settings: dict[str, str] | None = None


class AccessGrantSpec(Spec):
    """Permission to redeem tokens. Upstream writes defaults into the spec, so both are always written here."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "AccessGrant"

    redemptions_allowed: int
    expiration_window: str


class CertificateSpec(Spec):
    """A certificate that the controller issues into a Secret of the same name, valid for five years."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "Certificate"

    ca: str
    subject: str
    client: bool


class ConnectorSpec(Spec):
    """Binds pods to a routing key. With a selector it follows the pods; a `host` would never be withdrawn (#2078)."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "Connector"

    routing_key: str
    port: int
    selector: str


class ListenerSpec(Spec):
    """Makes a Service for a routing key. The Service's name is `host`; its port has the listener's own name."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "Listener"

    routing_key: str
    host: str
    port: int


class WeightedStrategy(Part):
    """Each new connection goes to a key by chance, in proportion to the weights of those that can be reached."""

    routing_keys: dict[str, int]


class PriorityStrategy(Part):
    """All connections go to the first key that can be reached."""

    routing_keys: list[str]


class Strategy(Part):
    """How keys are chosen: by exactly one of the two, and which one it is, is immutable."""

    weighted: WeightedStrategy | None = None
    priority: PriorityStrategy | None = None


class MultiKeyListenerSpec(Spec):
    """Makes a Service for several routing keys (2.2.0 or newer)."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "MultiKeyListener"

    host: str
    port: int
    strategy: Strategy


class SiteConfig(Part):
    """The data of version 1's ConfigMap: all values are texts.

    `router-logging` is the only one that is read again after the site has been made (`cmd/site-controller`,
    `checkSite`); the others are read once.
    """

    name: str | None = None
    ingress: Literal["none", "route", "loadbalancer"] | None = None
    router_mode: Literal["interior", "edge"] = Field(serialization_alias="router-mode")
    router_logging: str | None = Field(default=None, serialization_alias="router-logging")
    console: bool
    flow_collector: bool = Field(serialization_alias="flow-collector")
    console_authentication: Literal["internal"] | None = Field(
        default=None, serialization_alias="console-authentication"
    )

    def data(self) -> dict[str, str]:
        """Return the ConfigMap's data."""
        return {key: str(value).lower() if value in (True, False) else value for key, value in self.render().items()}


READ_ONCE = tuple(
    field.serialization_alias or name for name, field in SiteConfig.model_fields.items() if name != "router_logging"
)
