"""A change of the config changes just what it is about: anything more would touch clusters that somebody pays for."""

from typing import Any

from components.digest import digest
from lab.fleet.objects import HIVE
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, preview

IMAGE = "quay.io/openshift-release-dev/ocp-release:4.12.36-multi"
NEW_IMAGE = "quay.io/openshift-release-dev/ocp-release:4.12.40-multi"
REGION = {
    "name": "west",
    "region": "us-west-2",
    "baseDomain": "burst.example.com",
    "releaseImage": IMAGE,
    "size": 1,
    "maxSize": 2,
}
TIER = {"name": "far", "pool": "west", "claimAt": 6, "replicas": 2, "releaseAt": 2, "lifetime": "8h"}
NEW_REGION: dict[str, Any] = {
    "spillway:pools[1]": REGION,
    "spillway:guardrails.regions": ["us-east-1", "us-west-2"],
}
NEW_TIER: dict[str, Any] = {"spillway:bursts[1]": TIER}


def created(*names: str) -> set[str]:
    return {f"create {name}" for name in names}


def updated(*names: str) -> set[str]:
    return {f"update {name}" for name in names}


def replaced(*names: str) -> set[str]:
    return {f"{op} {name}" for op in ("create-replacement", "replace", "delete-replaced") for name in names}


POLICIES = [f"burst-aws-burst-{policy}" for policy in ("claim", "reclaim", "heartbeat", "release")]
# What, its config, and what Pulumi may do. Each comes on top of those before.
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "pool size": ({"spillway:pools[0].size": 2}, updated("pool-aws-pool", "watch-rules-aws")),
    "install-config": (
        {"spillway:pools[0].workers": {"replicas": 4}},
        # A new Secret by its hashed name, then the pool, then the old Secret goes.
        replaced("pool-aws-install-config") | updated("pool-aws-pool"),
    ),
    "image set": (
        {"spillway:pools[0].releaseImage": NEW_IMAGE},
        created(f"pool-aws-image-set-{digest(NEW_IMAGE)}")
        | updated("pool-aws-pool")
        | {f"delete pool-aws-image-set-{digest(IMAGE)}"},
    ),
    "threshold": ({"spillway:bursts[0].claimAt": 5}, updated(*POLICIES[:3])),
    "application image": (
        {"spillway:workload.image": "quay.io/pminkows/sample-kotlin-spring:1.4.40"},
        updated("workload-deployment"),
    ),
    "channel of an operator": (
        {"spillway:hub.operators.acm.channel": "release-2.16"},
        updated("acm-operator-subscription"),
    ),
    "channel of Skupper, here and on the burst clusters": (
        {"spillway:hub.operators.skupper": {"channel": "stable-2.3"}},
        updated("skupper-subscription", "interconnect-aws-sync"),
    ),
    "link cost": ({"spillway:interconnect.cost": 5}, updated("interconnect-aws-sync")),
    "new region": (
        NEW_REGION,
        created(
            "pool-west",
            "pool-west-namespace",
            f"pool-west-image-set-{digest(IMAGE)}",
            "pool-west-install-config",
            "pool-west-aws-creds",
            "pool-west-pull-secret",
            "pool-west-pool",
            "interconnect-west",
            "interconnect-west-certificate",
            "interconnect-west-sync",
            "watch-rules-west",
        )
        | updated("delivery-project"),
    ),
    "new tier": (
        NEW_TIER,
        created(
            "burst-west-far",
            *(
                f"burst-west-far-{role}"
                for role in ("background-controller", "cleanup-controller", "reports-controller")
            ),
            *(policy.replace("aws-burst", "west-far") for policy in POLICIES),
        )
        | updated("watch-rules-west"),
    ),
}


# What must have ended before what begins: a pool whose Secret or image set is missing, even for a moment, installs
# nothing.
ORDER = {
    "install-config": [
        ("create-replacement pool-aws-install-config", "update pool-aws-pool"),
        ("update pool-aws-pool", "delete-replaced pool-aws-install-config"),
    ],
    "image set": [
        (f"create pool-aws-image-set-{digest(NEW_IMAGE)}", "update pool-aws-pool"),
        ("update pool-aws-pool", f"delete pool-aws-image-set-{digest(IMAGE)}"),
    ],
}


def test_each_change_does_only_what_it_is_about(hub: Hub, stack: PulumiStack) -> None:
    done: dict[str, tuple[set[str], set[str]]] = {}
    for what, (changes, _) in CHANGES.items():
        stack.override(changes)
        planned = preview(stack)
        operations = {str(found): found for found in stack.operations("up", "--yes", "--skip-preview")}
        done[what] = planned, set(operations)
        for first, then in ORDER.get(what, []):
            ended = operations[first].ended
            assert ended is not None
            assert ended < operations[then].begun, f"{first}, then {then}"
        if what in ORDER:
            spec = (hub.cluster.get(*POOL) or {})["spec"]
            assert hub.cluster.get("v1", "Secret", spec["installConfigSecretTemplateRef"]["name"], "aws")
            image = hub.cluster.get(HIVE, "ClusterImageSet", spec["imageSetRef"]["name"]) or {}
            assert image["spec"]["releaseImage"] == (NEW_IMAGE if what == "image set" else IMAGE)
    assert done == {what: (expected, expected) for what, (_, expected) in CHANGES.items()}
