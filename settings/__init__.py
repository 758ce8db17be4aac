import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class M(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Operator(M):
    channel: str
    approval: Literal["Automatic", "Manual"] = "Automatic"
    starting_csv: str | None = None
    source: str = "redhat-operators"


class Operators(M):
    gitops: Operator
    acm: Operator
    skupper: Operator


class MultiClusterHub(M):
    name: str = "multiclusterhub"
    namespace: str = "open-cluster-management"


class Kyverno(M):
    install: Literal["chart", "existing"]
    release: str = "kyverno"
    namespace: str = "kyverno"
    version: str | None = None
    chart: str = "kyverno"
    repository: str | None = "https://kyverno.github.io/kyverno/"


class Hub(M):
    context: str
    kubeconfig: str | None = None
    operators: Operators
    multi_cluster_hub: MultiClusterHub = MultiClusterHub()
    kyverno: Kyverno


class ClusterSet(M):
    name: str
    namespace: str = "openshift-gitops"
    placement: str
    gitops_cluster: str = "argo-acm-importer"


class Machines(M):
    type: str = "m6a.xlarge"
    replicas: int = 3


class ClaimLifetime(M):
    default: str = "8h0m0s"
    maximum: str = "24h0m0s"


class PoolCredentials(M):
    source: Literal["config", "existing"] = "config"
    aws_secret: str | None = None
    pull_secret: str | None = None


class Pool(M):
    name: str
    namespace: str = ""
    region: str
    zones: tuple[str, ...]
    base_domain: str
    release_image: str
    size: int
    running: int = 0
    max_size: int
    max_concurrent: int = 1
    resume_timeout: str = "20m0s"
    install_attempts_limit: int = 2
    claim_lifetime: ClaimLifetime = ClaimLifetime()
    control_plane: Machines = Machines()
    workers: Machines = Machines()
    credentials: PoolCredentials = PoolCredentials()
    labels: dict[str, str] = {}
    protect: bool = False


class Resources(M):
    cpu: str
    memory: str


class Workload(M):
    name: str
    namespace: str
    image: str
    port: int = 8080
    min_replicas: int = 1
    max_replicas: int
    target_cpu: int = 70
    scale_down_stabilization: int = 300
    requests: Resources = Resources(cpu="100m", memory="128Mi")
    limits: Resources = Resources(cpu="1000m", memory="1024Mi")


class Burst(M):
    name: str
    pool: str
    claim_at: int
    release_at: int
    replicas: int
    minimum_hold: str = "30m0s"
    lifetime: str = "8h0m0s"
    schedule: str = "*/1 * * * *"


class Delivery(M):
    name: str = "cluster-init"
    project: str = "spillway"
    repository: str
    path: str
    revision: str
    requeue_after: int = 30


class Interconnect(M):
    version: Literal[1]
    namespace: str
    site: str = "hub"
    token: str = "token-req"
    sync: str = "skupper-token-sync"


class Guardrails(M):
    regions: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()
    max_clusters: int = 1
    max_claim_lifetime: str = "24h0m0s"


class Settings(M):
    hub: Hub
    cluster_set: ClusterSet
    pools: tuple[Pool, ...]
    workload: Workload
    bursts: tuple[Burst, ...]
    delivery: Delivery
    interconnect: Interconnect
    guardrails: Guardrails


class SecretText:
    def __init__(self, v):
        self._v = v

    def reveal(self):
        return self._v

    @property
    def digest(self):
        return hashlib.sha256(self._v.encode()).hexdigest()[:8]


class Credentials:
    aws_access_key_id = SecretText("AKIAPLANTED")
    aws_secret_access_key = SecretText("sekret")
    pull_secret = SecretText('{"auths":{}}')


def from_pulumi():
    import os

    import yaml

    c = yaml.safe_load(open(os.environ.get("SF", "Pulumi.dev.yaml")))["config"]
    d = {k.split(":")[1]: v for k, v in c.items() if k.startswith("spillway:")}
    return Settings(**d), Credentials()
