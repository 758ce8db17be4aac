"""What one cluster of a pool is made of (openshift/installer, `pkg/types/installconfig.go` and `pkg/types/aws`)."""

from typing import Literal

from pydantic import Field

from settings.section import Section
from settings.values import InstanceType, Network


class Volume(Section):
    """The root volume of a machine (`EC2RootVolume`)."""

    size: int = Field(default=120, ge=100, le=16384, description="GiB; OpenShift needs 100")
    type: Literal["gp3", "gp2", "io1", "io2"] = Field(default="gp3", description="EBS volume type")
    iops: int | None = Field(
        default=None, ge=100, le=256000, description="I/O operations a second; required with io1 and io2, not for gp2"
    )
    throughput: int | None = Field(
        default=None,
        ge=125,
        le=2000,
        description="MiB a second, gp3 only, from OpenShift 4.21; at most a quarter of iops (3000 if not set)",
    )


class Machines(Section):
    """The machines of one role in a cluster (`MachinePool`)."""

    type: InstanceType = Field(default="m6a.xlarge", description="EC2 instance type; Graviton is installed as arm64")
    replicas: int = Field(default=3, ge=0, le=100, description="number of machines")
    volume: Volume = Field(default=Volume(), description="root volume of each machine")


class Networks(Section):
    """The network ranges of a cluster. All clusters of a pool have the same ones."""

    machine: Network = Field(
        default="10.0.0.0/16", description="range of the VPC, /16 to /24", examples=["10.0.0.0/16"]
    )
    cluster: Network = Field(default="10.128.0.0/14", description="range of the pods", examples=["10.128.0.0/14"])
    host_prefix: int = Field(default=23, ge=9, le=28, description="size of a machine's part of the pods' range")
    service: Network = Field(default="172.30.0.0/16", description="range of Services", examples=["172.30.0.0/16"])
    disjoint: bool = Field(
        default=False,
        description="the VPC's range must overlap that of no other pool, as peering and transit gateways need; "
        "Skupper does not, and clusters of one pool overlap anyway",
    )
