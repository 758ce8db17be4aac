"""Rules on the clusters of the pools: machines, volumes, networks, tags."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from settings.clusters import Machines, Networks
from settings.instance_types import architecture, vcpus
from settings.mistakes import Mistake, config_path, remove_command, wrong
from settings.pools import Pool

# OpenShift's minimum requirements for x86_64 and arm64 machines.
CONTROL_PLANE_VCPUS, SINGLE_NODE_VCPUS, WORKER_VCPUS = 4, 8, 2
GP3_IOPS, IOPS_PER_THROUGHPUT = 3000, 4
# AWS takes VPCs from /16; the installer needs room for two subnets a zone.
LARGEST_VPC, SMALLEST_VPC, LARGEST_SERVICE = 16, 24, 12
# OVN-Kubernetes uses these inside a cluster (openshift/installer, pkg/validate/validate.go).
OVN = {"join": "100.64.0.0/16", "transit": "100.88.0.0/16", "masquerade": "169.254.0.0/17"}
# What the tag of a release image ends in, by the architecture of its machines; -multi is for both.
RELEASES = {"amd64": "x86_64", "arm64": "aarch64"}
# The first installer that knows throughput (openshift/openshift-docs, pull request 104662); others drop it silently.
THROUGHPUT_SINCE = (4, 21)
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
# The installer takes 25; one is kept for the program.
MOST_TAGS = 24

Pools = Mapping[int, Pool]


def machines(pools: Pools) -> Iterator[Mistake]:
    """Check the number and the types of the machines."""
    for index, pool in pools.items():
        control_plane, workers = pool.control_plane, pool.workers
        if control_plane.replicas not in (1, 3):
            yield wrong(
                config_path("pools", [index, "controlPlane", "replicas"]),
                f"got {control_plane.replicas}",
                "1 or 3: etcd needs a majority",
                3,
            )
        if control_plane.replicas == 1 and workers.replicas:
            yield wrong(
                config_path("pools", [index, "workers", "replicas"]),
                f"got {workers.replicas}, but controlPlane.replicas is 1",
                "0: a cluster with one control plane machine is a single node",
                0,
            )
        elif workers.replicas == 1:
            yield wrong(
                config_path("pools", [index, "workers", "replicas"]),
                "got 1",
                "0, or at least 2: the two router pods must be on different machines",
                2,
            )
        if architecture(control_plane.type) != architecture(workers.type):
            yield wrong(
                config_path("pools", [index, "workers", "type"]),
                f"{workers.type} is {architecture(workers.type)}, but {control_plane.type} of the control plane is "
                f"{architecture(control_plane.type)}",
                "the control plane's architecture",
                control_plane.type,
            )
        yield from _sizes(index, pool)


def _sizes(index: int, pool: Pool) -> Iterator[Mistake]:
    single = pool.control_plane.replicas == 1
    rows = (
        (
            "controlPlane",
            pool.control_plane,
            SINGLE_NODE_VCPUS if single else CONTROL_PLANE_VCPUS,
            "a single node" if single else "the control plane",
        ),
        ("workers", pool.workers, WORKER_VCPUS, "a worker"),
    )
    for key, role, least, what in rows:
        known = vcpus(role.type)
        if known is not None and known < least and role.replicas:
            arm = architecture(role.type) == "arm64"
            yield wrong(
                config_path("pools", [index, key, "type"]),
                f"{role.type} has {known} vCPU",
                f"a type with at least {least}: OpenShift's minimum for {what}",
                f"{'m6g' if arm else 'm6a'}.{'2xlarge' if least == SINGLE_NODE_VCPUS else 'xlarge'}",
            )


def releases(pools: Pools) -> Iterator[Mistake]:
    """Check what the tag of a release image tells: its architecture, and what its installer does not know."""
    for index, pool in pools.items():
        found = re.search(r":([0-9]+)\.([0-9]+)\.[^:]*$", pool.release_image)
        tag = found.group() if found else ""
        arch = architecture(pool.control_plane.type)
        if tag.endswith(tuple(RELEASES.values())) and not tag.endswith(RELEASES[arch]):
            yield wrong(
                config_path("pools", [index, "releaseImage"]),
                f"got {tag.removeprefix(':')}, but {pool.control_plane.type} is {arch}",
                f"a release for the machines: its tag ends in {RELEASES[arch]} or multi",
                re.sub(r"(x86_64|aarch64)$", RELEASES[arch], pool.release_image),
            )
        if found and (int(found[1]), int(found[2])) < THROUGHPUT_SINCE:
            for key, role in (("controlPlane", pool.control_plane), ("workers", pool.workers)):
                if role.volume.throughput is not None:
                    path = config_path("pools", [index, key, "volume", "throughput"])
                    problem = f"got {role.volume.throughput}, but the release is {found[1]}.{found[2]}"
                    allowed = "nothing before OpenShift 4.21: older installers do not know it, and leave it out"
                    yield Mistake(path, problem, allowed, remove_command(path))


def volumes(pools: Pools) -> Iterator[Mistake]:
    """Check what the type of a volume allows."""
    for index, pool in pools.items():
        for key, role in (("controlPlane", pool.control_plane), ("workers", pool.workers)):
            yield from _volume([index, key, "volume"], role)


def _volume(place: list[str | int], role: Machines) -> Iterator[Mistake]:
    volume = role.volume
    iops, throughput = (config_path("pools", [*place, key]) for key in ("iops", "throughput"))
    if volume.type == "gp2" and volume.iops is not None:
        yield Mistake(
            iops, f"got {volume.iops}, but type is gp2", "nothing: gp2 has no such setting", remove_command(iops)
        )
    if volume.type in ("io1", "io2") and volume.iops is None:
        yield wrong(iops, f"is missing, and type is {volume.type}", "the I/O operations a second to pay for", GP3_IOPS)
    if volume.throughput is None:
        return
    if volume.type != "gp3":
        problem = f"got {volume.throughput}, but type is {volume.type}"
        yield Mistake(throughput, problem, "nothing: only gp3 has it", remove_command(throughput))
    elif volume.throughput * IOPS_PER_THROUGHPUT > (volume.iops or GP3_IOPS):
        yield wrong(
            throughput,
            f"got {volume.throughput}, but iops is {volume.iops or GP3_IOPS}",
            "at most a quarter of iops",
            max(125, (volume.iops or GP3_IOPS) // IOPS_PER_THROUGHPUT),
        )


def networks(pools: Pools) -> Iterator[Mistake]:
    """Check that the ranges of a cluster are large enough and do not overlap, and those of pools where asked."""
    for index, pool in pools.items():
        yield from _ranges(index, pool)
        yield from _disjoint(index, pools)


def _ranges(index: int, pool: Pool) -> Iterator[Mistake]:
    nets = pool.networks
    ranges = {key: IPv4Network(getattr(nets, key)) for key in ("machine", "cluster", "service")}
    place = {key: config_path("pools", [index, "networks", key]) for key in ranges}
    machine, cluster, service = ranges.values()
    if not LARGEST_VPC <= machine.prefixlen <= SMALLEST_VPC:
        allowed = f"/{LARGEST_VPC} to /{SMALLEST_VPC}: AWS allows no larger VPC, and two subnets a zone must fit"
        yield wrong(place["machine"], f"got {nets.machine}", allowed, "10.0.0.0/16")
    if service.prefixlen < LARGEST_SERVICE:
        allowed = f"/{LARGEST_SERVICE} or smaller: Kubernetes takes no larger one"
        yield wrong(place["service"], f"got {nets.service}", allowed, "172.30.0.0/16")
    count = pool.control_plane.replicas + pool.workers.replicas
    if nets.host_prefix < cluster.prefixlen or 2 ** (nets.host_prefix - cluster.prefixlen) < count:
        least = cluster.prefixlen + max(count - 1, 0).bit_length()
        path = config_path("pools", [index, "networks", "hostPrefix"])
        problem = f"got {nets.host_prefix}, but {nets.cluster} then has no range for each of {count} machines"
        if least > 28:
            yield wrong(place["cluster"], problem, "a larger range", "10.128.0.0/14")
        else:
            yield wrong(path, problem, f"at least {least}", least)
    seen = {f"OVN-Kubernetes ({name})": IPv4Network(text) for name, text in OVN.items()}
    for key, net in ranges.items():
        other = next((name for name, known in seen.items() if net.overlaps(known)), None)
        if other:
            taken = [known for name, known in {**seen, **ranges}.items() if name != key]
            yield _other_range(place[key], f"{net} overlaps {seen[other]} of {other}", net.prefixlen, taken)
        seen[key] = net


def _disjoint(index: int, pools: Pools) -> Iterator[Mistake]:
    pool = pools[index]
    machine = IPv4Network(pool.networks.machine)
    for at, other in pools.items():
        asked = pool.networks.disjoint or other.networks.disjoint
        if at < index and asked and machine.overlaps(IPv4Network(other.networks.machine)):
            others = [known for i, known in pools.items() if i != index]
            yield _other_range(
                config_path("pools", [index, "networks", "machine"]),
                f"{machine} overlaps {other.networks.machine} of pool {other.name}, and disjoint is asked for",
                max(machine.prefixlen, LARGEST_VPC),
                [*map(IPv4Network, OVN.values()), *_all(pool.networks)[1:], *(_all(o.networks)[0] for o in others)],
            )
            return


def _all(nets: Networks) -> list[IPv4Network]:
    return [IPv4Network(text) for text in (nets.machine, nets.cluster, nets.service)]


def _other_range(path: str, problem: str, prefix: int, taken: list[IPv4Network]) -> Mistake:
    free = free_network(prefix, taken)
    allowed = "a range that overlaps no other"
    return wrong(path, problem, allowed, free) if free else Mistake(path, problem, allowed, remove_command(path))


def free_network(prefix: int, taken: list[IPv4Network]) -> str | None:
    """Return the first private range of a size that overlaps none of the taken ones, or None if there is none."""
    for block in map(IPv4Network, PRIVATE):
        if prefix >= block.prefixlen:
            for candidate in block.subnets(new_prefix=prefix):
                if not any(candidate.overlaps(known) for known in taken):
                    return str(candidate)
    return None


def tags(pools: Pools) -> Iterator[Mistake]:
    """Check the number of tags; each one's form is its type's."""
    for index, pool in pools.items():
        if len(pool.tags) > MOST_TAGS:
            path = config_path("pools", [index, "tags", list(pool.tags)[-1]])
            allowed = f"at most {MOST_TAGS}: the installer allows one more, which is kept for the program"
            yield Mistake(path, f"is one of {len(pool.tags)} tags", allowed, remove_command(path))
