"""The installer's configuration for the clusters of a pool."""

from collections.abc import Mapping
from typing import Any

import yaml

from settings import Machines, Pool
from settings.instance_types import architecture


def _machines(name: str, machines: Machines, zones: tuple[str, ...]) -> dict[str, Any]:
    volume = machines.volume.model_dump(exclude_none=True)
    return {
        "name": name,
        "architecture": architecture(machines.type),
        "hyperthreading": "Enabled",
        "replicas": machines.replicas,
        "platform": {"aws": {"type": machines.type, "zones": list(zones), "rootVolume": volume}},
    }


def install_config(pool: Pool, *, more_tags: Mapping[str, str] | None = None) -> str:
    """Return the pool's `install-config.yaml` (openshift/installer, `pkg/types/installconfig.go`).

    Cluster name, base domain and pull secret are left out: Hive writes them. Everything else is passed on as it is,
    so the networks are written down although they are the installer's defaults. Tags must be here: Hive does not pass
    on those of the ClusterPool. They go on what the cluster's operators make, too.

    Args:
        pool: the pool.
        more_tags: the program's own tags; they win over the pool's.
    """
    aws: dict[str, Any] = {"region": pool.region}
    tags = {**pool.tags, **(more_tags or {})}
    if tags:
        aws |= {"userTags": dict(sorted(tags.items())), "propagateUserTags": True}
    networks = pool.networks
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "controlPlane": _machines("master", pool.control_plane, pool.used_zones),
        "compute": [_machines("worker", pool.workers, pool.used_zones)],
        "networking": {
            "networkType": "OVNKubernetes",
            "clusterNetwork": [{"cidr": networks.cluster, "hostPrefix": networks.host_prefix}],
            "machineNetwork": [{"cidr": networks.machine}],
            "serviceNetwork": [networks.service],
        },
        "platform": {"aws": aws},
        "publish": pool.publish,
    }
    if pool.credentials_mode:
        config["credentialsMode"] = pool.credentials_mode
    if pool.ssh_key:
        config["sshKey"] = pool.ssh_key
    return yaml.safe_dump(config, sort_keys=False, width=1000)
