"""The trigger as the article prints it, on a current Kyverno: it never claims.

Kept to document why ours is another one. If this test ever fails, the article's form works again.
"""

import time
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from lab.hub import Hub
from tests.lab.trigger import Trigger

ROLE: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {
        "name": "kyverno:create-claim",
        "labels": {
            "app.kubernetes.io/component": "background-controller",
            "app.kubernetes.io/instance": "kyverno",
            "app.kubernetes.io/part-of": "kyverno",
        },
    },
    "rules": [
        {
            "apiGroups": ["hive.openshift.io"],
            "resources": ["clusterclaims"],
            "verbs": ["create", "patch", "update", "delete"],
        }
    ],
}
POLICY: dict[str, Any] = {
    "apiVersion": "kyverno.io/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": "aws"},
    "spec": {
        "background": True,
        "rules": [
            {
                "name": "claim",  # the article gives it none, and Kyverno wants one
                "match": {"any": [{"resources": {"kinds": ["Deployment/scale"]}}]},
                "preconditions": {
                    "all": [
                        {"key": "{{request.object.spec.replicas}}", "operator": "Equals", "value": 4},
                        {"key": "{{request.object.metadata.name}}", "operator": "Equals", "value": "sample-kotlin-spring"},
                    ]
                },
                "generate": {
                    "generateExisting": True, "synchronize": True,
                    "apiVersion": "hive.openshift.io/v1", "kind": "ClusterClaim", "name": "aws", "namespace": "aws",
                    "data": {"spec": {"clusterPoolName": "aws"}},
                },
            }
        ],
    },
}  # fmt: skip
READING_TOO = ["get", "list", "watch", "create", "patch", "update", "delete"]


def admission_role(verbs: list[str]) -> dict[str, Any]:
    labels = {**ROLE["metadata"]["labels"], "app.kubernetes.io/component": "admission-controller"}
    rule = {**ROLE["rules"][0], "verbs": verbs}
    return {**ROLE, "metadata": {"name": "kyverno:read-claim", "labels": labels}, "rules": [rule]}


@pytest.fixture
def bare(lab: Hub, trigger: Trigger):
    """Return the lab without our trigger, and clean up after the article's."""
    trigger.delete_policies()
    yield trigger
    for api_version, kind, name in (
        ("kyverno.io/v1", "ClusterPolicy", "aws"),
        (ROLE["apiVersion"], "ClusterRole", "kyverno:create-claim"),
        (ROLE["apiVersion"], "ClusterRole", "kyverno:read-claim"),
    ):
        lab.cluster.delete(api_version, kind, name)
    for request in lab.cluster.find("kyverno.io/v2", "UpdateRequest"):
        lab.cluster.delete(
            "kyverno.io/v2", "UpdateRequest", request["metadata"]["name"], request["metadata"]["namespace"]
        )


def test_with_the_articles_role_the_policy_is_refused(bare: Trigger) -> None:
    bare.cluster.apply(ROLE)
    with pytest.raises(ApiException, match="requires permissions"):
        bare.cluster.apply(POLICY)


def test_with_more_rights_it_is_accepted_and_never_claims(bare: Trigger) -> None:
    bare.cluster.apply({**ROLE, "rules": [{**ROLE["rules"][0], "verbs": READING_TOO}]})
    bare.cluster.apply(admission_role(READING_TOO))

    def accepted() -> bool:
        try:
            bare.cluster.apply(POLICY)
        except ApiException:
            return False  # the roles are aggregated a moment later
        return True

    bare.wait("the policy accepted", accepted)
    bare.wait("the policy ready", lambda: "Ready" in str(bare.cluster.get("kyverno.io/v1", "ClusterPolicy", "aws")))
    time.sleep(2)
    for replicas in (2, 4):
        bare.scale(replicas)
        time.sleep(2)
    assert bare.claims() == []
    # The rest of it works: on the Deployment itself the same policy claims.
    rule = POLICY["spec"]["rules"][0]
    on_deployments = {**rule, "match": {"any": [{"resources": {"kinds": ["Deployment"]}}]}}
    bare.cluster.delete("kyverno.io/v1", "ClusterPolicy", "aws")
    bare.cluster.apply({**POLICY, "spec": {**POLICY["spec"], "rules": [on_deployments]}})
    time.sleep(2)
    bare.scale(2)
    bare.scale(4)
    bare.wait("a claim by the policy on Deployments", bare.live)
