"""A site of the Skupper network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.helm.v3 import Release

from components.custom import StatusResource, metadata
from kinds.skupper import READ_ONCE, SITE_CONFIG_MAP, SiteConfig, SiteSpec

Access = Literal["none", "default", "route", "loadbalancer"]
# An address from a load balancer may take minutes; without one the site never gets ready.
SITE_TIMEOUT = "15m"
OBSERVER_CHART = "oci://quay.io/skupper/helm/network-observer"


@dataclass(frozen=True)
class SiteArgs:
    """A site, whichever version of Skupper makes it.

    `access` says how links come in, `protect` that the site may not be deleted or replaced. `observer` is the version
    of the console's chart and is used with version 2 and `console` only.
    """

    version: Literal[1, 2]
    name: str
    namespace: str
    access: Access = "default"
    edge: bool = False
    console: bool = False
    router_logging: Literal["info", "warning", "error"] | None = None
    protect: bool = True
    observer: str | None = None


def site_config(args: SiteArgs) -> SiteConfig:
    """Return the settings of a site of version 1; its default for links is a Route on OpenShift, else an address."""
    return SiteConfig(
        name=args.name,
        ingress=None if args.access == "default" else args.access,
        router_mode="edge" if args.edge else "interior",
        router_logging=args.router_logging,
        console=args.console,
        flow_collector=args.console,
        console_authentication="internal" if args.console else None,
    )


def site_spec(args: SiteArgs) -> SiteSpec:
    """Return the spec of a site of version 2."""
    # The CRD's description says routerLogging; the code reads this (2.2.1, `GetRouterLogging`).
    logging = {"router-logging": args.router_logging} if args.router_logging else None
    return SiteSpec(link_access=args.access, edge=args.edge, settings=logging)


def endpoints_of(status: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Return where links to a site go.

    Raises:
        pulumi.RunError: the site has none, so it accepts no links.
    """
    found: list[dict[str, str]] = (status or {}).get("endpoints") or []
    if not found:
        raise pulumi.RunError("the Site has no endpoints in its status: it accepts no links, or has no address yet")
    return found


class SkupperSite(pulumi.ComponentResource):
    """A site in the Skupper network.

    Pulumi type: `spillway:index:SkupperSite`. Creates with version 2 a Site (skupperproject/skupper,
    `pkg/apis/skupper/v2alpha1/types.go`) and ends when it is ready; with a console also a Helm release of the Network
    Observer. With version 1 it creates the ConfigMap `skupper-site` (1.9, `pkg/site/site.go`), whose console and flow
    collector are settings of the site; nothing there tells when the site is up, so its first link waits for it.

    Traps: the site's identity is the object's UID. Replacing it breaks every link for good. So it is protected, and
    Pulumi refuses a change that would replace it: with version 1 that is every setting but the router's logging, as
    Skupper reads the others only once. Who means it takes the protection off first. Versions 1 and 2 cannot talk to
    each other, and their operators differ by the channel only.

    Args:
        name: Pulumi's logical name.
        args: the site.
        after: what must be there first: the controller, the namespace, and addresses for a load balancer. A site of
            version 1 that waits longer than two minutes for an address stays half made (skupperproject/skupper#1638).
    """

    def __init__(
        self,
        name: str,
        args: SiteArgs,
        *,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperSite", name, None, opts)
        self.args = args
        self.endpoints: pulumi.Output[Any] = pulumi.Output.from_input(None)
        if args.version == 1:
            self.site: pulumi.Resource = ConfigMap(
                f"{name}-config",
                metadata=metadata(SITE_CONFIG_MAP, args.namespace),
                data=site_config(args).data(),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=after,
                    delete_before_replace=True,
                    protect=args.protect,
                    replace_on_changes=[f'data["{key}"]' for key in READ_ONCE],
                ),
            )
        else:
            site = StatusResource(
                f"{name}-site",
                site_spec(args),
                metadata(args.name, args.namespace, wait_for=["condition=Ready"]),
                pulumi.ResourceOptions(
                    parent=self,
                    depends_on=after,
                    delete_before_replace=True,
                    protect=args.protect,
                    custom_timeouts=pulumi.CustomTimeouts(create=SITE_TIMEOUT),
                ),
            )
            self.site, self.endpoints = (
                site,
                site.status.apply(endpoints_of) if args.access != "none" else self.endpoints,
            )
            if args.console:
                Release(
                    f"{name}-observer",
                    name="skupper-network-observer",
                    namespace=args.namespace,
                    chart=OBSERVER_CHART,
                    version=args.observer,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[site], delete_before_replace=True),
                )
        self.register_outputs({})
