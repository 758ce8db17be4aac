"""What must not be lost, and what must end."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

import yaml

from .durations import seconds
from .model import Config, Finding, Reads, Resource, Rule, at
from .types import (
    APPLICATION_SET,
    CLUSTER_SET_LABEL,
    CONFIG_MAP,
    DELETING,
    GENERATING,
    HOSTED_ZONE,
    IAM_USER,
    NAMESPACE,
    PLACEMENT,
    POOL,
    RELEASE,
    SITE,
    SUBSCRIPTION,
    SYNC_SET,
)

PLACEMENTS = "https://open-cluster-management.io/docs/concepts/content-placement/placement/"
GENERATE = "https://kyverno.io/docs/policy-types/generating-policy/"
DELETE = "https://kyverno.io/docs/policy-types/deleting-policy/"
OPTIONS = "https://www.pulumi.com/docs/iac/concepts/resources/options/"
TEXT = {"type": "string"}
TAINTS = ("cluster.open-cluster-management.io/unreachable", "cluster.open-cluster-management.io/unavailable")
# Sets that take more than the burst clusters: `global` has every cluster, `default` the hub unless it was moved.
WIDE_SETS = ("global", "default")


def protected(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Pools, their namespaces, the identity, the hosted zones and the sites cannot be deleted by mistake."""
    spaces = {pool.place[0] for pool in resources if pool.type == POOL}
    for resource in resources:
        if resource.type == NAMESPACE and resource.place[1] not in spaces:
            continue
        wanted = config["sites" if resource.type in (SITE, CONFIG_MAP) else "required"]
        if wanted and not resource.protect:
            yield Finding(resource.urn, f"{resource.kind} {resource.name} is not protected")


def set_label(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """The label on the pool's metadata is the only way into the set."""
    for pool in resources:
        label = pool.map("metadata.labels").get(CLUSTER_SET_LABEL)
        if label != config["clusterSet"]:
            yield Finding(pool.urn, f"cluster-set label is {label!r}, not {config['clusterSet']!r}")


def stays_up(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A cluster that serves is not sent to sleep."""
    for pool in resources:
        if pool.at("spec.hibernateAfter") is not None:
            yield Finding(pool.urn, "spec.hibernateAfter is set: Hive would hibernate claimed clusters under load too")


def placement(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A placement takes the burst clusters, never the hub, and keeps them while they are out of touch."""
    for found in resources:
        sets = found.texts("spec.clusterSets")
        if not sets or set(sets) & set(WIDE_SETS):
            yield Finding(found.urn, f"spec.clusterSets is {sets}: name the set of burst clusters")
        predicates = found.items("spec.predicates")
        if not predicates or not all(_leaves_out_hub(predicate) for predicate in predicates):
            yield Finding(found.urn, "a predicate does not leave out the hub (label local-cluster, DoesNotExist)")
        tolerated = {str(entry.get("key")) for entry in found.items("spec.tolerations")}
        for taint in TAINTS:
            if taint not in tolerated:
                yield Finding(found.urn, f"no toleration for {taint}: the application goes from a cluster that serves")


def _leaves_out_hub(predicate: Any) -> bool:
    expressions: list[Any] = at(predicate, "requiredClusterSelector.labelSelector.matchExpressions", [])
    return any(at(e, "key") == "local-cluster" and at(e, "operator") in ("DoesNotExist", "NotIn") for e in expressions)


def preserves(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Deleting the ApplicationSet deletes no application's objects."""
    for found in resources:
        if found.at("spec.syncPolicy.preserveResourcesOnDeletion") is not True:
            yield Finding(found.urn, "spec.syncPolicy.preserveResourcesOnDeletion is not true")


def sync_set(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A sync set copies from a named namespace, to the clusters of its set only."""
    for found in resources:
        for index, mapping in enumerate(found.items("spec.secretMappings")):
            if not at(mapping, "sourceRef.namespace"):
                path = f"spec.secretMappings[{index}].sourceRef.namespace"
                yield Finding(found.urn, f"{path} is missing: Hive's webhook does not check it, and nothing is copied")
        label = found.map("spec.clusterDeploymentSelector.matchLabels").get(CLUSTER_SET_LABEL)
        if label != config["clusterSet"]:
            yield Finding(found.urn, f"selects clusters outside of its set: cluster-set label is {label!r}")


def never_synchronizes(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Kyverno leaves a claim alone once it has made it."""
    for found in resources:
        if found.at("spec.evaluation.synchronize.enabled") is not False:
            yield Finding(found.urn, "spec.evaluation.synchronize.enabled is not false: Hive's finalizer would be lost")
        if found.at("spec.evaluation.orphanDownstreamOnPolicyDelete.enabled") is not True:
            yield Finding(found.urn, "spec.evaluation.orphanDownstreamOnPolicyDelete.enabled is not true")


def _claims(policy: Resource) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = []
    for entry in policy.items("spec.generate"):
        try:
            manifest: Any = yaml.safe_load(str(at(entry, "template.value") or ""))
        except yaml.YAMLError:
            continue
        if isinstance(manifest, dict) and at(manifest, "kind") == "ClusterClaim":
            claims.append(cast(dict[str, Any], manifest))
    return claims


def claim_ends(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """What the trigger claims has a lifetime."""
    limit = seconds(config["maximum"])
    for policy in resources:
        for claim in _claims(policy):
            lifetime = seconds(at(claim, "spec.lifetime"))
            if lifetime is None:
                yield Finding(policy.urn, "the claim has no spec.lifetime: one that is not released runs for ever")
            elif limit is None or lifetime > limit:
                yield Finding(policy.urn, f"the claim lives {at(claim, 'spec.lifetime')}, at most {config['maximum']}")


def fires(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """The trigger listens to what Kyverno can look up."""
    for policy in resources:
        for rule in policy.items("spec.matchConstraints.resourceRules"):
            if any(str(name).lower() == "deployments/scale" for name in at(rule, "resources", [])):
                yield Finding(policy.urn, "matches deployments/scale, whose kind Kyverno cannot find: it never claims")


_NAMES = re.compile(r"\['[^\]]*'\]")
_AT_LEAST = re.compile(r"(?:spec\.replicas|desiredReplicas) >= (\d+)")
_MORE_THAN = re.compile(r"spec\.replicas > (\d+)")
_HOLD = re.compile(r"> duration\('([^']+)'\)")


def _text(policy: Resource, *paths: str) -> str:
    return "\n".join(str(at(entry, "expression")) for path in paths for entry in policy.items(path))


def released(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """What is claimed is released, after a hold, at a threshold that the burst itself does not reach."""
    releases = [(p, _text(p, "spec.conditions")) for p in resources if p.type == DELETING]
    for policy in resources:
        if policy.type != GENERATING or not _claims(policy):
            continue
        text = _text(policy, "spec.matchConditions", "spec.variables")
        # It looks for claims by these names in several places, and makes one of them.
        names = sorted(set(_NAMES.findall(text)))
        match = next((r for r in releases if names and all(listed in r[1] for listed in names)), None)
        if not match:
            yield Finding(policy.urn, "no DeletingPolicy releases all claims that it makes")
            continue
        release, conditions = match
        hold = _HOLD.search(conditions)
        length = seconds(hold.group(1)) if hold else None
        if length is None or length < (seconds(config["minimumHold"]) or 0):
            shown = hold.group(1) if hold else "none"
            yield Finding(release.urn, f"the hold is {shown}, at least {config['minimumHold']} is wanted")
        claim_at = [int(number) for number in _AT_LEAST.findall(text)]
        release_at = [int(number) for number in _MORE_THAN.findall(conditions)]
        burst = next((pods for name, pods in config["bursts"].items() if f"'{name}-a'" in names[0]), None)
        if not claim_at or not release_at or burst is None:
            yield Finding(policy.urn, "its thresholds cannot be read: replicas >= claimAt, and > releaseAt to keep")
        elif max(release_at) + burst >= min(claim_at):
            found = f"releaseAt {max(release_at)} + {burst} pods in the burst cluster"
            yield Finding(
                policy.urn, f"{found} is not below claimAt {min(claim_at)}: it would claim and release in turn"
            )


# Kinds of Kubernetes itself: the provider finds another way to replace them.
_BUILT_IN = re.compile(r"^kubernetes:(core|apps|batch|autoscaling|policy|helm\.sh|[a-z.]+\.k8s\.io)/")


def _custom(resource: Resource) -> bool:
    return resource.type.startswith("kubernetes:") and not _BUILT_IN.match(resource.type)


def deleted_first(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A custom resource with a fixed name makes room for its successor."""
    for found in resources:
        if _custom(found) and not found.kind.endswith("Patch") and found.place[1] and not found.delete_before_replace:
            yield Finding(found.urn, f"{found.kind} {found.place[1]} is not deleted before it is replaced")


# Which operator serves which API groups: (last part of the group, kind of what installs it, its package or chart).
OPERATORS = (
    ("hive.openshift.io", SUBSCRIPTION, "advanced-cluster-management"),
    ("open-cluster-management.io", SUBSCRIPTION, "advanced-cluster-management"),
    ("argoproj.io", SUBSCRIPTION, "openshift-gitops-operator"),
    ("kyverno.io", RELEASE, "kyverno"),
    ("skupper.io", SUBSCRIPTION, "skupper-operator"),
    ("skupper.io", RELEASE, "skupper"),
    ("metallb.io", RELEASE, "metallb"),
)


def _installs(resource: Resource, type_: str, package: str) -> bool:
    installed = resource.at("spec.name") if type_ == SUBSCRIPTION else resource.at("chart")
    return resource.type == type_ and str(installed).rstrip("/").rpartition("/")[2] == package


def operator_first(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A custom resource waits for the operator that serves it, if that is in the stack."""
    by_urn = {resource.urn: resource for resource in resources}

    def before(start: Resource) -> set[str]:
        seen: set[str] = set()
        left = list(start.dependencies)
        while left:
            urn = left.pop()
            if urn not in seen:
                seen.add(urn)
                left += by_urn[urn].dependencies if urn in by_urn else []
        return seen

    for resource in resources:
        if not _custom(resource):
            continue
        group = resource.type.split(":")[1].rpartition("/")[0]
        for suffix, type_, package in OPERATORS:
            if group != suffix and not group.endswith(f".{suffix}"):
                continue
            operators = {r.urn for r in resources if _installs(r, type_, package)}
            if operators and not operators & before(resource):
                yield Finding(resource.urn, f"{resource.kind} {resource.place[1]} does not wait for {package}")


RULES = (
    Rule(
        "protected", "safety", "high",
        "Deleting a pool destroys its clusters; removing them from AWS needs the identity and the zone. A new site "
        "has a new identity, which no link knows.",
        "Set protect to true in spillway:pools[], aws.identity, aws.zones[], interconnect or mesh; or "
        "spillway:guardrails.protectPools or protectSites to false.",
        OPTIONS + "protect/",
        (
            Reads(POOL, ("metadata.namespace",)), Reads(NAMESPACE, ("metadata.name",)), Reads(IAM_USER),
            Reads(HOSTED_ZONE), Reads(SITE), Reads(CONFIG_MAP, ("metadata.name",), names="skupper-site"),
        ),
        protected, each=False, schema={"required": {"type": "boolean"}, "sites": {"type": "boolean"}},
    ),
    Rule(
        "cluster-set-label", "safety", "critical",
        "Without the label claimed clusters join no set, get no application, and the burst serves nothing.",
        "Keep the label that the program sets; spillway:clusterSet.name is its value.",
        "https://github.com/stolostron/clusterclaims-controller",
        (Reads(POOL, ("metadata.labels",)),), set_label, schema={"clusterSet": TEXT},
    ),
    Rule(
        "no-sleep-while-serving", "safety", "critical",
        "hibernateAfter counts from when a cluster came up, claimed or not.",
        "Remove hibernateAfter; a pool hibernates its unclaimed clusters by itself.",
        "https://github.com/openshift/hive/blob/master/docs/hibernating-clusters.md",
        (Reads(POOL, ("spec.hibernateAfter",)),), stays_up,
    ),
    Rule(
        "placement", "safety", "critical",
        "A wide placement deploys to the hub itself; one without tolerations drops clusters that still serve.",
        "Name the set, leave out local-cluster, tolerate both taints.",
        PLACEMENTS, (Reads(PLACEMENT, ("spec.clusterSets.*", "spec.predicates", "spec.tolerations.*.key")),), placement,
    ),
    Rule(
        "application-set-preserves", "safety", "high",
        "A deleted ApplicationSet would wait for objects on clusters that are being destroyed.",
        "Set syncPolicy.preserveResourcesOnDeletion to true.",
        "https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/",
        (Reads(APPLICATION_SET, ("spec.syncPolicy.preserveResourcesOnDeletion",)),), preserves,
    ),
    Rule(
        "sync-set", "safety", "critical",
        "A wide selector puts the network's token on clusters that are not part of it.",
        "Select by the cluster-set label; name the namespace of every source.",
        "https://github.com/openshift/hive/blob/master/docs/syncset.md",
        (
            Reads(
                SYNC_SET,
                ("spec.clusterDeploymentSelector.matchLabels", "spec.secretMappings.*.sourceRef.namespace"),
            ),
        ),
        sync_set, schema={"clusterSet": TEXT},
    ),
    Rule(
        "trigger-never-synchronizes", "safety", "critical",
        "A synchronized claim is rewritten without the finalizer and namespace that Hive put there.",
        "Set synchronize to false and orphanDownstreamOnPolicyDelete to true.",
        GENERATE,
        (
            Reads(
                GENERATING,
                ("spec.evaluation.synchronize.enabled", "spec.evaluation.orphanDownstreamOnPolicyDelete.enabled"),
            ),
        ),
        never_synchronizes,
    ),
    Rule(
        "trigger-lifetime", "safety", "critical",
        "A claim without a lifetime that nobody releases keeps its cluster running.",
        "Set spillway:bursts[].lifetime, or raise spillway:guardrails.maxClaimLifetime.",
        GENERATE, (Reads(GENERATING, ("spec.generate.*.template.value",)),), claim_ends, schema={"maximum": TEXT},
    ),
    Rule(
        "trigger-fires", "safety", "critical",
        "Kyverno accepts Deployment/scale and then generates nothing.",
        "Match deployments and deployments/status.",
        GENERATE, (Reads(GENERATING, ("spec.matchConstraints.resourceRules.*.resources.*",)),), fires,
    ),
    Rule(
        "trigger-releases", "safety", "critical",
        "Without a release only the lifetime ends a burst; with thresholds too near, it claims and releases in turn.",
        "Keep releaseAt + replicas below claimAt, and minimumHold at spillway:guardrails.minimumHold or more.",
        DELETE,
        (
            Reads(
                GENERATING,
                ("spec.matchConditions.*.expression", "spec.variables.*.expression", "spec.generate.*.template.value"),
            ),
            Reads(DELETING, ("spec.conditions.*.expression",)),
        ),
        released, each=False,
        schema={"minimumHold": TEXT, "bursts": {"type": "object", "additionalProperties": {"type": "integer"}}},
    ),
    Rule(
        "deleted-before-replaced", "safety", "medium",
        "With a fixed name the new object cannot be created beside the old one.",
        "Set delete_before_replace.",
        OPTIONS + "deletebeforereplace/", (Reads("*", ("metadata.name",)),), deleted_first,
    ),
    Rule(
        "operator-first", "safety", "high",
        "The provider tries five times, half a minute in all, to create a kind that is not served yet, then fails.",
        "Make it depend on the operator.",
        OPTIONS + "dependson/", (Reads("*"),), operator_first, each=False,
    ),
)  # fmt: skip
