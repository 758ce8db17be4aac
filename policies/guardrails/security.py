"""Who may do what, and which values must never be readable."""

import base64
import fnmatch
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from .install_configs import secret_texts
from .model import Config, Finding, Reads, Resource, Rule, at, leaves
from .types import (
    CLUSTER_ROLE,
    CONFIG_MAP,
    DEPLOYMENT,
    IAM_POLICY,
    IMAGE_SET,
    PROJECT,
    RELEASE,
    ROLE,
    SECRET,
    SITE,
    SUBSCRIPTION,
)

TEXTS = {"type": "array", "items": {"type": "string"}}
_MATERIAL = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "an AWS secret key": re.compile(r"(?i)secret_?access_?key[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}\b"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "a registry's credentials": re.compile(r'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"'),
    "credentials in an address": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/:@]+@"),
}


_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}")


def material(text: str, key: str = "") -> str | None:
    """Return which kind of key or token a text holds, in plain or base64; None if it holds none.

    Args:
        text: the text.
        key: the last part of its path, by which a key without a form of its own is known.
    """
    for shown in (f"{key}: {text}", *(_decoded(found.group()) for found in _ENCODED.finditer(text))):
        for kind, pattern in _MATERIAL.items():
            if pattern.search(shown):
                return kind
    return None


def _decoded(text: str) -> str:
    return base64.b64decode(text[: len(text) // 4 * 4]).decode(errors="replace")


def no_keys(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Keys are in Secrets, whose content is marked secret, and nowhere else."""
    for resource in resources:
        if resource.type.startswith("pulumi:providers:"):
            continue
        skipped = ("data", "stringData") if resource.type == SECRET else ()
        for path, text in leaves({key: value for key, value in resource.props.items() if key not in skipped}):
            kind = material(text, path.rpartition(".")[2])
            if kind:
                yield Finding(resource.urn, f"{path} holds {kind}")


def secrets(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A Secret holds only what the stack's secrets, or other resources, give it.

    The SDK marks all content of a Secret as secret, wherever it is from. So what may hold a key is listed, by
    namespace, name and key; anything else with a key in it was written into the program or its plain config.
    """
    allowed = cast(list[Mapping[str, Any]], config["allowed"])
    for secret in resources:
        namespace, name = secret.place
        keys = {
            key
            for entry in allowed
            if entry["namespace"] == namespace and fnmatch.fnmatchcase(name, entry["name"])
            for key in entry["keys"]
        }
        for key, text in secret_texts(secret).items():
            kind = material(text, key) if isinstance(text, str) and key not in keys else None
            if kind:
                yield Finding(
                    secret.urn, f"{key} of Secret {namespace}/{name} holds {kind}, not one of the stack's secrets"
                )


def rbac(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Roles name what they allow."""
    for role in resources:
        for index, rule in enumerate(role.items("rules")):
            for key in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
                values: list[Any] = at(rule, key, [])
                if any("*" in str(value) for value in values):
                    yield Finding(role.urn, f"rules[{index}].{key} has a wildcard")


def iam(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """IAM policies name the actions that they allow."""
    for policy in resources:
        document = policy.at("policy")
        try:
            parsed: Any = json.loads(document) if isinstance(document, str) else document
        except ValueError:
            yield Finding(policy.urn, "its document is not JSON")
            continue
        statements: Any = at(parsed, "Statement") or []
        for index, statement in enumerate(
            cast(list[Any], statements if isinstance(statements, list) else [statements])
        ):
            if at(statement, "Effect") != "Allow":
                continue
            actions: Any = at(statement, "Action") or []
            wide = [a for a in ([actions] if isinstance(actions, str) else actions) if "*" in a]
            if wide or at(statement, "NotAction"):
                yield Finding(policy.urn, f"Statement[{index}] allows {', '.join(wide) or 'all but some actions'}")


def project(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """An AppProject names its sources, destinations and kinds."""
    for found in resources:
        if "*" in found.texts("spec.sourceRepos"):
            yield Finding(found.urn, "spec.sourceRepos has *")
        for key in ("destinations", "clusterResourceWhitelist", "namespaceResourceWhitelist"):
            for index, entry in enumerate(found.items(f"spec.{key}")):
                for part, value in entry.items():
                    if value == "*":
                        yield Finding(found.urn, f"spec.{key}[{index}].{part} is *")


_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def _pinned(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return bool(_DIGEST.search(image)) or (bool(tag) and tag != "latest")


def images(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Images have a tag or digest, and it is not latest."""
    for resource in resources:
        spec = "spec.template.spec"
        containers = resource.items(f"{spec}.containers") + resource.items(f"{spec}.initContainers")
        used = [str(at(container, "image")) for container in containers]
        if resource.type == IMAGE_SET:
            used.append(str(resource.at("spec.releaseImage")))
        for image in used:
            if not _pinned(image):
                yield Finding(resource.urn, f"image {image} has no tag or digest, or its tag is latest")


def operators(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """Operators and charts come in a chosen version."""
    for found in resources:
        if found.type == RELEASE:
            if not found.at("version") and not str(found.at("chart")).startswith((".", "/")):
                yield Finding(found.urn, f"chart {found.at('chart')} has no version")
        elif not found.at("spec.channel"):
            yield Finding(found.urn, "spec.channel is missing: the catalog's default channel may change")
        elif config["pinned"] and not (
            found.at("spec.startingCSV") and found.at("spec.installPlanApproval") == "Manual"
        ):
            yield Finding(found.urn, "is not pinned: wants installPlanApproval Manual and startingCSV")


def site_access(resources: Sequence[Resource], config: Config) -> Iterator[Finding]:
    """A Skupper site is reachable from outside only as configured."""
    for site in resources:
        access = site.at("data.ingress") if site.type == CONFIG_MAP else site.at("spec.linkAccess")
        shown = str(access or "default")
        if shown not in config["allowed"]:
            yield Finding(site.urn, f"access is {shown}; allowed: {', '.join(config['allowed'])}")


RULES = (
    Rule(
        "no-plain-keys", "security", "critical",
        "What is in plain input is in git, in the state, in logs, and in every object made from it.",
        "Take the key out of use; set a new one with `pulumi config set --secret`.",
        "https://www.pulumi.com/docs/iac/concepts/secrets/", (Reads("*"),), no_keys,
    ),
    Rule(
        "secrets-from-config", "security", "critical",
        "A key that is written into a Secret in the program or in plain config is in git.",
        "Take the key out of use; set a new one with `pulumi config set --secret`.",
        "https://www.pulumi.com/docs/iac/concepts/secrets/",
        (Reads(SECRET, ("metadata.name", "metadata.namespace")),), secrets,
        schema={"allowed": {"type": "array", "items": {"type": "object"}}},
    ),
    Rule(
        "rbac-without-wildcards", "security", "high",
        "A wildcard also allows what is added later.",
        "Name groups, resources and verbs.",
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
        (Reads(CLUSTER_ROLE, ("rules",)), Reads(ROLE, ("rules",))), rbac, synced=True,
    ),
    Rule(
        "iam-without-wildcards", "security", "critical",
        "Whoever has the installer's key has all that its policies allow.",
        "Name the actions.",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html", (Reads(IAM_POLICY, ("policy",)),), iam,
    ),
    Rule(
        "project-without-wildcards", "security", "high",
        "A project with * lets an application bring anything to any cluster, the hub too.",
        "Name repositories, destinations and kinds.",
        "https://argo-cd.readthedocs.io/en/stable/user-guide/projects/",
        (
            Reads(
                PROJECT,
                (
                    "spec.sourceRepos.*", "spec.destinations", "spec.clusterResourceWhitelist",
                    "spec.namespaceResourceWhitelist",
                ),
            ),
        ),
        project,
    ),
    Rule(
        "images-pinned", "security", "high",
        "An image without a version is another one tomorrow, and another one on each cluster.",
        "Give a tag other than latest, or a digest.",
        "https://kubernetes.io/docs/concepts/containers/images/",
        (
            Reads(DEPLOYMENT, ("spec.template.spec.containers.*.image", "spec.template.spec.initContainers.*.image")),
            Reads(IMAGE_SET, ("spec.releaseImage",)),
        ),
        images, synced=True,
    ),
    Rule(
        "operators-pinned", "security", "medium",
        "An operator that upgrades by itself changes the hub without a review.",
        "Set approval Manual and startingCsv of spillway:hub.operators, or spillway:guardrails.pinOperators to false.",
        "https://olm.operatorframework.io/docs/concepts/crds/subscription/",
        (
            Reads(SUBSCRIPTION, ("spec.channel", "spec.startingCSV", "spec.installPlanApproval")),
            Reads(RELEASE, ("chart", "version")),
        ),
        operators, schema={"pinned": {"type": "boolean"}},
    ),
    Rule(
        "site-access", "security", "high",
        "A site that is open to the internet can be linked to by whoever has a token.",
        "Narrow the site's access, or widen spillway:guardrails.siteAccess.",
        "https://skupper.io/docs/kube-yaml/site-configuration.html",
        (
            Reads(SITE, ("spec.linkAccess",)),
            Reads(CONFIG_MAP, ("metadata.name", "data.ingress"), names="skupper-site"),
        ),
        site_access, synced=True, schema={"allowed": TEXTS},
    ),
)  # fmt: skip
