"""The table of rule x field: each value behind a rule, and a value that breaks it.

A flip that needs a stricter configuration, or other values first so that the rule is kept, says so: `config` and `first`.
"""

import base64
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies.guardrails import types as t
from preview.registration import Registration, reveal

GONE = object()
LABEL = t.CLUSTER_SET_LABEL
KEY = "AKIA" + "FLIPFLIPFLIPFLIP"
ENCODED = base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n").decode()
DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"},
    "spec": {"template": {"spec": {"containers": [{"image": "quay.io/example/app"}]}}},
}  # fmt: skip
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"},
    "rules": [{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}],
}  # fmt: skip


@dataclass(frozen=True)
class Flip:
    rule: str
    type: str
    path: str
    value: Any
    config: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[tuple[str, str, Any], ...] = ()
    only: Callable[[Registration], bool] = lambda _: True


def change(found: Registration, path: str, value: Any) -> Registration:
    """Return the registration with a value (or what a function makes of the old one) at a path; GONE removes."""
    if path.startswith("options."):
        return replace(found, options=replace(found.options, **{path.removeprefix("options."): value}))
    if path == "dependencies":
        return replace(found, dependencies=value, property_dependencies={})
    inputs = copy.deepcopy(found.inputs)
    _put(inputs, path.split("."), value)
    return replace(found, inputs=inputs)


def _put(target: Any, steps: list[str], value: Any) -> None:
    step: Any = 0 if steps[0] == "*" else steps[0]
    if len(steps) == 1:
        if value is GONE:
            target.pop(step, None)
        else:
            old = target[step] if isinstance(target, list) else target.get(step)
            target[step] = value(copy.deepcopy(old)) if callable(value) else value
        return
    if isinstance(target, dict):
        target.setdefault(step, {})
    _put(target[step], steps[1:], value)


def _without(key: str) -> Callable[[Any], Any]:
    return lambda old: {k: v for k, v in (old or {}).items() if k != key}


def _with(**more: Any) -> Callable[[Any], Any]:
    return lambda old: {**(old or {}), **more}


def _install_config(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda old: {key: change(text) for key, text in reveal(old).items()}


def _is_install_config(found: Registration) -> bool:
    return "install-config" in found.inputs["metadata"]["name"]


def _is_site(found: Registration) -> bool:
    return found.inputs["metadata"]["name"] == "skupper-site"


def _brings(kind: str) -> Callable[[Registration], bool]:
    return lambda found: any(manifest["kind"] == kind for manifest in found.inputs["spec"]["resources"])


def _by(strategy: str) -> Callable[[Registration], bool]:
    return lambda found: strategy in found.inputs["spec"]["strategy"]


def _synced(kind: str, path: str, value: Any) -> Callable[[list[dict[str, Any]]], Any]:
    """Change what a sync set brings to other clusters."""

    def change_manifests(old: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for manifest in old:
            if manifest["kind"] == kind:
                _put(manifest, path.split("."), value)
        return old

    return change_manifests


def _names_claims(found: Registration) -> bool:
    return any("-a'" in entry["expression"] for entry in found.inputs["spec"].get("variables", []))


def _is_claim(found: Registration) -> bool:
    return found.name.endswith("-claim")


def _text(old_text: str, new_text: str) -> Callable[[str], str]:
    def change_text(old: str) -> str:
        assert old_text in old, (old_text, old)
        return old.replace(old_text, new_text)

    return change_text


def _every(key: str, find: str, put: str) -> Callable[[list[dict[str, Any]]], Any]:
    return lambda old: [{**entry, key: entry[key].replace(find, put)} for entry in old]


def _claim_at_one(old: list[dict[str, Any]]) -> Any:
    return [{**entry, "expression": re.sub(r">= \d+", ">= 1", entry["expression"])} for entry in old]


GUARDED = (t.POOL, t.NAMESPACE, t.IAM_USER, t.HOSTED_ZONE, t.SITE, t.CONFIG_MAP)
PROTECTED = tuple((type_, "options.protect", True) for type_ in GUARDED)
BOTH = {"required": True, "sites": True}
PINNED = ((t.SUBSCRIPTION, "spec.startingCSV", "x.v1"), (t.SUBSCRIPTION, "spec.installPlanApproval", "Manual"))
CONTAINER = "spec.template.spec.containers"

FLIPS = (
    Flip("pool-size", t.POOL, "spec.maxSize", GONE),
    Flip("pool-size", t.POOL, "spec.maxSize", 1000),
    Flip("clusters", t.POOL, "spec.maxSize", 1000),
    Flip("running-clusters", t.POOL, "spec.runningCount", 1000),
    Flip("claim-lifetime", t.POOL, "spec.claimLifetime.maximum", GONE),
    Flip("claim-lifetime", t.POOL, "spec.claimLifetime.maximum", "9999h0m0s"),
    Flip("claim-lifetime", t.POOL, "spec.claimLifetime.default", GONE),
    Flip("instance-types", t.SECRET, "stringData",
         _install_config(lambda text: text.replace("type: m", "type: p5.48x")), only=_is_install_config),
    Flip("instance-types", t.SECRET, "stringData",
         _install_config(lambda text: text.replace("replicas: ", "replicas: 9")), only=_is_install_config),
    Flip("regions", t.POOL, "spec.platform.aws.region", "me-south-1"),
    Flip("monthly-cost", t.POOL, "spec.size", 10_000, {"rest": 20_000, "burst": 10**9}),
    Flip("monthly-cost", t.POOL, "spec.maxSize", 10_000, {"rest": 10**9, "burst": 200_000}),
    Flip("monthly-cost", t.POOL, "spec.runningCount", 10_000, {"rest": 20_000, "burst": 10**9}),
    Flip("monthly-cost", t.POOL, "spec.platform.aws.region", "me-south-1"),
    Flip("monthly-cost", t.SECRET, "stringData",
         _install_config(lambda text: text.replace("replicas: ", "replicas: 9999")), {"rest": 20_000, "burst": 200_000},
         only=_is_install_config),
    Flip("instance-types", t.SECRET, "stringData", _install_config(lambda text: "not: [yaml"), only=_is_install_config),
    Flip("protected", t.POOL, "options.protect", False, BOTH, PROTECTED),
    Flip("protected", t.NAMESPACE, "options.protect", False, BOTH, PROTECTED,
         lambda found: found.name.startswith("pool-")),
    Flip("protected", t.IAM_USER, "options.protect", False, BOTH, PROTECTED),
    Flip("protected", t.HOSTED_ZONE, "options.protect", False, BOTH, PROTECTED),
    Flip("protected", t.SITE, "options.protect", False, BOTH, PROTECTED),
    Flip("protected", t.CONFIG_MAP, "options.protect", False, BOTH, PROTECTED, _is_site),
    Flip("cluster-set-label", t.POOL, "metadata.labels", _without(LABEL)),
    Flip("no-sleep-while-serving", t.POOL, "spec.hibernateAfter", "2h0m0s"),
    Flip("placement", t.PLACEMENT, "spec.clusterSets", []),
    Flip("placement", t.PLACEMENT, "spec.clusterSets.*", "global"),
    Flip("placement", t.PLACEMENT, "spec.predicates", []),
    Flip("placement", t.PLACEMENT, "spec.predicates.*.requiredClusterSelector.labelSelector.matchExpressions", []),
    Flip("placement", t.PLACEMENT, "spec.tolerations", lambda old: old[:1]),
    Flip("placement", t.PLACEMENT, "spec.tolerations", lambda old: old[1:]),
    Flip("application-set-preserves", t.APPLICATION_SET, "spec.syncPolicy.preserveResourcesOnDeletion", False),
    Flip("sync-set", t.SYNC_SET, "spec.secretMappings.*.sourceRef.namespace", GONE),
    Flip("sync-set", t.SYNC_SET, "spec.clusterDeploymentSelector.matchLabels", _without(LABEL)),
    Flip("trigger-never-synchronizes", t.GENERATING, "spec.evaluation.synchronize.enabled", True),
    Flip("trigger-never-synchronizes", t.GENERATING, "spec.evaluation.orphanDownstreamOnPolicyDelete.enabled", False),
    Flip("trigger-lifetime", t.GENERATING, "spec.generate.*.template.value", _text("lifetime:", "life:")),
    Flip("trigger-lifetime", t.GENERATING, "spec.generate.*.template.value", _text("lifetime: ", "lifetime: 9999")),
    Flip("trigger-fires", t.GENERATING, "spec.matchConstraints.resourceRules.*.resources.*", "deployments/scale"),
    Flip("trigger-releases", t.DELETING, "spec.conditions", _every("expression", "duration('", "duration('0s') - ('")),
    Flip("trigger-releases", t.DELETING, "spec.conditions", _every("expression", "replicas > ", "replicas > 99")),
    Flip("trigger-releases", t.DELETING, "spec.conditions", _every("expression", "-a'", "-z'")),
    Flip("trigger-releases", t.GENERATING, "spec.matchConditions", _claim_at_one, only=_is_claim),
    Flip("trigger-releases", t.GENERATING, "spec.variables", _every("expression", "-a'", "-z'"), only=_names_claims),
    Flip("deleted-before-replaced", t.POOL, "options.delete_before_replace", False),
    Flip("deleted-before-replaced", t.PLACEMENT, "options.delete_before_replace", False),
    Flip("deleted-before-replaced", t.GENERATING, "options.delete_before_replace", False),
    Flip("deleted-before-replaced", t.SITE, "options.delete_before_replace", False),
    Flip("operator-first", t.POOL, "dependencies", ()),
    Flip("operator-first", t.CLUSTER_SET, "dependencies", ()),
    Flip("operator-first", t.PROJECT, "dependencies", ()),
    Flip("no-plain-keys", t.CONFIG_MAP, "data", _with(key=KEY)),
    Flip("no-plain-keys", t.POOL, "metadata.annotations", _with(note="-----BEGIN RSA PRIVATE KEY-----")),
    Flip("no-plain-keys", t.SYNC_SET, "spec.resources", lambda old: [*old, {"data": {"key": KEY}}]),
    Flip("no-plain-keys", t.CONFIG_MAP, "data", _with(encoded=ENCODED)),
    Flip("no-plain-keys", t.CONFIG_MAP, "data", _with(secretAccessKey="a" * 40)),
    # The article's repository has the token's private key in just this way.
    Flip("no-plain-keys", t.SYNC_SET, "spec.resources",
         lambda old: [*old, {"apiVersion": "v1", "kind": "Secret", "data": {"tls.key": ENCODED}}]),
    Flip("no-plain-keys", t.SITE, "spec.settings", {"name": KEY}),
    Flip("secrets-from-config", t.SECRET, "stringData", {"planted": KEY}),
    Flip("secrets-from-config", t.SECRET, "stringData", {"secretAccessKey": "a" * 40}),
    Flip("secrets-from-config", t.SECRET, "data", {"planted": "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"}),
    Flip("rbac-without-wildcards", t.CLUSTER_ROLE, "rules.*.verbs", ["*"]),
    Flip("rbac-without-wildcards", t.CLUSTER_ROLE, "rules.*.resources", ["*"]),
    Flip("rbac-without-wildcards", t.CLUSTER_ROLE, "rules.*.apiGroups", ["*"]),
    Flip("iam-without-wildcards", t.IAM_POLICY, "policy",
         '{"Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}'),
    Flip("iam-without-wildcards", t.IAM_POLICY, "policy",
         '{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}'),
    Flip("project-without-wildcards", t.PROJECT, "spec.sourceRepos", ["*"]),
    Flip("project-without-wildcards", t.PROJECT, "spec.destinations", [{"name": "*", "namespace": "x"}]),
    Flip("project-without-wildcards", t.PROJECT, "spec.clusterResourceWhitelist", [{"group": "*", "kind": "*"}]),
    Flip("project-without-wildcards", t.PROJECT, "spec.namespaceResourceWhitelist", [{"group": "apps", "kind": "*"}]),
    Flip("images-pinned", t.DEPLOYMENT, f"{CONTAINER}.*.image", "quay.io/example/app:latest"),
    Flip("images-pinned", t.DEPLOYMENT, f"{CONTAINER}.*.image", "registry.example.com:5000/app"),
    Flip("images-pinned", t.DEPLOYMENT, "spec.template.spec.initContainers", [{"image": "quay.io/example/app"}]),
    Flip("images-pinned", t.IMAGE_SET, "spec.releaseImage", "quay.io/openshift-release-dev/ocp-release"),
    Flip("operators-pinned", t.SUBSCRIPTION, "spec.channel", GONE),
    Flip("operators-pinned", t.SUBSCRIPTION, "spec.startingCSV", GONE, {"pinned": True}, PINNED),
    Flip("operators-pinned", t.SUBSCRIPTION, "spec.installPlanApproval", "Automatic", {"pinned": True}, PINNED),
    Flip("operators-pinned", t.RELEASE, "version", GONE),
    Flip("site-access", t.SITE, "spec.linkAccess", "loadbalancer", {"allowed": ["none"]},
         ((t.SITE, "spec.linkAccess", "none"), (t.CONFIG_MAP, "data.ingress", "none"))),
    Flip("site-access", t.CONFIG_MAP, "data.ingress", GONE, {"allowed": ["none"]},
         ((t.SITE, "spec.linkAccess", "none"), (t.CONFIG_MAP, "data.ingress", "none")),
         _is_site),
    Flip("site-access", t.SYNC_SET, "spec.resources", _synced("Site", "spec.linkAccess", "loadbalancer"),
         only=_brings("Site")),
    Flip("site-access", t.SYNC_SET, "spec.resources", _synced("ConfigMap", "data.ingress", "loadbalancer"),
         only=_brings("ConfigMap")),
    Flip("images-pinned", t.SYNC_SET, "spec.resources", lambda old: [*old, DEPLOYMENT]),
    *(Flip("rbac-without-wildcards", t.ROLE, f"rules.*.{key}", ["*"]) for key in ("verbs", "resources", "apiGroups")),
    Flip("rbac-without-wildcards", t.SYNC_SET, "spec.resources", lambda old: [*old, ROLE]),
    *(Flip("references", t.POOL, path, "nothing") for path in (
        "spec.imageSetRef.name", "spec.pullSecretRef.name", "spec.installConfigSecretTemplateRef.name",
        "spec.platform.aws.credentialsSecretRef.name")),
    Flip("references", t.POOL, "metadata.labels", _with(**{LABEL: "nothing"})),
    *(Flip("references", type_, "metadata.name", "nothing") for type_ in (
        t.POOL, t.BINDING, t.PLACEMENT, t.IMAGE_SET, t.CLUSTER_SET, t.PROJECT, t.ADDRESS_POOL, t.CERTIFICATE)),
    *(Flip("references", type_, "metadata.namespace", "nothing") for type_ in (
        t.POOL, t.BINDING, t.PLACEMENT, t.PROJECT, t.ADDRESS_POOL, t.CERTIFICATE)),
    *(Flip("references", t.SECRET, f"metadata.{key}", "nothing", only=_is_install_config)
      for key in ("name", "namespace")),
    Flip("references", t.BINDING, "spec.clusterSet", "nothing"),
    Flip("references", t.PLACEMENT, "spec.clusterSets", ["nothing"]),
    Flip("references", t.GITOPS_CLUSTER, "spec.placementRef.name", "nothing"),
    Flip("references", t.APPLICATION_SET, "spec.template.spec.project", "nothing"),
    Flip("references", t.APPLICATION_SET,
         "spec.generators.*.clusterDecisionResource.labelSelector.matchLabels",
         {"cluster.open-cluster-management.io/placement": "nothing"}),
    Flip("references", t.GENERATING, "spec.generate.*.template.value",
         _text("clusterPoolName: ", "clusterPoolName: no-")),
    Flip("references", t.SYNC_SET, "spec.clusterDeploymentSelector.matchLabels", {LABEL: "nothing"}),
    Flip("references", t.SYNC_SET, "spec.secretMappings.*.sourceRef.name", "nothing"),
    Flip("references", t.SYNC_SET, "spec.secretMappings.*.sourceRef.namespace", "nothing"),
    Flip("references", t.ADVERTISEMENT, "spec.ipAddressPools.*", "nothing"),
    Flip("references", t.LINK, "spec.tlsCredentials", "nothing"),
    Flip("routing-keys", t.LISTENER, "spec.routingKey", "nothing"),
    Flip("routing-keys", t.CONNECTOR, "spec.routingKey", "nothing", only=lambda found: found.name == "connector"),
    Flip("routing-keys", t.WEIGHTED_LISTENER, "spec.strategy.weighted.routingKeys", _with(nothing=1),
         only=_by("weighted")),
    Flip("routing-keys", t.WEIGHTED_LISTENER, "spec.strategy.priority.routingKeys.*", "nothing", only=_by("priority")),
    Flip("addresses-disjoint", t.ADDRESS_POOL, "spec.addresses", ["192.0.2.9-192.0.2.17", "192.0.2.16/32"]),
    Flip("addresses-disjoint", t.ADDRESS_POOL, "spec.addresses.*", "not an address"),
    Flip("addresses-disjoint", t.ADDRESS_POOL, "spec.addresses.*", "192.0.2.9-192.0.2.1"),
    Flip("addresses-disjoint", t.ADDRESS_POOL, "spec.addresses", ["2001:db8::1-2001:db8::9", "2001:db8::/124"]),
    Flip("link-costs", t.LINK, "spec.cost", 0),
    Flip("link-costs", t.LINK, "spec.cost", 10**9),
    Flip("link-costs", t.ACCESS_TOKEN, "spec.linkCost", 10**9),
    Flip("link-costs", t.SECRET, "metadata.annotations", {"skupper.io/cost": "much"}),
    Flip("link-costs", t.SYNC_SET, "spec.resources", _synced("Link", "spec.cost", 10**9), only=_brings("Link")),
)  # fmt: skip

# The same by a key of the stack's config, for hub stacks: values by config path.
CONFIG_FLIPS: dict[str, dict[str, Any]] = {
    "pool-size": {"spillway:pools[0].maxSize": 99},
    "clusters": {"spillway:pools[0].maxSize": 99},
    "running-clusters": {"spillway:pools[0].size": 9, "spillway:pools[0].maxSize": 9, "spillway:pools[0].running": 9},
    "claim-lifetime": {"spillway:pools[0].claimLifetime.maximum": "9999h"},
    "instance-types": {"spillway:pools[0].workers.type": "p5.48xlarge"},
    "regions": {"spillway:pools[0].region": "ap-south-1", "spillway:pools[0].zones": ["ap-south-1a"]},
    "monthly-cost": {"spillway:guardrails.monthlyAtRest": 1},
    "protected": {"spillway:guardrails.protectPools": True, "spillway:pools[0].protect": False},
    "trigger-lifetime": {
        "spillway:pools[0].claimLifetime.maximum": "9999h", "spillway:bursts[0].lifetime": "9999h",
    },
    "trigger-releases": {"spillway:bursts[0].minimumHold": "1s"},
    "operators-pinned": {
        "spillway:guardrails.pinOperators": True, "spillway:hub.operators.acm": {"channel": "release-2.15"},
    },
    "site-access": {"spillway:guardrails.siteAccess": []},
}  # fmt: skip
