"""Whether the parts of a stack fit together."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from .model import Config, Finding, Reads, Resource, Rule, at, found
from .types import (
    ACCESS_TOKEN,
    ADDRESS_POOL,
    ADVERTISEMENT,
    APPLICATION_SET,
    BINDING,
    CERTIFICATE,
    CLUSTER_SET,
    CLUSTER_SET_LABEL,
    CONNECTOR,
    GENERATING,
    GITOPS_CLUSTER,
    IMAGE_SET,
    LINK,
    LISTENER,
    PLACEMENT,
    POOL,
    PROJECT,
    SECRET,
    SYNC_SET,
    WEIGHTED_LISTENER,
)

HERE, CLUSTER = "same namespace", "no namespace"
# What refers to what by a name at a path: (type, path, type of what it names, where that lives).
BY_NAME = (
    (POOL, "spec.imageSetRef.name", IMAGE_SET, CLUSTER),
    (POOL, "spec.pullSecretRef.name", SECRET, HERE),
    (POOL, "spec.installConfigSecretTemplateRef.name", SECRET, HERE),
    (POOL, "spec.platform.aws.credentialsSecretRef.name", SECRET, HERE),
    (BINDING, "spec.clusterSet", CLUSTER_SET, CLUSTER),
    (PLACEMENT, "spec.clusterSets.*", BINDING, HERE),
    (GITOPS_CLUSTER, "spec.placementRef.name", PLACEMENT, HERE),
    (APPLICATION_SET, "spec.template.spec.project", PROJECT, HERE),
    (ADVERTISEMENT, "spec.ipAddressPools.*", ADDRESS_POOL, HERE),
    (LINK, "spec.tlsCredentials", SECRET, HERE),
)
PLACEMENT_LABEL = "cluster.open-cluster-management.io/placement"
DECISIONS = "spec.generators.*.clusterDecisionResource.labelSelector.matchLabels"
# The same by a label: (type, path of the labels, label, type of what it names, where that lives).
BY_LABEL = (
    (POOL, "metadata.labels", CLUSTER_SET_LABEL, CLUSTER_SET, CLUSTER),
    (SYNC_SET, "spec.clusterDeploymentSelector.matchLabels", CLUSTER_SET_LABEL, CLUSTER_SET, CLUSTER),
    (APPLICATION_SET, DECISIONS, PLACEMENT_LABEL, PLACEMENT, HERE),
)
CLUSTER_SCOPED = {target for *_, target, where in (*BY_NAME, *BY_LABEL) if where == CLUSTER}
TEMPLATES = "spec.generate.*.template.value"
SOURCES = "spec.secretMappings.*.sourceRef"


@dataclass(frozen=True)
class _Reference:
    path: str
    type: str
    namespace: str
    name: str


def _references(resource: Resource) -> Iterator[_Reference]:
    own = resource.place[0]
    for type_, path, target, where in BY_NAME:
        if resource.type == type_:
            for name in found(resource.props, path):
                yield _Reference(path, target, own if where == HERE else "", str(name))
    for type_, path, label, target, where in BY_LABEL:
        if resource.type == type_:
            for labels in found(resource.props, path):
                yield _Reference(f"{path}[{label}]", target, own if where == HERE else "", str(labels.get(label)))
    if resource.type == GENERATING:
        for text in found(resource.props, TEMPLATES):
            claim = _yaml(str(text))
            place = str(at(claim, "metadata.namespace"))
            yield _Reference(f"{TEMPLATES}: clusterPoolName", POOL, place, str(at(claim, "spec.clusterPoolName")))
    if resource.type == SYNC_SET:
        for source in found(resource.props, SOURCES):
            yield _Reference(SOURCES, SECRET, str(at(source, "namespace")), str(at(source, "name")))


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _scoped(resource: Resource) -> tuple[str, str]:
    """Return where it is. The provider gives a namespace to objects of kinds whose scope it cannot know yet."""
    namespace, name = resource.place
    return ("" if resource.type in CLUSTER_SCOPED else namespace), name


def references(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """What an object refers to is in the stack on its cluster, or said to be there already."""
    there = {(resource.cluster, resource.type, *_scoped(resource)) for resource in resources}
    # Skupper issues a certificate into a Secret of its name.
    there |= {(one.cluster, SECRET, *one.place) for one in resources if one.type == CERTIFICATE}
    outside = {(entry["namespace"], entry["name"]) for entry in config["existingSecrets"]}
    for resource in resources:
        for wanted in _references(resource):
            named = (wanted.namespace, wanted.name)
            outside_it = wanted.type == SECRET and named in outside
            if not outside_it and (resource.cluster, wanted.type, *named) not in there:
                kind = wanted.type.rpartition(":")[2]
                target = f"{wanted.namespace}/{wanted.name}" if wanted.namespace else wanted.name
                yield Finding(resource.urn, f"{wanted.path}: there is no {kind} {target}")


def names(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """No two resources are the same object of a cluster."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for resource in resources:
        namespace, name = resource.place
        if not resource.type.startswith("kubernetes:") or not name or resource.kind.endswith("Patch"):
            continue
        key = (resource.cluster, resource.type, namespace, name)
        if key in seen:
            yield Finding(resource.urn, f"{resource.kind} {namespace}/{name} is the object of {seen[key]} too")
        seen[key] = resource.name


def _range(text: str) -> tuple[int, int, int] | None:
    """Return the family, the first and the last address of a range; None if it is none."""
    try:
        first, dash, last = text.partition("-")
        if dash:
            begin, end = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
        else:
            network = ipaddress.ip_network(text, strict=False)
            begin, end = network[0], network[-1]
    except ValueError:
        return None
    return (begin.version, int(begin), int(end)) if begin.version == end.version and int(begin) <= int(end) else None


def addresses(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Address pools share no address: clusters on one network would answer for the same one."""
    taken: list[tuple[int, int, int, str]] = []
    for pool in resources:
        for text in pool.texts("spec.addresses"):
            bounds = _range(text)
            if bounds is None:
                yield Finding(pool.urn, f"{text} is not a range of addresses")
                continue
            family, first, last = bounds
            for version, begin, end, other in taken:
                if family == version and first <= end and begin <= last:
                    yield Finding(pool.urn, f"{text} overlaps {other}")
            taken.append((*bounds, f"{text} of {pool.name}"))


def routing_keys(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """What a listener listens for, a connector of some cluster answers."""
    answered = {str(one.at("spec.routingKey")) for one in resources if one.type == CONNECTOR}
    for one in resources:
        several = [*one.map("spec.strategy.weighted.routingKeys"), *one.texts("spec.strategy.priority.routingKeys")]
        for key in [str(one.at("spec.routingKey"))] if one.type == LISTENER else several:
            if key not in answered:
                yield Finding(one.urn, f"no connector has the routing key {key}")


def link_costs(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Costs of links are in range."""
    for link in resources:
        annotations = link.map("metadata.annotations")
        cost = annotations.get("skupper.io/cost") if link.type == SECRET else _cost(link)
        if cost is None:
            continue
        shown = str(cost)
        if not shown.isdigit() or not 1 <= int(shown) <= config["maximum"]:
            yield Finding(link.urn, f"the link's cost is {shown}; allowed: 1 to {config['maximum']}")


def _cost(link: Resource) -> Any:
    return link.at("spec.cost") if link.type == LINK else link.at("spec.linkCost")


# What `_references` reads, and the names that it looks for.
REFERENCES = (
    *(Reads(type_, (path,)) for type_, path, _, _ in BY_NAME),
    *(Reads(type_, (path,)) for type_, path, _, _, _ in BY_LABEL),
    Reads(GENERATING, (TEMPLATES,)),
    Reads(SYNC_SET, (f"{SOURCES}.name", f"{SOURCES}.namespace")),
    *(
        Reads(type_, ("metadata.name", "metadata.namespace"))
        for type_ in (POOL, BINDING, PLACEMENT, SECRET, PROJECT, ADDRESS_POOL, CERTIFICATE)
    ),
    *(Reads(type_, ("metadata.name",)) for type_ in sorted(CLUSTER_SCOPED)),
)

RULES = (
    Rule(
        "references", "consistency", "high",
        "Most of these objects are accepted with a name that does not exist, and then do nothing.",
        "Correct the name, or add what is missing.",
        "https://github.com/openshift/hive/blob/master/docs/clusterpools.md", REFERENCES, references, each=False,
        schema={"existingSecrets": {"type": "array", "items": {"type": "object"}}},
    ),
    Rule(
        "names-unique", "consistency", "high",
        "Two resources that are one object overwrite each other, and deleting one deletes both.",
        "Give one of them another name.",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
        (Reads("*", ("metadata.name", "metadata.namespace")),), names, each=False,
    ),
    Rule(
        "addresses-disjoint", "consistency", "high",
        "Two clusters on one network that give out the same address take each other's traffic.",
        "Give each cluster a range of its own.",
        "https://metallb.io/configuration/", (Reads(ADDRESS_POOL, ("spec.addresses.*",)),), addresses, each=False,
    ),
    Rule(
        "link-costs", "consistency", "medium",
        "A cost is a number of open connections: with a large one the other side gets nothing.",
        "Lower the link's cost, or raise spillway:guardrails.maxLinkCost.",
        "https://skupper.io/docs/overview/routing.html",
        (
            Reads(LINK, ("spec.cost",)), Reads(ACCESS_TOKEN, ("spec.linkCost",)),
            Reads(SECRET, ("metadata.annotations",)),
        ),
        link_costs, synced=True, schema={"maximum": {"type": "integer"}},
    ),
    Rule(
        "routing-keys", "consistency", "high",
        "A listener whose key no connector has makes a Service that refuses every connection.",
        "Give the connector and the listener the same key.",
        "https://skupper.io/docs/kube-yaml/service-exposure.html",
        (
            Reads(LISTENER, ("spec.routingKey",)), Reads(CONNECTOR, ("spec.routingKey",)),
            Reads(
                WEIGHTED_LISTENER, ("spec.strategy.weighted.routingKeys", "spec.strategy.priority.routingKeys.*")
            ),
        ),
        routing_keys, each=False,
    ),
)  # fmt: skip
