"""The exact objects of the hub stack, with their order and options, as an engine is told about them.

Proves what the program asks for; not that OpenShift, ACM or AWS accept it.
"""

from typing import Any

import pytest

from components.burst_workload import burst_manifests
from lab.waiting import is_created
from preview.recording import ROOT, Recording, record
from preview.registration import Registration, Secret, reveal
from preview.stack_settings import read_settings
from settings import load
from tests.unit.stack_configs import WEST, config

HIVE, OCM = "hive.openshift.io/v1", "cluster.open-cluster-management.io"
SUBSCRIPTION = "kubernetes:operators.coreos.com/v1alpha1:Subscription"
SET_LABEL = "cluster.open-cluster-management.io/clusterset"


V1 = {"spillway:interconnect.version": 1}
ENDPOINTS = [{"name": "inter-router", "host": "router.hub.example.com", "port": "443", "group": "skupper-router"}]


@pytest.fixture(scope="module")
def dev() -> Recording:
    return record("dev")


def as_skupper(registration: Registration) -> dict[str, Any]:
    return {"status": {"endpoints": ENDPOINTS}} if registration.type.endswith(":Site") else {}


def names(recording: Recording, urns: tuple[str, ...]) -> set[str]:
    return {found.name for found in recording.registrations if found.urn in urns}


def one(recording: Recording, kind: str) -> Registration:
    (found,) = [r for r in recording.registrations if r.custom and r.type.endswith(f":{kind}")]
    return found


COMPONENTS = {
    ("Operator", "gitops"): ["gitops-subscription"],
    ("Operator", "skupper"): ["skupper-subscription"],
    ("Operator", "acm-operator"): ["acm-operator-namespace", "acm-operator-group", "acm-operator-subscription"],
    ("AdvancedClusterManagement", "acm"): ["acm-hub"],
    ("Kyverno", "kyverno"): ["kyverno-release"],
    ("ClusterSet", "cluster-set"): [
        "cluster-set-interconnect", "cluster-set-interconnect-binding", "cluster-set-placement", "cluster-set-gitops-cluster",
    ],
    ("ClusterPool", "pool-aws"): [
        "pool-aws-namespace", "pool-aws-image-set-d193798f", "pool-aws-install-config", "pool-aws-aws-creds",
        "pool-aws-pull-secret", "pool-aws-pool",
    ],
    ("BurstTrigger", "burst-aws-burst"): [
        "burst-aws-burst-background-controller", "burst-aws-burst-cleanup-controller",
        "burst-aws-burst-reports-controller", "burst-aws-burst-claim", "burst-aws-burst-reclaim",
        "burst-aws-burst-heartbeat", "burst-aws-burst-release",
    ],
    ("Workload", "workload"): ["workload-namespace", "workload-deployment", "workload-autoscaler", "workload-route"],
    ("Delivery", "delivery"): ["delivery-project", "delivery-application-set"],
    ("Watch", "watch"): [
        "watch-namespace", "watch-reader", "watch-reader-binding", "watch-hive", "watch-rules",
        "watch-rules-aws",
    ],
}  # fmt: skip


VERSIONED = {
    1: {
        ("SkupperSite", "site"): ["site-config"],
        ("SkupperService", "service"): [],
        ("InterconnectSync", "interconnect-aws"): ["interconnect-aws-token", "interconnect-aws-sync"],
    },
    2: {
        ("SkupperSite", "site"): ["site-site"],
        ("SkupperService", "service"): ["service-connector", "service-listener"],
        ("InterconnectSync", "interconnect-aws"): ["interconnect-aws-certificate", "interconnect-aws-sync"],
    },
}


@pytest.mark.parametrize("version", [1, 2])
def test_every_component_has_exactly_its_children(version: int) -> None:
    recording = record("dev", overrides={"spillway:interconnect.version": version})
    found = {
        (component.type.rpartition(":")[2], component.name): sorted(
            child.name for child in recording.children(component)
        )
        for component in recording.registrations
        if not component.custom
    }
    assert found == {component: sorted(children) for component, children in (COMPONENTS | VERSIONED[version]).items()}


def test_everything_goes_to_the_explicit_provider(dev: Recording) -> None:
    """A resource without it would go to whatever cluster kubectl points at."""
    provider = dev.named("pulumi:providers:kubernetes", "hub")
    assert provider.inputs["context"] == "hub"
    assert {r.provider for r in dev.registrations if r.custom and r is not provider} == {"hub"}


def test_named_custom_resources_are_deleted_before_they_are_replaced(dev: Recording) -> None:
    """With the name fixed, the new one cannot be created beside the old one."""
    builtin = ("core/v1", "apps/v1", "autoscaling/v2", "rbac.authorization.k8s.io/v1")
    custom = [r for r in dev.registrations if r.type.startswith("kubernetes:") and r.type.split(":")[1] not in builtin]
    assert len(custom) > 15
    assert [r.name for r in custom if not r.options.delete_before_replace] == []


def test_what_an_operator_serves_waits_for_the_operator(dev: Recording) -> None:
    """A custom resource before its CRD fails after 31 seconds."""
    by_urn = {r.urn: r for r in dev.registrations}

    def all_before(registration: Registration) -> set[str]:
        direct = [by_urn[urn] for urn in registration.dependencies]
        return {r.name for r in direct} | {name for r in direct for name in all_before(r)}

    for registration in dev.registrations:
        group = registration.type.removeprefix("kubernetes:").split("/")[0]
        if group in ("hive.openshift.io", OCM, "apps.open-cluster-management.io"):
            assert {"acm-hub", "acm-operator-subscription"} <= all_before(registration), registration.name
        if group in ("apps.open-cluster-management.io", "argoproj.io"):
            assert "gitops-subscription" in all_before(registration), registration.name
        if group == "policies.kyverno.io":
            assert "kyverno-release" in all_before(registration), registration.name


def test_a_policy_that_sees_nothing_yet_is_not_called_created(dev: Recording) -> None:
    """Kyverno calls one ready ten seconds before it is in its webhook; a scale-up between them was lost."""
    policies = dev.of_type("kubernetes:policies.kyverno.io/v1:GeneratingPolicy")
    assert len(policies) == 3
    for policy in policies:
        told = {"type": "RBACPermissionsGranted", "status": "True"}
        status: dict[str, Any] = {"conditionStatus": {"ready": True, "conditions": [told]}}
        assert not is_created(reveal(policy.inputs), {"status": status})
        status["conditionStatus"]["conditions"].append({"type": "WebhookConfigured", "status": "True"})
        assert is_created(reveal(policy.inputs), {"status": status})


def test_a_destroy_stops_the_trigger_before_the_pool_and_the_pool_before_acm(dev: Recording) -> None:
    """Pulumi deletes in reverse: what must go first has to depend on what must outlive it."""
    pool = dev.named(f"kubernetes:{HIVE}:ClusterPool", "pool-aws-pool")
    for policy in ("claim", "reclaim", "heartbeat", "release"):
        trigger = next(r for r in dev.registrations if r.name == f"burst-aws-burst-{policy}")
        assert pool.urn in trigger.dependencies
    assert names(dev, pool.dependencies) == {
        "pool-aws-namespace", "pool-aws-image-set-d193798f", "pool-aws-install-config", "pool-aws-aws-creds",
        "pool-aws-pull-secret", "cluster-set-gitops-cluster", "interconnect-aws-sync",
    }  # fmt: skip
    assert pool.options.delete_hooks == ("drain-pool", "resume-claims")
    application_set = one(dev, "ApplicationSet")
    assert {"cluster-set-placement", "cluster-set-gitops-cluster", "pool-aws-pool"} <= names(
        dev, application_set.dependencies
    )


def test_deadlines_are_longer_than_what_they_wait_for(dev: Recording) -> None:
    """The provider gives up after ten minutes; ACM needs twenty, and AWS more than an hour."""
    assert one(dev, "MultiClusterHub").options.create_timeout == "45m"
    assert one(dev, "ClusterPool").options.delete_timeout == "150m"
    assert dev.named("kubernetes:core/v1:Namespace", "pool-aws-namespace").options.delete_timeout == "150m"


def test_the_pool_is_bounded_and_in_its_set(dev: Recording) -> None:
    pool = one(dev, "ClusterPool")
    assert pool.inputs["metadata"]["labels"] == {
        "cloud": "AWS", "region": "us-east-1", "vendor": "OpenShift", SET_LABEL: "interconnect",
    }  # fmt: skip
    assert pool.options.replace_on_changes == (f'metadata.labels["{SET_LABEL}"]',)
    spec = pool.inputs["spec"]
    references = ("imageSetRef", "installConfigSecretTemplateRef", "platform", "pullSecretRef")
    assert {key: value for key, value in spec.items() if key not in references} == {
        "baseDomain": "burst.example.com", "size": 1, "runningCount": 0, "maxSize": 2, "maxConcurrent": 1,
        "claimLifetime": {"default": "8h0m0s", "maximum": "24h0m0s"}, "hibernationConfig": {"resumeTimeout": "20m0s"},
        "installAttemptsLimit": 2, "skipMachinePools": True,
    }  # fmt: skip
    secrets = {r.inputs["metadata"]["name"] for r in dev.of_type("kubernetes:core/v1:Secret")}
    for reference in (
        spec["installConfigSecretTemplateRef"],
        spec["pullSecretRef"],
        spec["platform"]["aws"]["credentialsSecretRef"],
    ):
        assert reference["name"] in secrets
    assert spec["imageSetRef"]["name"] == one(dev, "ClusterImageSet").inputs["metadata"]["name"]


@pytest.mark.parametrize(
    ("change", "renamed"),
    [
        ({"spillway:pools[0].workers": {"replicas": 5}}, {"install-config"}),
        ({"spillway:pools[0].releaseImage": "quay.io/o/r:4.18.1"}, {"image-set"}),
        ({"spillway:clusterSet.name": "other"}, {"install-config", "aws-creds", "pull-secret"}),
        ({"spillway:pools[0].size": 2}, set()),
    ],
)
def test_a_changed_content_is_a_new_object_that_the_pool_follows(
    dev: Recording, change: dict[str, Any], renamed: set[str]
) -> None:
    """Hive does not see a changed content; and ACM deletes a replaced pool's Secrets, so the new pool needs others."""

    def references(recording: Recording) -> dict[str, str]:
        spec = one(recording, "ClusterPool").inputs["spec"]
        return {
            "install-config": spec["installConfigSecretTemplateRef"]["name"],
            "pull-secret": spec["pullSecretRef"]["name"],
            "aws-creds": spec["platform"]["aws"]["credentialsSecretRef"]["name"],
            "image-set": spec["imageSetRef"]["name"],
        }

    before, after = references(dev), references(record("dev", overrides=change))
    assert {part for part in before if before[part] != after[part]} == renamed


def test_the_applications_replicas_are_the_autoscalers(dev: Recording) -> None:
    assert "replicas" not in one(dev, "Deployment").inputs["spec"]
    template = one(dev, "ApplicationSet").inputs["spec"]["template"]["spec"]
    assert template["ignoreDifferences"] == [
        {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    ]
    assert "RespectIgnoreDifferences=true" in template["syncPolicy"]["syncOptions"]


def test_the_placement_takes_the_set_only_and_keeps_a_cluster_that_flaps(dev: Recording) -> None:
    spec = one(dev, "Placement").inputs["spec"]
    assert spec["clusterSets"] == ["interconnect"]
    selector = spec["predicates"][0]["requiredClusterSelector"]["labelSelector"]
    assert {"key": "local-cluster", "operator": "DoesNotExist"} in selector["matchExpressions"]
    assert {t["key"].rpartition("/")[2] for t in spec["tolerations"]} == {"unreachable", "unavailable"}


def test_kyverno_may_create_and_delete_claims_and_nobody_may_change_one(dev: Recording) -> None:
    """Kyverno updates what it generated when it can: the claim would lose Hive's finalizer, and its cluster leak."""
    granted = {
        (role.name.removeprefix("burst-aws-burst-"), resource, verb)
        for role in dev.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
        for rule in role.inputs["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {
        *(("background-controller", "clusterclaims", verb) for verb in ("get", "list", "create")),
        *(("cleanup-controller", "clusterclaims", verb) for verb in ("list", "delete")),
        ("cleanup-controller", "deployments", "list"),
        *(
            ("reports-controller", r, v)
            for r in ("clusterclaims", "clusterclaims/status")
            for v in ("get", "list", "watch")
        ),
    }
    for policy in dev.of_type("kubernetes:policies.kyverno.io/v1:GeneratingPolicy"):
        assert policy.inputs["spec"]["evaluation"]["synchronize"] == {"enabled": False}


def test_version_1_asks_for_a_token_once_and_leaves_it_to_skupper() -> None:
    """Writing the request's label again would make a new certificate, and break the links."""
    recording = record("dev", overrides=V1)
    token = recording.named("kubernetes:core/v1:Secret", "interconnect-aws-token")
    assert {"metadata.labels", "data"} <= set(token.options.ignore_changes)
    assert "stringData" not in token.inputs
    assert token.urn in one(recording, "SelectorSyncSet").dependencies
    mapping = one(recording, "SelectorSyncSet").inputs["spec"]["secretMappings"][0]
    assert mapping["sourceRef"] == {"name": "token-req-aws-cost-1", "namespace": "interconnect"}


def test_with_version_1_another_cost_is_another_credential() -> None:
    """Skupper 1 never looks at the cost of a credential that it has: the change once reached no cluster that exists."""
    recording = record("dev", overrides={**V1, "spillway:interconnect.cost": 3})
    token = recording.named("kubernetes:core/v1:Secret", "interconnect-aws-token").inputs["metadata"]
    (mapping,) = one(recording, "SelectorSyncSet").inputs["spec"]["secretMappings"]
    assert (token["name"], token["annotations"]["skupper.io/cost"]) == ("token-req-aws-cost-3", "3")
    assert mapping["sourceRef"] == mapping["targetRef"] == {"name": token["name"], "namespace": "interconnect"}


def test_a_pod_takes_connections_before_it_is_ready_and_has_time_to_finish_them() -> None:
    """Skupper sends connections to a pod as soon as it is ready, on the hub and in the burst cluster."""
    changes = {"spillway:workload.terminationGracePeriod": 240, "spillway:workload.port": 9090}
    on_hub = one(record("dev", overrides=changes), "Deployment").inputs
    workload = read_settings("dev", ROOT, changes).workload
    (delivered,) = [found for found in burst_manifests(workload, 2, 2) if found["kind"] == "Deployment"]
    for manifest in (on_hub, delivered):
        pod = manifest["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == 240
        assert pod["containers"][0]["readinessProbe"] == {"tcpSocket": {"port": 9090}, "periodSeconds": 5}


def test_kyverno_comes_after_the_kinds_that_its_policies_speak_of(dev: Recording) -> None:
    """While it knows only some kinds of Hive's its webhook refuses policies on the others."""
    assert one(dev, "MultiClusterHub").urn in dev.named("kubernetes:helm.sh/v3:Release", "kyverno-release").dependencies


def test_a_manual_approval_approves_the_pinned_version_only(dev: Recording) -> None:
    manual = {"channel": "release-2.15", "approval": "Manual", "startingCsv": "advanced-cluster-management.v2.15.0"}
    plan = {"currentCSV": manual["startingCsv"], "installPlanRef": {"name": "install-abcde"}}

    def as_olm(registration: Registration) -> dict[str, Any]:
        return {"status": plan} if registration.type.endswith(":Subscription") else as_skupper(registration)

    change = {"spillway:hub.operators.acm": manual}
    approved = one(record("dev", overrides=change, register=as_olm, preview=False), "InstallPlanPatch")
    assert approved.inputs["metadata"]["name"] == "install-abcde"
    assert approved.inputs["spec"] == {"approved": True}
    assert approved.options.ignore_changes == ("metadata.name",)
    # OLM has written `approved: false`.
    assert approved.inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"
    # A preview has no plan yet, and the provider refuses a patch without a name, hence every first preview.
    previewed = one(record("dev", overrides=change), "InstallPlanPatch")
    assert previewed.inputs["metadata"]["name"] == "plan-of-advanced-cluster-management.v2.15.0"
    plan["currentCSV"] = "advanced-cluster-management.v2.15.1"
    later = one(record("dev", overrides=change, register=as_olm, preview=False), "InstallPlanPatch")
    # A name that no plan has; the approval that was given keeps its own.
    assert later.inputs["metadata"]["name"] == "no-plan-for-advanced-cluster-management.v2.15.0"

    def as_olm_without_an_offer(registration: Registration) -> dict[str, Any]:
        return {"status": None} if registration.type.endswith(":Subscription") else as_skupper(registration)

    # As the state has it after an `up` that waited in vain; the program must still run, to be mended or destroyed.
    never = one(record("dev", overrides=change, register=as_olm_without_an_offer, preview=False), "InstallPlanPatch")
    assert never.inputs["metadata"]["name"] == "no-plan-for-advanced-cluster-management.v2.15.0"


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        ({}, True),
        ({"currentCSV": "acm.v1", "installPlanRef": {"name": "a"}}, True),
        ({"currentCSV": "acm.v2"}, True),
        ({"currentCSV": "acm.v2", "installPlanRef": {"name": "b"}}, False),
        ({"currentCSV": "acm.v2", "installedCSV": "acm.v2", "installPlanRef": {"name": "b"}}, False),
        # OLM has gone on by itself.
        ({"currentCSV": "acm.v3", "installedCSV": "acm.v2", "installPlanRef": {"name": "c"}}, False),
    ],
)
def test_a_pin_waits_for_its_own_plan(status: dict[str, Any], waits: bool) -> None:
    pin = {"channel": "release-2.15", "approval": "Manual", "startingCsv": "acm.v2"}
    recording = record("dev", overrides={"spillway:hub.operators.acm": pin})
    subscription = recording.named("kubernetes:operators.coreos.com/v1alpha1:Subscription", "acm-operator-subscription")
    assert is_created(subscription.inputs, {"status": status}) is not waits
    # Also after a change of the pin.
    options = subscription.options
    assert options.update_timeout == options.create_timeout == "30m"


def test_secrets_are_secret_from_the_config_to_the_secret(dev: Recording) -> None:
    for part in ("aws-creds", "pull-secret", "install-config"):
        secret = dev.named("kubernetes:core/v1:Secret", f"pool-aws-{part}")
        assert isinstance(secret.inputs["stringData"], Secret)


def test_a_pool_with_secrets_of_its_own_makes_none() -> None:
    own = {"source": "existing", "awsSecret": "my-aws", "pullSecret": "my-pull"}
    recording = record("dev", overrides={"spillway:pools[0].credentials": own})
    made = {r.name for r in recording.of_type("kubernetes:core/v1:Secret")}
    assert made == {"pool-aws-install-config"}
    spec = one(recording, "ClusterPool").inputs["spec"]
    assert (spec["platform"]["aws"]["credentialsSecretRef"], spec["pullSecretRef"]) == (
        {"name": "my-aws"},
        {"name": "my-pull"},
    )


def test_a_second_tier_has_a_pool_and_a_trigger_of_its_own() -> None:
    pool = {**WEST, "size": 1, "maxSize": 1}
    burst = {"name": "big", "pool": "west", "claimAt": 6, "releaseAt": 2, "replicas": 3}
    recording = record("dev", overrides={"spillway:pools[1]": pool, "spillway:bursts[1]": burst})
    assert len(recording.of_type("spillway:index:BurstTrigger")) == 2
    claim = next(r for r in recording.registrations if r.name == "burst-west-big-claim")
    assert "'west-big-a', 'west-big-b', 'west-big-c'" in str(claim.inputs["spec"])
    assert "d.spec.replicas >= 6" in str(claim.inputs["spec"])


def test_protected_pools_and_their_namespaces_are_protected() -> None:
    recording = record("dev", overrides={"spillway:pools[0].protect": True})
    assert {r.name for r in recording.registrations if r.options.protect} == {
        "pool-aws-namespace", "pool-aws-pool", "site-site",
    }  # fmt: skip


@pytest.mark.parametrize(("changes", "channel"), [({}, "stable-2.2"), (V1, "stable-1.9")])
def test_one_key_changes_the_version_and_the_channel_follows_everywhere(changes: dict[str, Any], channel: str) -> None:
    """Both versions are one package: by a channel of the other one the hub and its clusters could not talk."""
    recording = record("dev", overrides=changes)
    assert recording.named(SUBSCRIPTION, "skupper-subscription").inputs["spec"]["channel"] == channel
    (brought,) = [
        m for m in reveal(one(recording, "SelectorSyncSet").inputs)["spec"]["resources"] if m["kind"] == "Subscription"
    ]
    assert brought["spec"]["channel"] == channel


def test_version_2_brings_site_link_and_credential_to_the_pools_clusters_and_no_key_passes_through() -> None:
    recording = record("dev", register=as_skupper, preview=False)
    certificate = one(recording, "Certificate")
    assert certificate.inputs["spec"] == {"ca": "skupper-site-ca", "subject": "aws", "client": True}
    # The controller does not issue again once the authority was missing.
    assert names(recording, certificate.dependencies) == {"site-site"}
    sync = one(recording, "SelectorSyncSet")
    assert names(recording, sync.dependencies) >= {"acm-hub", "interconnect-aws-certificate"}
    spec = sync.inputs["spec"]
    assert spec["clusterDeploymentSelector"]["matchLabels"] == {
        SET_LABEL: "interconnect", "hive.openshift.io/clusterpool-name": "aws",
        "hive.openshift.io/clusterpool-namespace": "aws",
    }  # fmt: skip
    assert [manifest["kind"] for manifest in spec["resources"]] == ["Namespace", "Subscription", "Site", "Link"]
    site, link = spec["resources"][2:]
    assert site["spec"] == {"linkAccess": "none", "edge": False}
    assert link["spec"] == {"endpoints": ENDPOINTS, "tlsCredentials": "token-req-aws", "cost": 1}
    place = {"name": "token-req-aws", "namespace": "interconnect"}
    assert spec["secretMappings"] == [{"sourceRef": place, "targetRef": place}]
    assert not [r for r in recording.of_type("kubernetes:core/v1:Secret") if r.inputs["metadata"]["namespace"] != "aws"]


def test_each_pool_has_an_identity_of_its_own() -> None:
    """One identity for all pools could not be taken away from one of them."""
    recording = record("dev", overrides={"spillway:pools[1]": {**WEST, "size": 1, "maxSize": 1}})
    found = [r for r in recording.registrations if r.type.endswith(":Certificate")]
    assert {(r.inputs["metadata"]["name"], r.inputs["spec"]["subject"]) for r in found} == {
        ("token-req-aws", "aws"), ("token-req-west", "west"),
    }  # fmt: skip
    sync_sets = [r for r in recording.registrations if r.type.endswith(":SelectorSyncSet")]
    sources = {r.inputs["spec"]["secretMappings"][0]["sourceRef"]["name"] for r in sync_sets}
    assert sources == {"token-req-aws", "token-req-west"}


@pytest.mark.parametrize(("change", "port"), [(V1, "port8080"), ({}, "sample-kotlin-spring")])
def test_the_route_reaches_the_service_by_the_name_that_skupper_gives_its_port(
    change: dict[str, Any], port: str
) -> None:
    recording = record("dev", overrides=change)
    route = one(recording, "Route").inputs["spec"]
    assert route["port"] == {"targetPort": port}
    annotations = one(recording, "Deployment").inputs["metadata"].get("annotations")
    if not change:
        listener = one(recording, "Listener")
        assert (listener.inputs["metadata"]["name"], listener.inputs["spec"]["host"]) == (port, route["to"]["name"])
        assert one(recording, "Connector").inputs["spec"]["selector"] == "app=sample-kotlin-spring"
        assert annotations is None
        # A listener stops at a Service of its host's name that somebody else made.
        assert not recording.of_type("kubernetes:core/v1:Service")
    else:
        assert annotations["skupper.io/address"] == route["to"]["name"]


def test_argo_cd_may_deliver_a_route_with_version_1_and_a_connector_with_version_2() -> None:
    def groups(change: dict[str, Any]) -> set[str]:
        found = one(record("dev", overrides=change), "AppProject").inputs["spec"]["namespaceResourceWhitelist"]
        return {entry["group"] for entry in found}

    assert groups(V1) == {"apps", "route.openshift.io"}
    assert groups({}) == {"apps", "skupper.io"}


def test_with_version_2_argo_cd_brings_the_application_with_its_connector() -> None:
    """Without it the burst cluster's pods are in no network: version 2 knows no annotations."""
    settings, _ = load(*config(), "dev")
    deployment, connector = burst_manifests(settings.workload, 2, settings.interconnect.version)
    assert "annotations" not in deployment["metadata"]
    hub = one(record("dev"), "Connector")
    assert connector["spec"] == hub.inputs["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert connector["spec"]["selector"] == f"app={labels['app']}"
