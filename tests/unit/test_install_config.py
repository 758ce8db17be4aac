"""The installer's configuration, whole: every field that is written, and none that Hive overwrites.

Does not prove that the installer accepts it; the fields and limits are those of openshift/installer.
"""

from typing import Any

import pytest
import yaml

from components.install_config import install_config
from settings import Pool
from settings.instance_types import architecture, vcpus

BASE: dict[str, Any] = {
    "name": "aws", "region": "eu-west-1", "baseDomain": "example.com", "releaseImage": "quay.io/o/r:4.18.1",
    "size": 1, "maxSize": 1,
}  # fmt: skip

MACHINES = """\
  architecture: amd64
  hyperthreading: Enabled
  replicas: 3
  platform:
    aws:
      type: m6a.xlarge
      zones:
      - eu-west-1a
      rootVolume:
        size: 120
        type: gp3
"""
DEFAULT = f"""\
apiVersion: v1
controlPlane:
  name: master
{MACHINES}compute:
- name: worker
{MACHINES}networking:
  networkType: OVNKubernetes
  clusterNetwork:
  - cidr: 10.128.0.0/14
    hostPrefix: 23
  machineNetwork:
  - cidr: 10.0.0.0/16
  serviceNetwork:
  - 172.30.0.0/16
platform:
  aws:
    region: eu-west-1
publish: External
"""
WORKERS = f"- name: worker\n{MACHINES}"
ZONES = "".join(f"      - eu-west-1{zone}\n" for zone in "abc")
# What is changed in the settings, and what that changes in the text.
SHAPES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "defaults": ({}, []),
    "three zones": ({"zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"]}, [("      - eu-west-1a\n", ZONES)]),
    "single node": (
        {"controlPlane": {"replicas": 1, "type": "m6a.2xlarge"}, "workers": {"replicas": 0}},
        [
            (f"  name: master\n{MACHINES}", f"  name: master\n{MACHINES}".replace("replicas: 3", "replicas: 1").replace("m6a.xlarge", "m6a.2xlarge")),
            (WORKERS, WORKERS.replace("replicas: 3", "replicas: 0")),
        ],
    ),
    "three nodes": ({"workers": {"replicas": 0}}, [(WORKERS, WORKERS.replace("replicas: 3", "replicas: 0"))]),
    "Graviton": (
        {"controlPlane": {"type": "m7g.xlarge"}, "workers": {"type": "m7g.xlarge"}},
        [("amd64", "arm64"), ("m6a.", "m7g.")],
    ),
    "volumes": (
        {
            "controlPlane": {"volume": {"size": 200, "type": "io2", "iops": 4000}},
            "workers": {"volume": {"size": 200, "type": "io2", "iops": 4000}},
        },
        [("        size: 120\n        type: gp3\n", "        size: 200\n        type: io2\n        iops: 4000\n")],
    ),
    "throughput": (
        {"controlPlane": {"volume": {"throughput": 250}}, "workers": {"volume": {"throughput": 250}}},
        [("        type: gp3\n", "        type: gp3\n        throughput: 250\n")],
    ),
    "networks": (
        {"networks": {"machine": "10.7.0.0/20", "cluster": "10.132.0.0/15", "hostPrefix": 24, "service": "172.29.0.0/16"}},
        [
            ("cidr: 10.0.0.0/16", "cidr: 10.7.0.0/20"), ("cidr: 10.128.0.0/14", "cidr: 10.132.0.0/15"),
            ("hostPrefix: 23", "hostPrefix: 24"), ("- 172.30.0.0/16", "- 172.29.0.0/16"),
        ],
    ),
    "tags": (
        {"tags": {"team": "shop", "cost-center": "42"}},
        [("    region: eu-west-1\n", "    region: eu-west-1\n    userTags:\n      cost-center: '42'\n      team: shop\n    propagateUserTags: true\n")],
    ),
    "internal, with mode and key": (
        {"publish": "Internal", "credentialsMode": "Passthrough", "sshKey": "ssh-ed25519 AAAAC3Nza me@example.com"},
        [("publish: External\n", "publish: Internal\ncredentialsMode: Passthrough\nsshKey: ssh-ed25519 AAAAC3Nza me@example.com\n")],
    ),
}  # fmt: skip


def rendered(changes: dict[str, Any]) -> str:
    return install_config(Pool.model_validate({**BASE, **changes}))


@pytest.mark.parametrize(("changes", "replaced"), SHAPES.values(), ids=SHAPES.keys())
def test_exact_text(changes: dict[str, Any], replaced: list[tuple[str, str]]) -> None:
    wanted = DEFAULT
    for old, new in replaced:
        assert old in wanted
        wanted = wanted.replace(old, new)
    assert rendered(changes) == wanted


def test_what_hive_writes_is_left_out() -> None:
    """A pull secret in the template would be one more copy of it, and Hive overwrites it anyway."""
    assert {"metadata", "baseDomain", "pullSecret"} & set(yaml.safe_load(rendered({}))) == set()


@pytest.mark.parametrize(
    ("type_", "count", "arch"),
    [
        ("m6a.large", 2, "amd64"), ("m6a.xlarge", 4, "amd64"), ("m7i.48xlarge", 192, "amd64"), ("t3.micro", 2, "amd64"),
        ("t2.micro", 1, "amd64"), ("m6g.medium", 1, "arm64"), ("c7gn.2xlarge", 8, "arm64"), ("im4gn.large", 2, "arm64"),
        ("g5.xlarge", 4, "amd64"), ("g4dn.xlarge", 4, "amd64"), ("g5g.xlarge", 4, "arm64"), ("a1.large", 2, "arm64"),
        ("m7i.metal-24xl", 96, "amd64"), ("m5.metal", None, "amd64"), ("hpc7a.12xlarge", None, "amd64"),
    ],
)  # fmt: skip
def test_what_the_name_of_a_type_says(type_: str, count: int | None, arch: str) -> None:
    assert (vcpus(type_), architecture(type_)) == (count, arch)
