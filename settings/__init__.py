"""The stack's config as frozen models, and every check of it."""

from settings.application import Burst, Delivery, Guardrails, Interconnect, Resources, Workload
from settings.aws import Aws, HostedZone, Identity
from settings.clusters import Machines, Networks, Volume
from settings.hub import ClusterSet, Hub, Kyverno, MultiClusterHub, Operator, Operators
from settings.load import load
from settings.load_mesh import load_mesh
from settings.load_stack import read
from settings.mesh import Controller, Mesh, MeshApplication, MeshCluster, MeshLink, MeshSettings, MetalLB
from settings.mistakes import Mistake, SettingsError
from settings.pools import ClaimLifetime, Pool, PoolCredentials
from settings.program import from_pulumi
from settings.secrets import SECRET_KEYS, Credentials
from settings.stack import Settings
from settings.values import SecretText
from settings.watch import Watch

__all__ = [
    "SECRET_KEYS", "Aws", "Burst", "ClaimLifetime", "ClusterSet", "Controller", "Credentials", "Delivery", "Guardrails",
    "HostedZone", "Hub", "Identity", "Interconnect", "Kyverno", "Machines", "Mesh", "MeshApplication", "MeshCluster",
    "MeshLink", "MeshSettings", "MetalLB", "Mistake", "MultiClusterHub", "Networks", "Operator", "Operators", "Pool",
    "PoolCredentials", "Resources", "SecretText", "Settings", "SettingsError", "Volume", "Watch", "Workload",
    "from_pulumi", "load", "load_mesh", "read",
]  # fmt: skip
