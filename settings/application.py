"""The application: what runs on the hub, when it bursts, how it is delivered, and its network."""

from typing import Literal

from pydantic import Field

from settings.section import Section
from settings.values import (
    Cron,
    Duration,
    Image,
    InstanceType,
    LinkCost,
    Name,
    PoolName,
    Quantity,
    Region,
    RelativePath,
    Repository,
    Revision,
)


class Resources(Section):
    """CPU and memory of a container."""

    cpu: Quantity = Field(description="CPU", examples=["100m"])
    memory: Quantity = Field(description="memory", examples=["128Mi"])


class Workload(Section):
    """The application on the hub."""

    name: Name = Field(description="name of the Deployment, its autoscaler and Route", examples=["my-app"])
    namespace: Name = Field(description="namespace, made by the program", examples=["interconnect"])
    image: Image = Field(description="container image", examples=["quay.io/example/my-app:1.0.0"])
    port: int = Field(default=8080, ge=1, le=65535, description="container port")
    min_replicas: int = Field(default=1, ge=1, le=1000, description="the autoscaler's minimum on the hub")
    max_replicas: int = Field(ge=1, le=1000, description="the autoscaler's maximum on the hub", examples=[6])
    target_cpu: int = Field(default=70, ge=1, le=100, description="CPU that the autoscaler aims at, percent of request")
    scale_down_stabilization: int = Field(
        default=300, ge=0, le=3600, description="seconds that the autoscaler waits before it scales down"
    )
    termination_grace_period: int = Field(
        default=30, ge=1, le=3600, description="seconds that a pod that ends has for its open connections"
    )
    requests: Resources = Field(default=Resources(cpu="100m", memory="128Mi"), description="requested resources")
    limits: Resources = Field(default=Resources(cpu="1000m", memory="1024Mi"), description="limits")


class Burst(Section):
    """A tier of burst: when a cluster of which pool is claimed, and when it is given back."""

    name: Name = Field(
        description="name of the tier; claims are <pool>-<name>-a to -c. Drain before you rename, move or remove a "
        "tier: nothing but its lifetime ends a claim of another name",
        examples=["burst"],
    )
    pool: PoolName = Field(description="name of a pool", examples=["aws"])
    claim_at: int = Field(ge=2, le=1000, description="claim when the hub's replicas reach this", examples=[4])
    release_at: int = Field(ge=1, le=1000, description="release when they are at or below this", examples=[1])
    replicas: int = Field(ge=1, le=1000, description="pods in the burst cluster", examples=[2])
    minimum_hold: Duration = Field(
        default="30m0s", description="a claim is kept at least this long; a cluster needs 10 to 20 minutes to serve"
    )
    lifetime: Duration = Field(
        default="8h0m0s",
        description="the claim and its cluster go when it is over, even under load; then another comes",
    )
    schedule: Cron = Field(default="*/1 * * * *", description="when Kyverno looks whether to release")


class Delivery(Section):
    """What Argo CD delivers to a claimed cluster."""

    name: Name = Field(default="cluster-init", description="name of the ApplicationSet")
    project: Name = Field(default="spillway", description="name of the AppProject")
    repository: Repository = Field(description="git repository", examples=["https://github.com/example/app.git"])
    path: RelativePath = Field(description="folder that has a folder for each pool", examples=["gitops/dev"])
    revision: Revision = Field(description="branch, tag or commit", examples=["main"])
    requeue_after: int = Field(default=30, ge=5, le=3600, description="seconds between looks at the placement")


class Interconnect(Section):
    """The Skupper network."""

    version: Literal[1, 2] = Field(
        default=2,
        description="major version of Skupper on the hub and the burst clusters; the two cannot talk. The operator's "
        "channel follows it (stable-2.2 or stable-1.9) unless `spillway:hub.operators.skupper` names another",
    )
    namespace: Name = Field(description="the application's namespace", examples=["interconnect"])
    site: Name = Field(default="hub", description="name of the hub's site")
    cost: LinkCost = Field(
        default=1,
        description="cost of the burst clusters' links: so many more open connections the hub carries itself before "
        "the next one goes to a burst cluster; it is not a weight",
    )
    token: Name = Field(
        default="token-req",
        description="prefix of the Secrets that Skupper fills, one for each pool: <token>-<pool>, with version 1 "
        "<token>-<pool>-cost-<cost>",
    )
    sync: Name = Field(default="skupper-token-sync", description="prefix of the SelectorSyncSets: <sync>-<pool>")
    protect: bool = Field(
        default=True, description="refuse to delete or replace the hub's site, whose identity is the network's"
    )


class Guardrails(Section):
    """Budgets and allow-lists. `docs/guardrails.md` lists the rules that read them."""

    regions: tuple[Region, ...] = Field(default=(), description="regions that pools may be in; empty: any")
    instance_types: tuple[InstanceType, ...] = Field(default=(), description="machine types; empty: any")
    max_machines: int = Field(default=12, ge=1, le=1000, description="machines of one cluster")
    max_clusters: int = Field(default=10, ge=1, le=1000, description="clusters of all pools together")
    max_clusters_per_pool: int = Field(default=10, ge=1, le=100, description="clusters of one pool")
    max_clusters_per_region: int = Field(default=10, ge=1, le=1000, description="clusters of all pools in one region")
    max_running: int = Field(default=1, ge=0, le=1000, description="clusters kept running for the next claim")
    max_claim_lifetime: Duration = Field(default="24h0m0s", description="longest life of a claim")
    minimum_hold: Duration = Field(default="10m0s", description="shortest `minimumHold` of a burst")
    monthly_at_rest: int | None = Field(
        default=None, ge=0, le=10_000_000, description="US dollars a month with no burst, roughly; default: no budget"
    )
    monthly_at_burst: int | None = Field(
        default=None, ge=0, le=10_000_000, description="the same with all clusters running all month"
    )
    protect_sites: bool = Field(default=False, description="Skupper sites must be protected")
    protect_pools: bool = Field(
        default=False, description="pools, their namespaces, the identity and the hosted zones must be protected"
    )
    pin_operators: bool = Field(default=False, description="operators must be pinned to one version")
    site_access: tuple[Literal["none", "default", "route", "loadbalancer"], ...] = Field(
        default=("none", "default", "route", "loadbalancer"),
        description="how Skupper sites may be reached",
    )
    max_link_cost: int = Field(default=10_000, ge=1, le=2**31 - 1, description="highest cost of a Skupper link")
    levels: dict[Name, Literal["advisory", "mandatory", "disabled"]] = Field(
        default={}, description="another level than mandatory, by rule"
    )
