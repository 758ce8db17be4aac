"""How an application is reached over the Skupper network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components.custom import custom_resource, metadata
from components.skupper_site import SkupperSite
from kinds.base import Spec
from kinds.skupper import (
    ConnectorSpec,
    ListenerSpec,
    MultiKeyListenerSpec,
    PriorityStrategy,
    Strategy,
    WeightedStrategy,
)

# Where a MultiKeyListener has its weights.
WEIGHTS = "spec.strategy.weighted.routingKeys"


@dataclass(frozen=True)
class ServiceArgs:
    """An application's part in the network at one site.

    Attributes:
        name: of the application's Deployment and of the Service, which Skupper makes where it is reached from.
        port: of both.
        serves: its pods are at this site.
        routing_key: what its pods are known by in the network; the name, or one for each site where they are weighted.
        reached: it is reached from this site.
        weights: pods for each routing key to begin with; empty: no weights, connections go by load and link cost.
        priority: routing keys, of which the first that can be reached gets all connections; empty: no priority.
    """

    name: str
    port: int
    serves: bool
    routing_key: str
    reached: bool
    weights: Mapping[str, int] = field(default_factory=dict[str, int])
    priority: Sequence[str] = ()


def deployment_annotations(
    version: Literal[1, 2], name: str, port: int, protocol: Literal["tcp", "http"]
) -> dict[str, str]:
    """Return the annotations by which version 1 exposes a Deployment; version 2 has none."""
    if version == 2:
        return {}
    return {"skupper.io/address": name, "skupper.io/port": str(port), "skupper.io/proxy": protocol}


def service_port_name(version: Literal[1, 2], name: str, port: int) -> str:
    """Return how Skupper names the port of the Service: version 1 by its number, version 2 by the listener."""
    return f"port{port}" if version == 1 else name


def weights_of(pods: Mapping[str, int]) -> dict[str, int]:
    """Return the weight of each key: its pods, so that each pod gets an equal share of the new connections.

    Keys without pods are left out, unless that leaves none: a strategy has at least one key, and one that cannot be
    reached gets nothing anyway. The counts stay as they are and are not made percentages: then only the key that was
    scaled changes, and the listener's socket stays open.
    """
    return {key: count for key, count in pods.items() if count > 0} or dict.fromkeys(pods, 1)


def connector_spec(name: str, port: int, routing_key: str) -> ConnectorSpec:
    """Return the connector of an application's pods, which have the label `app`."""
    return ConnectorSpec(routing_key=routing_key, port=port, selector=f"app={name}")


def listener_spec(args: ServiceArgs) -> Spec:
    """Return the listener: for one key, or for several by weight or by priority.

    Raises:
        ValueError: both weights and priority are given.
    """
    if args.weights and args.priority:
        raise ValueError(f"{args.name}: a listener has weights or a priority, not both")
    if args.weights:
        strategy = Strategy(weighted=WeightedStrategy(routing_keys=weights_of(args.weights)))
    elif args.priority:
        strategy = Strategy(priority=PriorityStrategy(routing_keys=list(args.priority)))
    else:
        return ListenerSpec(routing_key=args.routing_key, host=args.name, port=args.port)
    return MultiKeyListenerSpec(host=args.name, port=args.port, strategy=strategy)


class SkupperService(pulumi.ComponentResource):
    """Joins an application to the network at one site: its pods, its Service, or both.

    Pulumi type: `spillway:index:SkupperService`. Creates with version 2 a Connector where the pods are, and a Listener
    or (with weights or a priority) a MultiKeyListener where it is reached from, of which Skupper makes the Service.
    With version 1 it creates nothing: the annotations on the Deployment (`deployment_annotations`) are all, and the
    Service appears at every site.

    Traps: a listener's host must not be the name of a Service that somebody else made: version 2 leaves it alone, and
    the listener's status says so. With a selector a connector follows the pods, so that a site without pods is
    withdrawn. Changing between a Listener and a MultiKeyListener takes the Service away for a moment; changing weights
    leaves connections alone. The weights are written once: from then on they are the policy's of `SkupperWeights`.

    Args:
        name: Pulumi's logical name.
        args: the application's part at this site.
        site: the site.
        after: what must be there first, such as the Deployment.
    """

    def __init__(
        self,
        name: str,
        args: ServiceArgs,
        *,
        site: SkupperSite,
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperService", name, None, opts)
        self.args, self.site = args, site
        self.listener: pulumi.Resource | None = None
        namespace, before = site.args.namespace, [site.site, *after]
        if site.args.version == 2 and args.serves:
            connector = connector_spec(args.name, args.port, args.routing_key)
            custom_resource(
                f"{name}-connector", connector, metadata(args.name, namespace), parent=self, depends_on=before
            )
        if site.args.version == 2 and args.reached:
            # The strategy is immutable: with another one it is another object, which is made before the old one goes.
            strategy = "weighted-" if args.weights else "priority-" if args.priority else ""
            self.listener = custom_resource(
                f"{name}-{strategy}listener",
                listener_spec(args),
                metadata(f"{args.name}-priority" if args.priority else args.name, namespace),
                parent=self,
                depends_on=before,
                ignore_changes=[WEIGHTS] if args.weights else [],
            )
        self.register_outputs({})
