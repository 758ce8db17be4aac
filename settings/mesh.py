"""A mesh stack: clusters that exist already, their Skupper network, and an application that several of them serve."""

from typing import Literal

from pydantic import Field

from settings.application import Guardrails, Resources
from settings.hub import KYVERNO_CHART, Kyverno, Operator
from settings.section import Section
from settings.skupper_operator import CHANNELS
from settings.values import AddressRange, Duration, Image, LinkCost, Name, Text

# The newest release of each major version when this was written.
RELEASES = {1: "1.9.6", 2: "2.2.1"}


class MetalLB(Section):
    """MetalLB on the clusters that have address pools (metallb/metallb)."""

    install: Literal["chart", "existing"] = Field(
        default="chart", description="`chart` installs a Helm release; `existing` takes what is there"
    )
    namespace: Name = Field(default="metallb-system", description="MetalLB's namespace; it takes pools in no other")
    version: Text = Field(default="0.16.1", description="version of the chart")
    chart: Text = Field(default="metallb", description="name of the chart in the repository, or a local path")
    repository: Text | None = Field(
        default="https://metallb.github.io/metallb", description="the chart's repository; null for a local path"
    )


class Controller(Section):
    """Skupper's controller, which serves the sites of a cluster."""

    install: Literal["release", "operator", "existing"] = Field(
        default="release",
        description="`release` installs it (version 1: the release's manifest; version 2: its Helm chart); `operator` "
        "has OLM install it, on OpenShift; `existing` takes what is there",
    )
    release: Text | None = Field(
        default=None, description="the release; default: 1.9.6 for version 1, 2.2.1 for version 2", examples=["2.2.1"]
    )

    operator: Operator | None = Field(
        default=None,
        description="channel and approval with `operator`; default: stable-1.9 for version 1, stable-2.2 for version 2",
    )


class MeshCluster(Section):
    """A cluster of the mesh and its site."""

    name: Name = Field(description="name of the cluster and of its site", examples=["c1"])
    context: Text = Field(
        description="context in the kubeconfig; nothing is sent to any other cluster. The stack knows its cluster by "
        "this name: after another one all is made anew",
        examples=["kind-c1"],
    )
    access: Literal["none", "default", "route", "loadbalancer"] = Field(
        default="none",
        description="how links from other sites come in; `default` is route on OpenShift, else loadbalancer",
    )
    edge: bool = Field(default=False, description="an edge site accepts no links, and the cost of its own is ignored")
    console: bool = Field(
        default=False,
        description="the network's console: of version 1 with its flow collector, of version 2 the Network Observer",
    )
    router_logging: Literal["info", "warning", "error"] | None = Field(
        default=None, description="the router's log level; default: Skupper's", examples=["error"]
    )
    addresses: tuple[AddressRange, ...] = Field(
        default=(),
        description="addresses for MetalLB; empty: the cluster needs none, or has a load balancer of its own",
        examples=[["172.18.255.200-172.18.255.250"]],
    )
    replicas: int | None = Field(
        default=None, ge=0, le=1000, description="pods of the application; none: it is not deployed there", examples=[1]
    )


class MeshLink(Section):
    """A link from one cluster to another. Connections go both ways over it."""

    from_: Name = Field(alias="from", description="the cluster that makes the link", examples=["c2"])
    to: Name = Field(description="the cluster that accepts it", examples=["c1"])
    cost: LinkCost = Field(
        description="so many more open connections the other ways carry before the next one goes over this link; it "
        "is not a weight",
        examples=[1],
    )
    expiry: Duration = Field(
        default="15m0s", description="version 2: how long the one-time token may be redeemed; version 1 has no limit"
    )
    redemption: int = Field(
        default=1, ge=1, le=10_000, description="count it up to make the link anew, with a new credential"
    )


class MeshApplication(Section):
    """The application that several clusters serve, and how others reach it."""

    name: Name = Field(description="name of the Deployment and of the Service", examples=["my-app"])
    image: Image = Field(description="container image", examples=["quay.io/example/my-app:1.0.0"])
    port: int = Field(default=8080, ge=1, le=65535, description="container port and port of the Service")
    exposed_to: tuple[Name, ...] = Field(
        min_length=1, description="clusters that get the Service; version 1 gives it to all", examples=[["c1"]]
    )
    balance: Literal["connections", "pods", "priority"] = Field(
        default="connections",
        description="`connections`: the cluster with the fewest open connections plus link cost; `pods`: by chance, "
        "in proportion to the pods that each cluster has at the time (version 2; takes Kyverno); `priority`: all to "
        "the first of the clusters, in the order of the file, that has pods (version 2)",
    )
    termination_grace_period: int = Field(
        default=30, ge=1, le=3600, description="seconds that a pod that ends has for its open connections"
    )
    requests: Resources = Field(default=Resources(cpu="100m", memory="128Mi"), description="requested resources")
    limits: Resources = Field(default=Resources(cpu="1000m", memory="1024Mi"), description="limits")


class MeshOptions(Section):
    """What holds for the whole mesh."""

    version: Literal[1, 2] = Field(
        default=2, description="major version of Skupper on all clusters; the two cannot talk"
    )
    namespace: Name = Field(
        description="namespace of sites and application, made on each cluster", examples=["interconnect"]
    )
    kubeconfig: Text | None = Field(
        default=None, description="path of the kubeconfig; default: as kubectl finds it", examples=["~/.kube/config"]
    )
    protect: bool = Field(
        default=True, description="refuse to delete or replace a site, whose identity its links depend on"
    )
    node_addresses: tuple[AddressRange, ...] = Field(
        default=(), description="addresses of the nodes, which no pool may contain", examples=[["172.18.0.0/24"]]
    )
    controller: Controller = Field(default=Controller(), description="Skupper's controller")
    metal_lb: MetalLB = Field(
        default=MetalLB(), alias="metalLB", description="MetalLB, on the clusters that have address pools"
    )
    kyverno: Kyverno = Field(
        default=Kyverno(install="chart", version=KYVERNO_CHART),
        description="Kyverno, with balance `pods` on the clusters of exposedTo: it keeps the weights there",
    )


class Mesh(MeshOptions):
    """A network between clusters that exist already."""

    clusters: tuple[MeshCluster, ...] = Field(min_length=1, description="the clusters")
    links: tuple[MeshLink, ...] = Field(default=(), description="links between them")
    application: MeshApplication = Field(description="the application")

    @property
    def release(self) -> str:
        """The release of Skupper."""
        return self.controller.release or RELEASES[self.version]

    @property
    def operator(self) -> Operator:
        """The operator that OLM installs, if it does."""
        return self.controller.operator or Operator(channel=CHANNELS[self.version])


class MeshSettings(Section):
    """A mesh stack."""

    mesh: Mesh = Field(description="clusters that exist already, and the network between them")
    guardrails: Guardrails = Field(
        default=Guardrails(),
        description="budgets and allow-lists for the policies; those of pools count in hub stacks only",
    )
