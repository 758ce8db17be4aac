"""The pools of clusters on AWS. Fields: openshift/hive, `apis/hive/v1/clusterpool_types.go`."""

from typing import Literal

from pydantic import Field

from settings.clusters import Machines, Networks
from settings.section import Section
from settings.values import (
    DnsName,
    Duration,
    Image,
    LabelKey,
    LabelText,
    Name,
    PoolName,
    Region,
    SshKey,
    TagKey,
    TagText,
    Zone,
)


class ClaimLifetime(Section):
    """How long a claim may live. Hive takes the shorter of the claim's own and `maximum`."""

    default: Duration = Field(default="8h0m0s", description="for claims that name none")
    maximum: Duration = Field(default="24h0m0s", description="for all; the claim and its cluster go when it is over")


class PoolCredentials(Section):
    """Where the AWS key and the pull secret come from."""

    source: Literal["config", "existing", "identity"] = Field(
        default="config",
        description="`config` makes Secrets from the stack's secrets; `existing` takes Secrets in the pool's "
        "namespace, also those that an ExternalSecret makes; `identity` uses a key of `aws.identity`",
    )
    aws_secret: Name | None = Field(
        default=None,
        description="Secret with aws_access_key_id and aws_secret_access_key; ACM deletes it with the pool",
        examples=["aws-creds"],
    )
    pull_secret: Name | None = Field(
        default=None,
        description="Secret with .dockerconfigjson; ACM deletes it with the pool; with identity the default is the "
        "stack's pullSecret",
        examples=["pull-secret"],
    )


class Pool(Section):
    """A pool of hibernated clusters in one region."""

    name: PoolName = Field(description="name of the pool; its clusters are <name>-xxxxx", examples=["aws"])
    namespace: Name | None = Field(
        default=None, description="namespace of pool, claims and Secrets, made by the program; default: the pool's name"
    )
    region: Region = Field(description="AWS region", examples=["us-east-1"])
    zones: tuple[Zone, ...] = Field(
        default=(),
        max_length=6,
        description="zones of the region; each has a NAT gateway and an address of its own, which cost money even in "
        "hibernation; default: zone a of the region",
        examples=[["us-east-1a"]],
    )
    base_domain: DnsName = Field(description="domain of a public hosted zone in the account", examples=["example.com"])
    release_image: Image = Field(
        description="OpenShift release; a change replaces the clusters that nobody has claimed",
        examples=["quay.io/openshift-release-dev/ocp-release:4.18.20-x86_64"],
    )
    size: int = Field(ge=0, le=100, description="clusters kept ready for a claim", examples=[1])
    running: int = Field(default=0, ge=0, le=100, description="of these, how many run instead of being hibernated")
    max_size: int = Field(
        ge=1, le=100, description="cap on all clusters of the pool, claimed, broken and deleting ones too", examples=[2]
    )
    max_concurrent: int = Field(default=1, ge=1, le=100, description="installs and removals at the same time")
    resume_timeout: Duration = Field(
        default="20m0s", description="a cluster that takes longer to resume is replaced; without it a claim may hang"
    )
    install_attempts_limit: int = Field(
        default=2, ge=1, le=10, description="attempts to install a cluster before it is replaced"
    )
    claim_lifetime: ClaimLifetime = Field(default=ClaimLifetime(), description="how long claims may live")
    control_plane: Machines = Field(default=Machines(), description="control plane: 1 or 3 machines")
    workers: Machines = Field(
        default=Machines(), description="workers; 0 makes the control plane work too (one or three machines in all)"
    )
    networks: Networks = Field(default=Networks(), description="network ranges of its clusters")
    tags: dict[TagKey, TagText] = Field(
        default={}, description="tags on everything on AWS that belongs to its clusters, at most 24"
    )
    publish: Literal["External", "Internal"] = Field(
        default="External",
        description="whether API and routes are on the internet; Internal needs a private way from hub to cluster",
    )
    credentials_mode: Literal["Mint", "Passthrough"] | None = Field(
        default=None,
        description="how a cluster's components get AWS keys: Mint makes a user for each, Passthrough copies the "
        "pool's; default: the installer tries what the key allows",
        examples=["Passthrough"],
    )
    ssh_key: SshKey | None = Field(
        default=None, description="public SSH key for the machines", examples=["ssh-ed25519 AAAA me@example.com"]
    )
    credentials: PoolCredentials = Field(default=PoolCredentials(), description="AWS key and pull secret")
    labels: dict[LabelKey, LabelText] = Field(
        default={}, description="more labels on the ClusterPool; the cluster-set label is the program's"
    )
    protect: bool = Field(default=False, description="refuse to delete the pool and its namespace")

    @property
    def place(self) -> str:
        """The namespace that it lives in."""
        return self.namespace or self.name

    @property
    def used_zones(self) -> tuple[str, ...]:
        """Its zones, or the first one of its region."""
        return self.zones or (f"{self.region}a",)
