"""The AWS account: who installs the clusters, and the hosted zones of their base domains."""

from typing import Literal

from pydantic import Field

from settings.section import Section
from settings.values import AccountId, ClusterPrefix, DnsName, Name, Region, Text


class Identity(Section):
    """The IAM user that installs, hibernates and removes clusters, for pools with credentials.source identity."""

    user: Name = Field(
        description="name of the IAM user; a change makes a new user and takes the keys of the old one away from the "
        "clusters that exist",
        examples=["spillway-installer"],
    )
    cluster_prefix: ClusterPrefix = Field(
        description="beginning of the names of all pools that use it: the user may touch only IAM roles, users and "
        "buckets of clusters named so",
        examples=["burst"],
    )
    modes: tuple[Literal["Mint", "Passthrough"], ...] = Field(
        default=("Passthrough",),
        description="credentials modes of its pools; drop one only when no cluster that was made in it is left",
    )
    keys: tuple[Name, ...] = Field(
        default=("a",),
        description="generations of its access key, newest last, at most 2; new clusters get the newest",
        examples=[["a"]],
    )
    protect: bool = Field(default=False, description="refuse to delete the user")


class HostedZone(Section):
    """A public hosted zone whose name is the base domain of pools."""

    name: DnsName = Field(description="the base domain", examples=["example.com"])
    source: Literal["existing", "create"] = Field(
        default="existing", description="`existing` looks it up; `create` makes it, and destroys it last"
    )
    parent: DnsName | None = Field(
        default=None,
        description="with create: an existing public zone of the account that delegates to it; default: by hand",
        examples=["example.com"],
    )
    protect: bool = Field(default=False, description="with create: refuse to delete it")


class Aws(Section):
    """The AWS account. Without identity and zones the program does not touch AWS itself."""

    account: AccountId | None = Field(
        default=None,
        description="account number, in quotes; required with identity or zones: nothing is made in any other account",
        examples=["123456789012"],
    )
    profile: Text | None = Field(
        default=None, description="profile of the AWS configuration; default: as the AWS CLI finds credentials"
    )
    region: Region = Field(
        default="us-east-1", description="region of the API calls; IAM and Route 53 are the same in all"
    )
    identity: Identity | None = Field(default=None, description="the installer's IAM user; default: none is made")
    zones: tuple[HostedZone, ...] = Field(default=(), description="hosted zones of the pools' base domains")
