"""The guardrails of a stack: their configuration from its settings, and their verdicts on its recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.guardrails.model import Rule
from policies.guardrails.rules import RULES
from preview.recording import Recording
from preview.resources import prices, resources
from preview.stack_settings import read_any
from settings import Mesh, MeshLink, MeshSettings, Pool, Settings

NO_BUDGET = 10**9


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a stack; `findings` are (kind, logical name, message).

    It applies if the stack has anything that the rule looks at.
    """

    rule: Rule
    level: str
    applies: bool
    findings: tuple[tuple[str, str, str], ...]

    @property
    def failed(self) -> bool:
        """Whether it stops the change."""
        return bool(self.findings) and self.level == "mandatory"


def pack_config(stack: str, root: Path, overrides: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return what `pulumi preview --policy-pack-config` takes for a stack.

    Args:
        stack: the stack's name.
        root: the folder of the project.
        overrides: as for `record`.

    Raises:
        FileNotFoundError: there is no such stack file.
        settings.SettingsError: the stack's configuration is wrong.
    """
    return configuration(read_any(stack, root, overrides))


def configuration(settings: Settings | MeshSettings) -> dict[str, Any]:
    """Return the configuration of every rule for a stack's settings."""
    limits = settings.guardrails
    hub = settings if isinstance(settings, Settings) else None
    pools, bursts = (hub.pools, hub.bursts) if hub else ((), ())
    cluster_set = hub.cluster_set.name if hub else ""
    keys = [entry for pool in pools for entry in _key_secrets(pool)]
    if isinstance(settings, MeshSettings):
        keys += [_token(settings.mesh, link) for link in settings.mesh.links]
    budget = {"rest": limits.monthly_at_rest, "burst": limits.monthly_at_burst}
    rules: dict[str, dict[str, Any]] = {
        "pool-size": {"maximum": limits.max_clusters_per_pool},
        "clusters": {"perRegion": limits.max_clusters_per_region, "perStack": limits.max_clusters},
        "running-clusters": {"maximum": limits.max_running},
        "claim-lifetime": {"maximum": limits.max_claim_lifetime},
        "instance-types": {"types": list(limits.instance_types), "maximum": limits.max_machines},
        "regions": {"allowed": list(limits.regions)},
        "monthly-cost": {
            **{key: NO_BUDGET if amount is None else amount for key, amount in budget.items()},
            "prices": prices(),
        },
        "protected": {"required": limits.protect_pools, "sites": limits.protect_sites},
        "cluster-set-label": {"clusterSet": cluster_set},
        "sync-set": {"clusterSet": cluster_set},
        "trigger-lifetime": {"maximum": limits.max_claim_lifetime},
        "trigger-releases": {
            "minimumHold": limits.minimum_hold,
            "bursts": {f"{burst.pool}-{burst.name}": burst.replicas for burst in bursts},
        },
        "secrets-from-config": {"allowed": keys},
        "operators-pinned": {"pinned": limits.pin_operators},
        "site-access": {"allowed": list(limits.site_access)},
        "references": {"existingSecrets": [entry for pool in pools for entry in _existing_secrets(pool)]},
        "link-costs": {"maximum": limits.max_link_cost},
    }
    return {
        rule.name: {"enforcementLevel": limits.levels.get(rule.name, "mandatory"), **rules.get(rule.name, {})}
        for rule in RULES
    }


def _key_secrets(pool: Pool) -> list[dict[str, Any]]:
    """Return the Secrets of a pool that hold keys, as patterns: their names end in a digest."""
    parts: dict[str, list[str]] = {}
    if pool.credentials.source != "existing":
        parts["aws-creds"] = ["aws_access_key_id", "aws_secret_access_key"]
    if not pool.credentials.pull_secret:
        parts["pull-secret"] = [".dockerconfigjson"]
    return [{"namespace": pool.place, "name": f"{pool.name}-{part}-*", "keys": keys} for part, keys in parts.items()]


def _existing_secrets(pool: Pool) -> list[dict[str, Any]]:
    named = (pool.credentials.aws_secret, pool.credentials.pull_secret)
    return [{"namespace": pool.place, "name": name} for name in named if name]


def _token(mesh: Mesh, link: MeshLink) -> dict[str, Any]:
    """Return the Secret into which a link of version 1 copies the key that Skupper made."""
    return {"namespace": mesh.namespace, "name": f"{link.from_}-{link.to}-*", "keys": ["tls.key"]}


def verdicts(recording: Recording, config: dict[str, Any]) -> list[Verdict]:
    """Return the verdict of every rule that is not disabled, in order."""
    judged = resources(recording.registrations)
    names = {one.urn: (one.kind, one.name) for one in judged}
    results: list[Verdict] = []
    for rule in RULES:
        own = config[rule.name]
        if own["enforcementLevel"] != "disabled":
            findings = [(*names[found.urn], found.message) for found in rule.judge(judged, own)]
            applies = any(rule.applies(one) for one in judged)
            results.append(Verdict(rule, own["enforcementLevel"], applies, tuple(sorted(findings))))
    return results
