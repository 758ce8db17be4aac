"""Rules between parts of a mesh. Each looks only at parts that are valid by themselves, so that all are told."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from settings.addresses import Range, parse_range
from settings.checks import RESERVED, kyverno_version, not_skuppers
from settings.mesh import RELEASES, MeshApplication, MeshCluster, MeshLink, MeshOptions
from settings.mistakes import Mistake, config_path, remove_command
from settings.mistakes import wrong as _wrong
from settings.skupper_operator import CHANNELS, minor_of, of_version

# The router's Service and the one that hands out credentials (version 1: claims and console).
ADDRESSES_TO_ACCEPT = 2
# Since then a link's cost may change, and MultiKeyListener exists.
OLDEST_RELEASE_2 = (2, 2, 0)

# Where Skupper's controller is, in version 1 and 2.
CONTROLLERS = ("skupper-site-controller", "skupper")


@dataclass
class MeshParts:
    """The parts of a mesh that are valid by themselves; clusters and links by their position in the file."""

    options: MeshOptions | None = None
    clusters: dict[int, MeshCluster] = field(default_factory=dict[int, MeshCluster])
    links: dict[int, MeshLink] = field(default_factory=dict[int, MeshLink])
    application: MeshApplication | None = None
    all_clusters: bool = False

    def named(self, name: str) -> tuple[int, MeshCluster] | None:
        """Return the first cluster of a name with its position."""
        return next(((index, cluster) for index, cluster in self.clusters.items() if cluster.name == name), None)


def _path(*steps: str | int) -> str:
    return config_path("mesh", steps)


def _release(parts: MeshParts) -> Iterator[Mistake]:
    release = parts.options.controller.release if parts.options else None
    if not parts.options or not release:
        return
    path, version = _path("controller", "release"), parts.options.version
    numbers = tuple(int(part) for part in release.split(".") if part.isascii() and part.isdigit())
    if len(numbers) != 3 or numbers[0] != version:
        allowed = f"a release of version {version}: sites of version 1 and 2 cannot talk to each other"
        yield _wrong(path, f"got {release!r}, but version is {version}", allowed, RELEASES[version])
    elif version == 2 and numbers < OLDEST_RELEASE_2:
        allowed = "2.2.0 or newer: before, a changed link cost never reached the router"
        yield _wrong(path, f"got {release!r}", allowed, RELEASES[2])


def _operator(parts: MeshParts) -> Iterator[Mistake]:
    operator = parts.options.controller.operator if parts.options else None
    if not parts.options or not operator:
        return
    path, version = _path("controller", "operator"), parts.options.version
    yield from of_version(path, operator, version, "version")
    minor = minor_of(operator.channel)
    if version == 2 and minor is not None and minor < OLDEST_RELEASE_2[1] and operator.channel.startswith("stable-2"):
        allowed = "stable-2.2 or newer: before, a changed link cost never reached the router"
        yield _wrong(f"{path}.channel", f"got {operator.channel!r}", allowed, CHANNELS[2])
    if operator.approval == "Manual" and not operator.starting_csv:
        allowed = "the version to approve: with Manual nothing else is installed"
        yield _wrong(f"{path}.startingCsv", "is missing", allowed, f"skupper-operator.v{RELEASES[version]}")


def _names(parts: MeshParts) -> Iterator[Mistake]:
    for key in ("name", "context"):
        seen: set[str] = set()
        for index, cluster in parts.clusters.items():
            value = str(getattr(cluster, key))
            if value in seen:
                allowed = "one of its own: two sites of one cluster and namespace would be the same site"
                yield _wrong(
                    _path("clusters", index, key), f"{value!r} is there already", allowed, f"{value[:40]}-{index}"
                )
            seen.add(value)


def _sites(parts: MeshParts) -> Iterator[Mistake]:
    for index, cluster in parts.clusters.items():
        if cluster.edge and cluster.access != "none":
            yield _wrong(
                _path("clusters", index, "access"),
                f"got {cluster.access!r}, but the site is an edge site",
                "none: edge sites accept no links",
                "none",
            )


def _link_ends(parts: MeshParts) -> Iterator[Mistake]:
    names = sorted(cluster.name for cluster in parts.clusters.values())
    pairs: set[frozenset[str]] = set()
    for index, link in parts.links.items():
        for key, name in (("from", link.from_), ("to", link.to)):
            if parts.all_clusters and name not in names:
                yield _wrong(
                    _path("links", index, key), f"there is no cluster {name!r}", f"one of {', '.join(names)}", names[0]
                )
        pair = frozenset((link.from_, link.to))
        whole = _path("links", index)
        if len(pair) == 1:
            yield Mistake(whole, f"{link.to} is linked to itself", "two clusters", remove_command(whole))
        elif pair in pairs:
            allowed = "one link for each pair: connections go both ways, and the router uses the cheaper one only"
            problem = f"{link.from_} and {link.to} are linked already"
            yield Mistake(whole, problem, allowed, remove_command(whole))
        pairs.add(pair)


def _link_sites(parts: MeshParts) -> Iterator[Mistake]:
    told: set[str] = set()
    for index, link in parts.links.items():
        accepting, linking = parts.named(link.to), parts.named(link.from_)
        if accepting and link.to not in told and link.from_ != link.to:
            told.add(link.to)
            position, cluster = accepting
            if cluster.edge:
                yield _wrong(
                    _path("clusters", position, "edge"),
                    f"is true, but links[{index}] goes to {link.to}",
                    "false where a link ends: edge sites accept no links",
                    False,
                )
            elif cluster.access == "none":
                yield _wrong(
                    _path("clusters", position, "access"),
                    f"is none, but links[{index}] goes to {link.to}",
                    "default, route or loadbalancer where a link ends",
                    "loadbalancer",
                )
        if linking and linking[1].edge and link.cost != 1:
            yield _wrong(
                _path("links", index, "cost"),
                f"got {link.cost}, but {link.from_} is an edge site",
                "1: the router ignores the cost of an edge site's link",
                1,
            )


def _pools(parts: MeshParts) -> Iterator[Mistake]:
    nodes = [parse_range(text) for text in parts.options.node_addresses] if parts.options else []
    taken: list[tuple[str, str, Range]] = []
    accepting = {link.to for link in parts.links.values() if link.from_ != link.to}
    for index, cluster in parts.clusters.items():
        for position, text in enumerate(cluster.addresses):
            path, found = _path("clusters", index, "addresses", position), parse_range(text)
            for owner, other_text, other in taken:
                if found.overlaps(other):
                    allowed = "addresses of its own: clusters on one network would both answer for the same address"
                    problem = f"{text} overlaps {other_text} of {owner}"
                    yield Mistake(path, problem, allowed, remove_command(path))
                    break
            for other in nodes:
                if found.overlaps(other):
                    problem = f"{text} overlaps the nodes' addresses {other.first}-{other.last}"
                    yield Mistake(path, problem, "addresses that no node has", remove_command(path))
                    break
            taken.append((cluster.name, text, found))
        size = sum(parse_range(text).size for text in cluster.addresses)
        if cluster.addresses and cluster.name in accepting and size < ADDRESSES_TO_ACCEPT:
            path = _path("clusters", index, "addresses")
            allowed = "at least 2 where a link ends: for the router, and for what hands out credentials"
            yield Mistake(path, f"has {size} address", allowed, remove_command(path))


def _namespace(parts: MeshParts) -> Iterator[Mistake]:
    if not parts.options:
        return
    options, path = parts.options, _path("namespace")
    taken = {*RESERVED, *CONTROLLERS, options.metal_lb.namespace, options.kyverno.namespace}
    if options.namespace in taken or options.namespace.startswith("kube-"):
        allowed = "a namespace of its own: the program makes it on each cluster, and this one is another's"
        yield _wrong(path, f"got {options.namespace!r}", allowed, "interconnect")


def _application(parts: MeshParts) -> Iterator[Mistake]:
    application = parts.application
    if not application:
        return
    names = sorted(cluster.name for cluster in parts.clusters.values())
    for position, name in enumerate(application.exposed_to):
        path = _path("application", "exposedTo", position)
        if parts.all_clusters and name not in names:
            yield _wrong(path, f"there is no cluster {name!r}", f"one of {', '.join(names)}", names[0])
        elif name in application.exposed_to[:position]:
            yield Mistake(path, f"{name!r} is there twice", "each cluster once", remove_command(path))
    if parts.all_clusters and all(cluster.replicas is None for cluster in parts.clusters.values()):
        path = _path("clusters", min(parts.clusters), "replicas")
        yield _wrong(path, "no cluster has replicas", "at least one cluster that runs the application", 1)
    if application.balance != "connections" and parts.options and parts.options.version == 1:
        path, problem = _path("application", "balance"), f"got {application.balance!r}, but version is 1"
        yield _wrong(path, problem, "connections: version 1 has no weights and no priorities", "connections")
    yield from not_skuppers(application.name, _path("application", "name"))


def _reachable(parts: MeshParts) -> Iterator[Mistake]:
    """An exposed application whose cluster has no way to the exposed one answers nobody."""
    if not (parts.application and parts.all_clusters) or any(
        count > 1 for count in Counter(cluster.name for cluster in parts.clusters.values()).values()
    ):
        return
    joined = {cluster.name: {cluster.name} for cluster in parts.clusters.values()}
    for link in parts.links.values():
        if link.from_ in joined and link.to in joined:
            whole = joined[link.from_] | joined[link.to]
            joined |= dict.fromkeys(whole, whole)
    for target in parts.application.exposed_to:
        for index, cluster in parts.clusters.items():
            if cluster.replicas is not None and target in joined and cluster.name not in joined[target]:
                path = _path("clusters", index, "replicas")
                allowed = f"a link between {cluster.name} and {target}, or no replicas there"
                problem = f"{cluster.name} runs the application, but no link leads from {target} to it"
                yield Mistake(path, problem, allowed, remove_command(path))


def _kyverno(parts: MeshParts) -> Iterator[Mistake]:
    if parts.options and parts.application and parts.application.balance == "pods":
        yield from kyverno_version(parts.options.kyverno, _path("kyverno", "version"))


CHECKS: tuple[Callable[[MeshParts], Iterator[Mistake]], ...] = (
    _release, _operator, _names, _sites, _link_ends, _link_sites, _pools, _namespace, _application, _reachable,
    _kyverno,
)  # fmt: skip


def check_mesh(parts: MeshParts) -> list[Mistake]:
    """Return every broken rule."""
    return [mistake for rule in CHECKS for mistake in rule(parts)]
