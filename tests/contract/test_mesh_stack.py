"""The exact objects of the mesh stack in both versions of Skupper, with order and options, as an engine is told.

Proves what the program asks for, and that answers of one cluster reach the other; not that Skupper or MetalLB accept it.
"""

import json
from typing import Any

import pytest

from components.skupper_service import weights_of
from components.skupper_weights import weights_policy
from lab.mesh_scenarios import SCENARIOS, changes_up_to
from preview.recording import ProgramError, Recording, record
from preview.registration import Registration, Secret, Unknown, reveal
from preview.tree import tree
from tests.skupper_answers import CODE, ENDPOINTS, KEY, SECRET, TOKEN_ANNOTATIONS, V2, as_skupper

MESH = "spillway:mesh"
APPLICATION = "sample-spring-kotlin-microservice"


def mesh(version: int, changes: dict[str, Any] | None = None) -> Recording:
    overrides = {f"{MESH}.{path}": value for path, value in {"version": version, **(changes or {})}.items()}
    return record("mesh", overrides=overrides, register=as_skupper, preview=False)


def names(recording: Recording, urns: tuple[str, ...]) -> set[str]:
    return {found.name for found in recording.registrations if found.urn in urns}


COMMON = {
    **{("MetalLB", f"{c}-metallb"): [f"{c}-metallb-namespace", f"{c}-metallb-release"] for c in ("c1", "c2", "c3")},
    **{("AddressPool", f"{c}-addresses"): [f"{c}-addresses-advertisement", f"{c}-addresses-pool"] for c in ("c1", "c2", "c3")},
    **{("MeshApplication", f"{c}-application"): [f"{c}-application-deployment"] for c in ("c2", "c3")},
}  # fmt: skip
VERSIONED = {
    1: {
        **{("SkupperController", f"{c}-skupper"): [f"{c}-skupper-namespace"] for c in ("c1", "c2", "c3")},
        # The objects of a manifest are the provider's.
        **{("ConfigFile", f"{c}-skupper-manifest"): [] for c in ("c1", "c2", "c3")},
        **{("SkupperSite", f"{c}-site"): [f"{c}-site-config"] for c in ("c1", "c2", "c3")},
        **{("SkupperLink", f"{c}-c1"): [f"{c}-c1-request-1", f"{c}-c1-token"] for c in ("c2", "c3")},
        **{("SkupperService", f"{c}-service"): [] for c in ("c1", "c2", "c3")},
    },
    2: {
        **{("SkupperController", f"{c}-skupper"): [f"{c}-skupper-release"] for c in ("c1", "c2", "c3")},
        ("SkupperSite", "c1-site"): ["c1-site-observer", "c1-site-site"],
        **{("SkupperSite", f"{c}-site"): [f"{c}-site-site"] for c in ("c2", "c3")},
        **{
            ("SkupperLink", f"{c}-c1"): [f"{c}-c1-{part}-1" for part in ("grant", "link", "secret", "token")]
            for c in ("c2", "c3")
        },
        ("SkupperService", "c1-service"): ["c1-service-listener"],
        **{("SkupperService", f"{c}-service"): [f"{c}-service-connector"] for c in ("c2", "c3")},
    },
}


@pytest.mark.parametrize("version", [1, 2])
def test_every_component_has_exactly_its_children(version: int) -> None:
    recording = mesh(version)
    found = {
        (r.type.rpartition(":")[2], r.name): sorted(c.name for c in recording.children(r) if c.custom)
        for r in recording.registrations
        if not r.custom
    }
    assert found == COMMON | VERSIONED[version]


@pytest.mark.parametrize("version", [1, 2])
def test_everything_goes_to_the_explicit_provider_of_its_cluster(version: int) -> None:
    """Only what Skupper made itself goes by a provider that may take over what exists."""
    recording = mesh(version)
    for r in recording.registrations:
        if r.custom and not r.type.startswith("pulumi:"):
            cluster = "c1" if "-grant-" in r.name or "-request-" in r.name else r.name.split("-")[0]
            adopted = version == 2 and ("-link-" in r.name or "-secret-" in r.name)
            assert r.provider == (f"{cluster}-adopter" if adopted else cluster), r.name
    providers = recording.of_type("pulumi:providers:kubernetes")
    assert {p.inputs["context"] for p in providers} == {"kind-c1", "kind-c2", "kind-c3"}
    assert {p.name for p in providers if p.inputs.get("upsertExistingObjects")} == (
        {"c2-adopter", "c3-adopter"} if version == 2 else set()
    )


@pytest.mark.parametrize("version", [1, 2])
def test_only_links_join_the_objects_of_two_clusters(version: int) -> None:
    """A cluster that is away must not stop the others."""
    recording = mesh(version)
    for r in recording.registrations:
        if r.custom and not r.type.startswith("pulumi:") and not r.name.startswith(("c2-c1-", "c3-c1-")):
            assert {name.split("-")[0] for name in names(recording, r.dependencies)} <= {r.name.split("-")[0]}, r.name


@pytest.mark.parametrize(("version", "site"), [(1, "c1-site-config"), (2, "c1-site-site")])
def test_a_site_waits_for_its_addresses_and_is_protected(version: int, site: str) -> None:
    """A site of version 1 without an address after two minutes stays half made; one that is replaced loses all links."""
    recording = mesh(version)
    found = next(r for r in recording.registrations if r.name == site)
    assert {"c1-namespace", "c1-addresses-pool", "c1-addresses-advertisement"} <= names(recording, found.dependencies)
    assert (found.options.protect, found.options.delete_before_replace) == (True, True)
    assert not next(r for r in mesh(version, {"protect": False}).registrations if r.name == site).options.protect


def test_a_change_that_version_1_would_not_read_replaces_the_site_which_its_protection_refuses() -> None:
    (site,) = [r for r in mesh(1).registrations if r.name == "c1-site-config"]
    assert site.inputs["metadata"]["name"] == "skupper-site"
    assert site.inputs["data"] == {
        "name": "c1", "ingress": "loadbalancer", "router-mode": "interior", "console": "true",
        "flow-collector": "true", "console-authentication": "internal",
    }  # fmt: skip
    assert set(site.options.replace_on_changes) == {f'data["{key}"]' for key in site.inputs["data"]}
    (edge,) = [r for r in mesh(1).registrations if r.name == "c2-site-config"]
    assert edge.inputs["data"] == {
        "name": "c2", "ingress": "none", "router-mode": "interior", "console": "false", "flow-collector": "false",
    }  # fmt: skip


def test_version_2_sites_accept_links_only_where_it_says_so() -> None:
    recording = mesh(2, {"clusters[2].routerLogging": "error"})
    assert {r.name: r.inputs["spec"] for r in recording.of_type(f"{V2}Site")} == {
        "c1-site-site": {"linkAccess": "loadbalancer", "edge": False},
        "c2-site-site": {"linkAccess": "none", "edge": False},
        "c3-site-site": {"linkAccess": "none", "edge": False, "settings": {"router-logging": "error"}},
    }


def test_a_token_of_version_2_is_carried_once_as_a_secret() -> None:
    recording = mesh(2, {"links[0].expiry": "5m"})
    grant = recording.named(f"{V2}AccessGrant", "c2-c1-grant-1")
    assert grant.inputs["spec"] == {"redemptionsAllowed": 1, "expirationWindow": "5m0s"}
    assert grant.options.additional_secret_outputs == ("status",)
    # It expires: made before the other site is there, it could be too old when that is.
    assert names(recording, grant.dependencies) >= {"c1-site-site", "c2-site-site"}
    token = recording.named(f"{V2}AccessToken", "c2-c1-token-1")
    assert isinstance(token.inputs["spec"], Secret) or isinstance(token.inputs["spec"]["code"], Secret)
    assert reveal(token.inputs["spec"]) == {
        "url": "https://grants/1", "code": CODE, "ca": "a certificate", "linkCost": 1,
    }  # fmt: skip
    assert token.options.ignore_changes == ("spec",)
    # A site that is not there yet is looked for again after five minutes only.
    assert names(recording, token.dependencies) >= {"c2-site-site", "c2-c1-grant-1"}
    link = recording.named(f"{V2}Link", "c2-c1-link-1")
    assert link.inputs["spec"] == {"endpoints": ENDPOINTS, "tlsCredentials": "c2-c1-1", "cost": 1}
    assert "c2-c1-token-1" in names(recording, link.dependencies)
    taken_over = recording.named(SECRET, "c2-c1-secret-1")
    assert "data" not in taken_over.inputs


@pytest.mark.parametrize(("version", "failed"), [(1, "c2-c1-request-1"), (2, "c2-c1-grant-1")])
def test_a_credential_that_does_not_come_is_unknown_but_not_a_secret(version: int, failed: str) -> None:
    """With a cluster away, `up --continue-on-error` ended on a secret without value: `malformed RPC secret`."""

    def as_skupper_away(resource: Registration) -> dict[str, Any] | None:
        return None if resource.name == failed else dict(as_skupper(resource))

    overrides = {f"{MESH}.version": version}
    recording = record("mesh", overrides=overrides, register=as_skupper_away, preview=False)
    token = next(r for r in recording.registrations if r.name.startswith("c2-c1-token"))
    carried = [token.inputs["data"]] if version == 1 else [token.inputs["spec"][key] for key in ("url", "code", "ca")]
    assert [type(value) for value in carried] == [Unknown] * len(carried)


WAITS = {
    1: {"Secret c2-c1-request-1": "jsonpath={.metadata.labels['skupper.io/type']}=connection-token"},
    2: {
        **{f"Site {c}-site-site": "condition=Ready" for c in ("c1", "c2", "c3")},
        "AccessGrant c2-c1-grant-1": "condition=Ready",
        "AccessToken c2-c1-token-1": "condition=Redeemed",
        "Link c2-c1-link-1": "condition=Operational",
    },
}


@pytest.mark.parametrize("version", [1, 2])
def test_what_another_cluster_needs_is_waited_for(version: int) -> None:
    """A grant read too early has no address and no code; a token too early is a request, which nobody fills twice."""
    found = {
        f"{r.inputs['kind'] if r.type.startswith(V2) else 'Secret'} {r.name}": wait
        for r in mesh(version, {"links[1]": None, "clusters[2].replicas": None}).registrations
        if (wait := (r.inputs.get("metadata") or {}).get("annotations", {}).get("pulumi.com/waitFor"))
    }
    assert found == WAITS[version]


def test_a_new_redemption_has_new_names_and_a_new_cost_has_none() -> None:
    """A second redemption under the same name fails, and is spent all the same; a cost changes in place."""

    def objects(changes: dict[str, Any]) -> dict[str, str]:
        link = next(r for r in mesh(2).registrations if r.name == "c2-c1")
        recording = mesh(2, changes)
        return {r.name: r.inputs["metadata"]["name"] for r in recording.registrations if r.parent == link.urn}

    assert objects({"links[0].cost": 4}) == objects({})
    again = objects({"links[0].redemption": 2})
    assert not set(again) & set(objects({}))
    assert set(again.values()) == {"c2-c1-2"}
    changed = mesh(2, {"links[0].cost": 4}).named(f"{V2}Link", "c2-c1-link-1")
    assert changed.inputs["spec"]["cost"] == 4
    assert changed.inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"


def test_a_token_of_version_1_is_filled_at_one_site_and_carried_to_the_other_with_its_cost() -> None:
    recording = mesh(1, {"links[0].cost": 4})
    request = recording.named(SECRET, "c2-c1-request-1")
    assert request.inputs["metadata"]["labels"] == {"skupper.io/type": "connection-token-request"}
    assert {"metadata.labels", "data"} <= set(request.options.ignore_changes)
    token = recording.named(SECRET, "c2-c1-token")
    assert isinstance(token.inputs["data"], Secret)
    assert reveal(token.inputs["data"]) == {"tls.key": KEY}
    metadata = token.inputs["metadata"]
    assert metadata["labels"] == {"skupper.io/type": "connection-token"}
    assert metadata["annotations"] == {**TOKEN_ANNOTATIONS, "skupper.io/cost": "4"}
    # The router's side compares names only: a changed cost under the same name might never reach it.
    assert metadata["name"] == "c2-c1-1-cost-4"
    assert token.options.delete_before_replace


def test_an_unfilled_token_is_told_and_not_carried() -> None:
    def unfilled(registration: Registration) -> dict[str, Any]:
        return {"data": {}} if "-request-" in registration.name else as_skupper(registration)

    with pytest.raises(ProgramError, match="Skupper has not filled it"):
        record("mesh", overrides={f"{MESH}.version": 1}, register=unfilled, preview=False)


@pytest.mark.parametrize("version", [1, 2])
def test_codes_and_keys_are_shown_nowhere(version: int) -> None:
    recording = mesh(version)
    shown = repr(recording) + "\n".join(tree(recording)) + json.dumps(recording.exports, default=repr)
    assert CODE not in shown
    assert KEY not in shown


def test_the_application_is_exposed_by_annotations_in_version_1_and_by_connectors_in_version_2() -> None:
    def annotations(version: int) -> list[Any]:
        found = mesh(version).of_type("kubernetes:apps/v1:Deployment")
        return [r.inputs["metadata"].get("annotations") for r in found]

    exposed = {"skupper.io/address": APPLICATION, "skupper.io/port": "8080", "skupper.io/proxy": "tcp"}
    assert annotations(1) == [exposed] * 2
    assert annotations(2) == [None] * 2
    recording = mesh(2)
    (listener,) = recording.of_type(f"{V2}Listener")
    assert listener.inputs["spec"] == {"routingKey": APPLICATION, "host": APPLICATION, "port": 8080}
    connectors = recording.of_type(f"{V2}Connector")
    spec = {"routingKey": APPLICATION, "port": 8080, "selector": f"app={APPLICATION}"}
    assert [r.inputs["spec"] for r in connectors] == [spec] * 2
    assert not recording.of_type("kubernetes:core/v1:Service")


def test_by_pods_each_cluster_has_a_key_and_one_without_pods_is_left_out() -> None:
    change = {"application.balance": "pods", "clusters[1].replicas": 0, "clusters[2].replicas": 2}
    recording = mesh(2, change)
    (listener,) = recording.of_type(f"{V2}MultiKeyListener")
    assert listener.inputs["spec"]["strategy"] == {"weighted": {"routingKeys": {f"{APPLICATION}.c3": 2}}}
    keys = {r.name: r.inputs["spec"]["routingKey"] for r in recording.of_type(f"{V2}Connector")}
    assert keys == {f"{c}-service-connector": f"{APPLICATION}.{c}" for c in ("c2", "c3")}


def test_by_priority_the_first_cluster_of_the_file_that_can_be_reached_gets_all() -> None:
    """Another strategy is another object: which one a listener has cannot change."""
    recording = mesh(2, {"application.balance": "priority"})
    (listener,) = recording.of_type(f"{V2}MultiKeyListener")
    assert (listener.name, listener.inputs["metadata"]["name"]) == (
        "c1-service-priority-listener",
        f"{APPLICATION}-priority",
    )
    keys = [f"{APPLICATION}.c2", f"{APPLICATION}.c3"]
    assert listener.inputs["spec"]["strategy"] == {"priority": {"routingKeys": keys}}
    assert listener.inputs["spec"]["host"] == APPLICATION
    assert listener.options.ignore_changes == ()
    assert [r.inputs["spec"]["routingKey"] for r in recording.of_type(f"{V2}Connector")] == keys
    assert not recording.of_type("spillway:index:SkupperWeights")


def test_by_pods_a_policy_keeps_the_weights_and_the_program_leaves_them_alone() -> None:
    """Where the application is reached from, and there only; with rights on that listener and site and no others."""
    recording = mesh(2, {"application.balance": "pods"})
    listener = recording.named(f"{V2}MultiKeyListener", "c1-service-weighted-listener")
    assert listener.options.ignore_changes == ("spec.strategy.weighted.routingKeys",)
    (component,) = recording.of_type("spillway:index:SkupperWeights")
    role, policy = recording.children(component)
    assert (role.name, policy.name) == ("c1-weights-background-controller", "c1-weights-policy")
    assert names(recording, role.dependencies) == {"c1-kyverno-release"}
    assert names(recording, policy.dependencies) == {
        "c1-kyverno-release", "c1-weights-background-controller", "c1-service-weighted-listener",
    }  # fmt: skip
    assert role.inputs["metadata"]["labels"]["app.kubernetes.io/instance"] == "kyverno"
    assert [(r["resources"], r["verbs"], r.get("resourceNames")) for r in role.inputs["rules"]] == [
        (["sites"], ["get"], ["c1"]),
        (["multikeylisteners"], ["list"], None),
        (["multikeylisteners"], ["get", "update"], [APPLICATION]),
    ]
    assert policy.inputs["metadata"]["name"] == f"{APPLICATION}-weights"
    assert "WebhookConfigured" in policy.inputs["metadata"]["annotations"]["pulumi.com/waitFor"]
    spec = policy.inputs["spec"]
    # With upstream's default Skupper could not write the Site's status while Kyverno is down.
    assert spec["failurePolicy"] == "Ignore"
    assert spec["matchConstraints"]["resourceRules"][0]["resourceNames"] == ["c1"]
    assert all(f"'{APPLICATION}.{cluster}'" in str(spec["variables"]) for cluster in ("c2", "c3"))
    assert not mesh(2).of_type("spillway:index:Kyverno")


@pytest.mark.parametrize("install", ["release", "operator"])
def test_kyverno_comes_after_skuppers_crds(install: str) -> None:
    """Its webhook refused the policy, "resource sites not found in group": it had looked while the CRDs were coming."""
    recording = mesh(2, {"application.balance": "pods", "controller.install": install})
    kyverno = recording.named("kubernetes:helm.sh/v3:Release", "c1-kyverno-release")
    brings = "c1-skupper-release" if install == "release" else "c1-skupper-subscription"
    assert names(recording, kyverno.dependencies) == {brings}


def test_kyverno_that_is_there_is_taken_by_its_release() -> None:
    recording = mesh(2, {"application.balance": "pods", "kyverno": {"install": "existing", "release": "policies"}})
    assert not [r for r in recording.of_type("kubernetes:helm.sh/v3:Release") if "kyverno" in r.name]
    (role,) = recording.of_type("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
    assert role.inputs["metadata"]["labels"]["app.kubernetes.io/instance"] == "policies"


def test_a_name_with_a_quote_stays_one_text() -> None:
    spec = weights_policy("app", "here", "it's", ["a'b"]).render()
    assert "'it\\'s'" in str(spec["variables"][0]["expression"])
    assert "'a\\'b'" in spec["variables"][3]["expression"]


@pytest.mark.parametrize(
    ("pods", "weights"),
    [({"a": 1, "b": 2}, {"a": 1, "b": 2}), ({"a": 0, "b": 2}, {"b": 2}), ({"a": 0, "b": 0}, {"a": 1, "b": 1})],
)
def test_weights_are_raw_counts_of_pods(pods: dict[str, int], weights: dict[str, int]) -> None:
    assert weights_of(pods) == weights


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("version", [1, 2])
def test_a_scenario_of_the_article_is_a_change_of_the_config(version: int, number: int) -> None:
    recording = mesh(version, {path.removeprefix(f"{MESH}."): v for path, v in changes_up_to(number).items()})

    def of(type_: str, suffix: str) -> list[Registration]:
        return [recording.named(type_, f"{cluster}{suffix}") for cluster in ("c2", "c3")]

    pods = tuple(r.inputs["spec"]["replicas"] for r in of("kubernetes:apps/v1:Deployment", "-application-deployment"))
    if version == 1:
        costs = [r.inputs["metadata"]["annotations"]["skupper.io/cost"] for r in of(SECRET, "-c1-token")]
    else:
        costs = [r.inputs["spec"]["cost"] for r in of(f"{V2}Link", "-c1-link-1")]
    assert (pods, tuple(map(int, costs))) == (SCENARIOS[number - 1].pods, SCENARIOS[number - 1].costs)


def test_without_a_cluster_what_it_would_answer_is_unknown_and_costs_are_not() -> None:
    """A policy can judge only what is known at preview."""
    recording = record("mesh")
    link = recording.named(f"{V2}Link", "c2-c1-link-1")
    assert (link.inputs["spec"]["cost"], link.inputs["spec"]["tlsCredentials"]) == (1, "c2-c1-1")
    assert isinstance(link.inputs["spec"]["endpoints"], Unknown)
    one = record("mesh", overrides={f"{MESH}.version": 1}).named(SECRET, "c2-c1-token")
    assert one.inputs["metadata"]["annotations"]["skupper.io/cost"] == "1"


def test_what_is_there_already_is_not_installed() -> None:
    existing = {"controller": {"install": "existing"}, "metalLB": {"install": "existing"}, "clusters[0].console": False}
    for version in (1, 2):
        recording = mesh(version, existing)
        assert not recording.of_type("kubernetes:helm.sh/v3:Release")
        assert not [r for r in recording.registrations if r.name.endswith("-manifest")]


def test_pools_are_announced_and_metal_lb_comes_first() -> None:
    recording = mesh(2)
    pool = recording.named("kubernetes:metallb.io/v1beta1:IPAddressPool", "c2-addresses-pool")
    assert pool.inputs["metadata"] == {"name": "spillway", "namespace": "metallb-system"}
    assert pool.inputs["spec"] == {"addresses": ["172.19.255.150-172.19.255.199"]}
    assert names(recording, pool.dependencies) == {"c2-metallb-release"}
    announced = recording.named("kubernetes:metallb.io/v1beta1:L2Advertisement", "c2-addresses-advertisement")
    assert announced.inputs["spec"] == {"ipAddressPools": ["spillway"]}
    namespace = recording.named("kubernetes:core/v1:Namespace", "c2-metallb-namespace")
    assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


@pytest.mark.parametrize(("version", "channel"), [(1, "stable-1.9"), (2, "stable-2.2")])
def test_on_openshift_olm_installs_the_controller_by_a_channel_of_the_version(version: int, channel: str) -> None:
    """Both versions are one package: only the channel keeps a network from being of mixed versions."""
    recording = mesh(version, {"controller.install": "operator"})
    subscriptions = recording.of_type("kubernetes:operators.coreos.com/v1alpha1:Subscription")
    assert {r.name: r.inputs["spec"]["channel"] for r in subscriptions} == {
        f"{cluster}-skupper-subscription": channel for cluster in ("c1", "c2", "c3")
    }
    assert {r.inputs["metadata"]["namespace"] for r in subscriptions} == {"openshift-operators"}
    assert not [r for r in recording.registrations if r.name.endswith(("-skupper-release", "-skupper-manifest"))]
    site = next(r for r in recording.registrations if r.name == ("c2-site-config" if version == 1 else "c2-site-site"))
    assert "c2-skupper-subscription" in names(recording, site.dependencies)
