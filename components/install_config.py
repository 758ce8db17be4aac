"""The installer's configuration for the clusters of a pool."""

from typing import Any

import yaml

from settings import Machines, Pool


def _machines(name: str, machines: Machines, zones: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "architecture": "amd64",
        "hyperthreading": "Enabled",
        "replicas": machines.replicas,
        "platform": {"aws": {"type": machines.type, "zones": list(zones)}},
    }


def install_config(pool: Pool) -> str:
    """Return the pool's `install-config.yaml` (openshift/installer, `pkg/types/installconfig.go`).

    Cluster name, base domain and pull secret are left out: Hive writes them. Everything else is passed on as it is,
    so the networks are written down although they are the installer's defaults.
    """
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "controlPlane": _machines("master", pool.control_plane, pool.used_zones),
            "compute": [_machines("worker", pool.workers, pool.used_zones)],
            "networking": {
                "networkType": "OVNKubernetes",
                "clusterNetwork": [{"cidr": "10.128.0.0/14", "hostPrefix": 23}],
                "machineNetwork": [{"cidr": "10.0.0.0/16"}],
                "serviceNetwork": ["172.30.0.0/16"],
            },
            "platform": {"aws": {"region": pool.region}},
            "publish": "External",
        },
        sort_keys=False,
    )
