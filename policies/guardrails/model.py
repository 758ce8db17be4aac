"""What a rule is, and what it looks at. Pure: the CrossGuard pack and the preview both run rules from here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, cast

from .types import SYNC_SET

Config = Mapping[str, Any]
Severity = Literal["low", "medium", "high", "critical"]
Subject = Literal["cost", "safety", "security", "consistency"]


class Unknown:
    """Stands for a value that is known only after something was created."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Resource:
    """A resource as a rule sees it: plain inputs, secrets included, with UNKNOWN where a value is not known.

    `cluster` tells objects of the same name on different clusters apart: the context or the name of their provider.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any] = field(repr=False)
    cluster: str = ""
    protect: bool = False
    delete_before_replace: bool = False
    dependencies: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """The last part of its type."""
        return self.type.rpartition(":")[2]

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name of the object."""
        return str(self.at("metadata.namespace") or ""), str(self.at("metadata.name") or "")

    def at(self, path: str, default: Any = None) -> Any:
        """Return the value at a dotted path, or the default."""
        return at(self.props, path, default)

    def map(self, path: str) -> Mapping[str, Any]:
        """Return the map at a path; empty if there is none."""
        value = self.at(path)
        return cast(dict[str, Any], value) if isinstance(value, dict) else {}

    def texts(self, path: str) -> list[str]:
        """Return the list at a path; empty if there is none."""
        value = self.at(path)
        return [str(item) for item in cast(list[Any], value)] if isinstance(value, list) else []

    def items(self, path: str) -> list[Mapping[str, Any]]:
        """Return the list of maps at a path; empty if there is none."""
        value = self.at(path)
        return [i for i in cast(list[Any], value) if isinstance(i, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Finding:
    """A broken rule: the resource and what is wrong with it. Never quotes a secret."""

    urn: str
    message: str


@dataclass(frozen=True)
class Reads:
    """The values that a rule reads of a type: dotted paths, `*` for every entry of a list or a map.

    `names` is a pattern for the names of the objects.
    """

    type: str
    paths: tuple[str, ...] = ()
    names: str = "*"

    def covers(self, resource: Resource) -> bool:
        """Tell whether these are read of a resource. A name that is not known may be any."""
        name = resource.at("metadata.name")
        return self.type in (resource.type, "*") and (name is UNKNOWN or fnmatchcase(str(name or ""), self.names))


Check = Callable[[Sequence[Resource], Config], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A guardrail.

    Args:
        name: kebab-case; the key in the pack's configuration.
        subject: the group that it belongs to.
        severity: how bad it is to break it.
        why: what goes wrong otherwise.
        remedy: what to do.
        url: documentation.
        reads: the values that it reads. One that is unknown at preview fails the rule.
        check: yields what is wrong.
        each: judges each resource by itself, before it is created; otherwise all resources together.
        synced: judges the objects that sync sets bring to other clusters, too.
        schema: JSON Schema of each of its configuration's keys; all of them are required.
    """

    name: str
    subject: Subject
    severity: Severity
    why: str
    remedy: str
    url: str
    reads: tuple[Reads, ...]
    check: Check
    each: bool = True
    synced: bool = False
    schema: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def looks_at(self, type_: str) -> bool:
        """Tell whether the rule may have something to say of a type."""
        return any(reads.type in (type_, "*") for reads in self.reads) or (self.synced and type_ == SYNC_SET)

    def applies(self, resource: Resource) -> bool:
        """Tell whether the rule judges a resource, or an object that it brings to other clusters."""
        return any(self._covers(one) for one in self._with_synced(resource))

    def _covers(self, resource: Resource) -> bool:
        return any(reads.covers(resource) for reads in self.reads)

    def _paths(self, resource: Resource) -> tuple[str, ...] | None:
        """Return the declared paths for a resource; None if the rule does not look at it."""
        found = [reads.paths for reads in self.reads if reads.covers(resource)]
        if self.synced and resource.type == SYNC_SET:
            found.append((SYNCED, f"{SYNCED}.*"))
        return tuple(dict.fromkeys(path for paths in found for path in paths)) if found else None

    def _with_synced(self, resource: Resource) -> list[Resource]:
        return [resource, *synced(resource)] if self.synced else [resource]

    def judge(self, resources: Iterable[Resource], config: Config) -> list[Finding]:
        """Return what is wrong. A declared value that is unknown counts as wrong: nobody could judge it."""
        findings: list[Finding] = []
        judged: list[Resource] = []
        for resource in (one for given in resources for one in self._with_synced(given)):
            paths = self._paths(resource)
            if paths is None:
                continue
            hidden = [path for path in paths if UNKNOWN in found(resource.props, path)]
            findings += [
                Finding(resource.urn, f"{path} is unknown at preview; give it as a plain value") for path in hidden
            ]
            if not hidden and self._covers(resource):
                judged.append(resource)
        batches = [[resource] for resource in judged] if self.each else [judged]
        findings += [finding for batch in batches if batch for finding in self.check(batch, config)]
        return [_at_owner(finding) for finding in findings]


# Between the URN of a sync set and the place of an object in it.
_INSIDE = "#"
SYNCED = "spec.resources"


def synced(resource: Resource) -> list[Resource]:
    """Return the objects that a sync set brings to other clusters; none for any other resource."""
    listed = resource.at(SYNCED) if resource.type == SYNC_SET else None
    objects: list[Resource] = []
    for index, manifest in enumerate(cast(list[Any], listed) if isinstance(listed, list) else []):
        if isinstance(manifest, dict):
            version, kind = str(at(manifest, "apiVersion")), str(at(manifest, "kind"))
            objects.append(
                replace(
                    resource,
                    urn=f"{resource.urn}{_INSIDE}{SYNCED}[{index}]",
                    type=f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}",
                    props=cast(dict[str, Any], manifest),
                )
            )
    return objects


def _at_owner(finding: Finding) -> Finding:
    urn, inside, place = finding.urn.partition(_INSIDE)
    return Finding(urn, f"{place}: {finding.message}") if inside else finding


def at(value: Any, path: str, default: Any = None) -> Any:
    """Return the value at a dotted path of nested maps, or the default."""
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            return default
        value = cast(dict[str, Any], value)[step]
    return value


def found(value: Any, path: str) -> list[Any]:
    """Return every value at a path in which `*` stands for each entry; UNKNOWN where the way there is."""
    if value is UNKNOWN:
        return [UNKNOWN]
    if not path:
        return [value]
    step, _, rest = path.partition(".")
    if step == "*":
        entries = cast(dict[str, Any], value).values() if isinstance(value, dict) else value
        items = cast(list[Any], [] if not isinstance(value, dict | list) else entries)
        return [hit for item in items for hit in found(item, rest)]
    if isinstance(value, dict) and step in value:
        return found(cast(dict[str, Any], value)[step], rest)
    return []


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of every text in a value."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, entry in cast(dict[str, Any], value).items():
            yield from leaves(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[Any], value)):
            yield from leaves(item, f"{path}[{index}]")
