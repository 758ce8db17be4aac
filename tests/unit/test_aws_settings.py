"""Mistakes in what concerns AWS: the clusters' machines and networks, the installer's identity, the hosted zones."""

import json
from typing import Any

import pytest

from settings import SettingsError, load
from tests.unit import test_settings
from tests.unit.stack_configs import config
from tests.unit.test_settings import TWO_POOLS, Changes, mistakes

POOL = "spillway:pools[0]"
DOMAIN = "burst.example.com"


def aws(identity: dict[str, Any] | None = None, **changes: Any) -> Changes:
    """Return a stack whose pool takes its key from the identity, with changes to `spillway:aws`; None removes."""
    user = {"user": "installer", "clusterPrefix": "aws", **(identity or {})}
    account: dict[str, Any] = {"account": "123456789012", "identity": user, "zones": [{"name": DOMAIN}], **changes}
    return {
        "spillway:aws": {key: value for key, value in account.items() if value is not None},
        f"{POOL}.credentials": {"source": "identity"},
        f"{POOL}.credentialsMode": "Passthrough",
    }


DISJOINT = {**TWO_POOLS, f"{POOL}.networks": {"disjoint": True}}

TABLE: list[tuple[str, Changes, str, str, str]] = [
    ("one worker", {f"{POOL}.workers": {"replicas": 1}}, f"{POOL}.workers.replicas", "different machines", "2"),
    ("single node with workers", {f"{POOL}.controlPlane": {"replicas": 1, "type": "m6a.2xlarge"}}, f"{POOL}.workers.replicas", "single node", "0"),
    ("small single node", {f"{POOL}.controlPlane": {"replicas": 1}, f"{POOL}.workers": {"replicas": 0}}, f"{POOL}.controlPlane.type", "at least 8", "m6a.2xlarge"),
    ("small control plane", {f"{POOL}.controlPlane": {"type": "m6a.large"}}, f"{POOL}.controlPlane.type", "has 2 vCPU", "m6a.xlarge"),
    ("small worker", {f"{POOL}.workers": {"type": "m6a.medium"}}, f"{POOL}.workers.type", "has 1 vCPU", "m6a.xlarge"),
    ("two architectures", {f"{POOL}.workers": {"type": "m7g.xlarge"}}, f"{POOL}.workers.type", "m7g.xlarge is arm64", "m6a.xlarge"),
    ("small volume", {f"{POOL}.workers": {"volume": {"size": 50}}}, f"{POOL}.workers.volume.size", "OpenShift needs 100", "120"),
    ("iops on gp2", {f"{POOL}.workers": {"volume": {"type": "gp2", "iops": 500}}}, f"{POOL}.workers.volume.iops", "gp2 has no such", "pulumi config rm"),
    ("io2 without iops", {f"{POOL}.controlPlane": {"volume": {"type": "io2"}}}, f"{POOL}.controlPlane.volume.iops", "type is io2", "3000"),
    ("throughput on io1", {f"{POOL}.workers": {"volume": {"type": "io1", "iops": 500, "throughput": 125}}}, f"{POOL}.workers.volume.throughput", "only gp3", "pulumi config rm"),
    ("image of another architecture", {f"{POOL}.releaseImage": "quay.io/o/r:4.18.20-x86_64", f"{POOL}.controlPlane": {"type": "m7g.xlarge"}, f"{POOL}.workers": {"type": "m7g.xlarge"}}, f"{POOL}.releaseImage", "m7g.xlarge is arm64", "quay.io/o/r:4.18.20-aarch64"),
    ("throughput that the installer does not know", {f"{POOL}.releaseImage": "quay.io/o/r:4.20.9-multi", f"{POOL}.controlPlane": {"volume": {"throughput": 250}}}, f"{POOL}.controlPlane.volume.throughput", "before OpenShift 4.21", "pulumi config rm"),
    ("throughput without iops", {f"{POOL}.releaseImage": "quay.io/o/r:4.21.0-multi", f"{POOL}.workers": {"volume": {"throughput": 1000}}}, f"{POOL}.workers.volume.throughput", "a quarter of iops", "750"),
    ("bits behind the prefix", {f"{POOL}.networks": {"machine": "10.0.0.1/16"}}, f"{POOL}.networks.machine", "without bits behind", "10.0.0.0/16"),
    ("large VPC", {f"{POOL}.networks": {"machine": "10.0.0.0/12"}}, f"{POOL}.networks.machine", "no larger VPC", "10.0.0.0/16"),
    ("large service network", {f"{POOL}.networks": {"service": "172.0.0.0/10"}}, f"{POOL}.networks.service", "no larger one", "172.30.0.0/16"),
    ("pods overlap the VPC", {f"{POOL}.networks": {"cluster": "10.0.0.0/14"}}, f"{POOL}.networks.cluster", "overlaps 10.0.0.0/16 of machine", "10.4.0.0/14"),
    ("services overlap the pods", {f"{POOL}.networks": {"service": "10.130.0.0/16"}}, f"{POOL}.networks.service", "overlaps 10.128.0.0/14 of cluster", "10.1.0.0/16"),
    ("inside OVN's range", {f"{POOL}.networks": {"machine": "100.64.0.0/20"}}, f"{POOL}.networks.machine", "of OVN-Kubernetes (join)", "10.0.0.0/20"),
    ("too few ranges for the machines", {f"{POOL}.networks": {"hostPrefix": 16}}, f"{POOL}.networks.hostPrefix", "each of 6 machines", "17"),
    ("pods' range too small", {f"{POOL}.networks": {"cluster": "10.128.0.0/27"}}, f"{POOL}.networks.cluster", "a larger range", "10.128.0.0/14"),
    ("overlap where disjoint is asked for", DISJOINT, "spillway:pools[1].networks.machine", "overlaps 10.0.0.0/16 of pool aws", "10.1.0.0/16"),
    ("tag Name", {f'{POOL}.tags["Name"]': "x"}, f"{POOL}.tags.Name", "other than Name", "pulumi config rm"),
    ("tag of Kubernetes", {f'{POOL}.tags["kubernetes.io/cluster/x"]': "owned"}, f'{POOL}.tags["kubernetes.io/cluster/x"]', "others own", "pulumi config rm"),
    ("tag of AWS", {f'{POOL}.tags["aws:team"]': "x"}, f'{POOL}.tags["aws:team"]', "others own", "pulumi config rm"),
    ("tag too long", {f'{POOL}.tags["{"k" * 129}"]': "x"}, f"{POOL}.tags.{'k' * 129}", "at most 128", "pulumi config rm"),
    ("empty tag", {f"{POOL}.tags.team": ""}, f"{POOL}.tags.team", "1 to 256", "VALUE"),
    ("25 tags", {f"{POOL}.tags": {f"t{n}": "x" for n in range(25)}}, f"{POOL}.tags.t24", "at most 24", "pulumi config rm"),
    ("publish", {f"{POOL}.publish": "Mixed"}, f"{POOL}.publish", "'External' or 'Internal'", "External"),
    ("credentials mode", {f"{POOL}.credentialsMode": "Manual"}, f"{POOL}.credentialsMode", "'Mint' or 'Passthrough'", "Passthrough"),
    ("private SSH key", {f"{POOL}.sshKey": "-----BEGIN OPENSSH PRIVATE KEY-----"}, f"{POOL}.sshKey", "public SSH key", "ssh-ed25519"),
    ("no account", aws(account=None), "spillway:aws.account", "any other account", "123456789012"),
    ("account of 13 digits", aws(account="1234567890123"), "spillway:aws.account", "12 digits", "123456789012"),
    ("pool without identity", {**aws(), "spillway:aws": {"account": "123456789012"}}, "spillway:aws.identity.user", "pool aws takes its key", "spillway-installer"),
    ("identity without a user", aws({"user": None}), "spillway:aws.identity.user", "name of the IAM user", "spillway-installer"),
    ("no key", aws({"keys": []}), "spillway:aws.identity.keys[0]", "at least one generation", "a"),
    ("three keys", aws({"keys": ["a", "b", "c"]}), "spillway:aws.identity.keys[0]", "drop the oldest", "pulumi config rm"),
    ("a key twice", aws({"keys": ["a", "a"]}), "spillway:aws.identity.keys[1]", "each generation once", "pulumi config rm"),
    ("no mode", aws({"modes": []}), "spillway:aws.identity.modes[0]", "at least one mode", "Passthrough"),
    ("pool without a mode", {**aws(), f"{POOL}.credentialsMode": None}, f"{POOL}.credentialsMode", "is missing", "Passthrough"),
    ("pool in another mode", {**aws(), f"{POOL}.credentialsMode": "Mint"}, f"{POOL}.credentialsMode", "has the permissions for", "Passthrough"),
    ("pool outside the prefix", aws({"clusterPrefix": "burst"}), f"{POOL}.name", "does not begin with 'burst'", "burst-aws"),
    ("pool outside the regions", {**aws(), f"{POOL}.region": "eu-west-1", f"{POOL}.zones": []}, "spillway:guardrails.regions[1]", "has no eu-west-1", "eu-west-1"),
    ("long prefix", aws({"clusterPrefix": "a" * 21}), "spillway:aws.identity.clusterPrefix", "at most 20", "burst"),
    ("identity without the zone", aws(zones=[]), "spillway:aws.zones[0].name", "records of these only", DOMAIN),
    ("base domain without a zone", {"spillway:aws": {"account": "123456789012", "zones": [{"name": "example.com"}]}}, f"{POOL}.baseDomain", "there is no zone", "example.com"),
    ("zone twice", aws(zones=[{"name": DOMAIN}] * 2), "spillway:aws.zones[1].name", "there already", "pulumi config rm"),
    ("parent of an existing zone", aws(zones=[{"name": DOMAIN, "parent": "example.com"}]), "spillway:aws.zones[0].parent", "delegated already", "pulumi config rm"),
    ("parent elsewhere", aws(zones=[{"name": DOMAIN, "source": "create", "parent": "example.org"}]), "spillway:aws.zones[0].parent", f"a zone above {DOMAIN}", "example.com"),
    ("parent that the stack makes", aws(zones=[{"name": DOMAIN, "source": "create", "parent": "example.com"}, {"name": "example.com", "source": "create"}]), "spillway:aws.zones[0].parent", "which the stack makes itself", "pulumi config rm"),
    ("zone's name", aws(zones=[{"name": "example"}]), "spillway:aws.zones[0].name", "a DNS name", "example.com"),
    ("identity with a Secret", {**aws(), f"{POOL}.credentials": {"source": "identity", "awsSecret": "x"}}, f"{POOL}.credentials.awsSecret", "source is identity", "pulumi config rm"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "message", "mend"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_mistake_names_its_path_the_rule_and_the_mend(changes: Changes, path: str, message: str, mend: str) -> None:
    test_settings.test_a_mistake_names_its_path_the_rule_and_the_mend(changes, path, message, mend)


@pytest.mark.parametrize(("changes", "path"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_command_mends_the_mistake(changes: Changes, path: str) -> None:
    test_settings.test_the_command_mends_the_mistake(changes, path)


def test_a_private_key_is_not_shown() -> None:
    """A whole private key pasted into the config must not get into a terminal's or a CI job's log."""
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU="
    assert "b3BlbnNz" not in str(mistakes({f"{POOL}.sshKey": key}))


@pytest.mark.parametrize("tag", [":4.21.3-aarch64", ":4.21.3-multi", ":mirrored", f"@sha256:{'0' * 64}"])
def test_a_release_that_fits_or_does_not_tell_is_accepted(tag: str) -> None:
    machines = {"type": "m7g.xlarge", "volume": {"throughput": 250}}
    changes = {
        f"{POOL}.releaseImage": f"quay.io/o/r{tag}",
        f"{POOL}.controlPlane": machines,
        f"{POOL}.workers": machines,
    }
    assert load(*config(changes), "dev")[0].pools[0].release_image.endswith(tag)


@pytest.mark.parametrize("account", [123456789012, 12345678901])
def test_the_account_may_be_a_number(account: int) -> None:
    """`pulumi config set --path` and YAML make one of it, and drop a zero in front."""
    settings, _ = load(*config(aws(account=account)), "dev")
    assert settings.aws.account == f"{account:012}"


def test_an_identity_needs_the_pull_secret_and_no_key_of_the_config() -> None:
    raw, secret_keys = config(aws())
    del raw["spillway:awsCredentials"]
    _, credentials = load(raw, secret_keys, "dev")
    assert credentials
    assert (credentials.aws_access_key_id, credentials.aws_secret_access_key) == (None, None)
    del raw["spillway:pullSecret"]
    with pytest.raises(SettingsError) as caught:
        load(raw, secret_keys, "dev")
    assert [mistake.path for mistake in caught.value.mistakes] == ["spillway:pullSecret"]


def test_an_entry_may_be_given_as_json() -> None:
    """The CLI stores texts only, so this is what one `pulumi config set --path` of a pool leaves in the file."""
    west = TWO_POOLS["spillway:pools[1]"]
    settings, _ = load(*config({"spillway:pools[1]": json.dumps(west)}), "dev")
    assert [pool.name for pool in settings.pools] == ["aws", "west"]
    assert list(mistakes({"spillway:pools[1]": json.dumps({**west, "maxSize": 0})})) == ["spillway:pools[1].maxSize"]
    assert list(mistakes({"spillway:pools[1]": "{"})) == ["spillway:pools[1]"]
