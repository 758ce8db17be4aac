"""The guardrails of a stack: their configuration from its settings, and their verdicts on its recording."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from policies.guardrails.model import Rule
from policies.guardrails.rules import RULES
from preview.recording import Recording
from preview.resources import prices, resource
from preview.stack_file import load
from settings.application import Guardrails
from settings.reading import entry

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
    """
    values = load(stack, root, overrides or {}, {}).values
    return configuration({key: _parsed(text) for key, text in values.items()})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def configuration(config: dict[str, Any]) -> dict[str, Any]:
    """Return the pack's configuration for a stack's config, by key; the config has passed the settings' checks."""
    limits = Guardrails.model_validate_json(json.dumps(config.get("spillway:guardrails", {})))
    pools, bursts = (
        cast(list[dict[str, Any]], [entry(item) for item in config.get(f"spillway:{key}", [])])
        for key in ("pools", "bursts")
    )
    cluster_set = config.get("spillway:clusterSet", {}).get("name", "")
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
        "protected": {"required": limits.protect_pools},
        "cluster-set-label": {"clusterSet": cluster_set},
        "sync-set": {"clusterSet": cluster_set},
        "trigger-lifetime": {"maximum": limits.max_claim_lifetime},
        "trigger-releases": {
            "minimumHold": limits.minimum_hold,
            "bursts": {f"{burst['pool']}-{burst['name']}": burst["replicas"] for burst in bursts},
        },
        "secrets-from-config": {"allowed": [found for pool in pools for found in _key_secrets(pool)]},
        "operators-pinned": {"pinned": limits.pin_operators},
        "site-access": {"allowed": list(limits.site_access)},
        "references": {"existingSecrets": [found for pool in pools for found in _existing_secrets(pool)]},
        "link-costs": {"maximum": limits.max_link_cost},
    }
    return {
        rule.name: {"enforcementLevel": limits.levels.get(rule.name, "mandatory"), **rules.get(rule.name, {})}
        for rule in RULES
    }


def _key_secrets(pool: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the Secrets of a pool that hold keys, as patterns: their names end in a digest."""
    if pool.get("credentials", {}).get("source", "config") == "existing":
        return []
    place = pool.get("namespace") or pool["name"]
    parts = {"aws-creds": ["aws_access_key_id", "aws_secret_access_key"], "pull-secret": [".dockerconfigjson"]}
    return [{"namespace": place, "name": f"{pool['name']}-{part}-*", "keys": keys} for part, keys in parts.items()]


def _existing_secrets(pool: dict[str, Any]) -> list[dict[str, Any]]:
    credentials = pool.get("credentials", {})
    place = pool.get("namespace") or pool["name"]
    named = (credentials.get("awsSecret"), credentials.get("pullSecret"))
    return [{"namespace": place, "name": name} for name in named if name]


def verdicts(recording: Recording, config: dict[str, Any]) -> list[Verdict]:
    """Return the verdict of every rule that is not disabled, in order."""
    resources = [resource(found) for found in recording.registrations if found.custom]
    names = {one.urn: (one.kind, one.name) for one in resources}
    results: list[Verdict] = []
    for rule in RULES:
        own = config[rule.name]
        if own["enforcementLevel"] != "disabled":
            findings = [(*names[found.urn], found.message) for found in rule.judge(resources, own)]
            applies = any(rule.paths(one.type) is not None for one in resources)
            results.append(Verdict(rule, own["enforcementLevel"], applies, tuple(sorted(findings))))
    return results
