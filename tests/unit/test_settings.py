"""Every mistake in a stack's config is told at once, each with its path, what is allowed and how to mend it."""

import json
import shlex
from typing import Any

import pytest

from settings import SettingsError, load
from tests.unit.stack_configs import PLANTED, WEST, config

Changes = dict[str, Any]


def mistakes(changes: Changes) -> dict[str, str]:
    """Return path -> whole text of each mistake."""
    raw, secret_keys = config(changes)
    with pytest.raises(SettingsError) as caught:
        load(raw, secret_keys, "dev")
    return {mistake.path: str(mistake) for mistake in caught.value.mistakes}


@pytest.mark.parametrize("stack", ["dev", "lab"])
def test_shipped_stacks_load(stack: str) -> None:
    settings, credentials = load(*config(stack=stack), stack)
    assert settings.pools[0].claim_lifetime.maximum == "24h0m0s"
    assert credentials
    assert credentials.aws_access_key_id.reveal() == PLANTED["accessKeyId"]


def test_durations_are_kept_as_hive_writes_them() -> None:
    """Hive stores 8h as 8h0m0s; two writers of two forms would rewrite each other for ever."""
    settings, _ = load(*config({"spillway:bursts[0].lifetime": "8h"}), "dev")
    assert settings.bursts[0].lifetime == "8h0m0s"


TWO_POOLS: Changes = {"spillway:pools[1]": {**WEST, "size": 1, "maxSize": 1}}
TWO_BURSTS: Changes = {
    "spillway:bursts[1]": {"name": "two", "pool": "aws", "claimAt": 6, "releaseAt": 1, "replicas": 2}
}

# One row a rule: what is changed, the path that is named, a part of the message, the command that mends it.
TABLE: list[tuple[str, Changes, str, str, str]] = [
    ("pool name too long", {"spillway:pools[0].name": "a" * 49}, "spillway:pools[0].name", "at most 48", "aws"),
    ("pool name with capitals", {"spillway:pools[0].name": "Aws"}, "spillway:pools[0].name", "lower-case", "aws"),
    ("pool name begins with a digit", {"spillway:pools[0].name": "1a"}, "spillway:pools[0].name", "letter", "aws"),
    ("region", {"spillway:pools[0].region": "us-east"}, "spillway:pools[0].region", "got \"us-east\"", "us-east-1"),
    ("zone elsewhere", {"spillway:pools[0].zones": ["eu-west-1a"]}, "spillway:pools[0].zones[0]", "zone of us-east-1", "us-east-1a"),
    ("zone twice", {"spillway:pools[0].zones": ["us-east-1a"] * 2}, "spillway:pools[0].zones[1]", "twice", "pulumi config rm"),
    ("days", {"spillway:bursts[0].lifetime": "1d"}, "spillway:bursts[0].lifetime", "Hive knows no days", "8h0m0s"),
    ("running above size", {"spillway:pools[0].running": 2}, "spillway:pools[0].running", "at most size", "1"),
    ("size above maxSize", {"spillway:pools[0].size": 5}, "spillway:pools[0].maxSize", "caps all clusters", "6"),
    ("no maxSize", {"spillway:pools[0].maxSize": None}, "spillway:pools[0].maxSize", "is missing", "2"),
    ("unstable thresholds", {"spillway:bursts[0].claimAt": 3}, "spillway:bursts[0].claimAt", "takes load off the hub", "4"),
    ("never claims", {"spillway:workload.maxReplicas": 3}, "spillway:workload.maxReplicas", "no burst ever begins", "5"),
    ("never releases", {"spillway:workload.minReplicas": 2}, "spillway:bursts[0].releaseAt", "no burst ever ends", "2"),
    ("no such pool", {"spillway:bursts[0].pool": "azure"}, "spillway:bursts[0].pool", "there is no pool 'azure'", "aws"),
    ("two bursts, one pool", TWO_BURSTS, "spillway:bursts[1].pool", "each other's clusters", "pulumi config rm"),
    ("two pools, one name", {**TWO_POOLS, "spillway:pools[1].name": "aws"}, "spillway:pools[1].name", "a name of its own", "aws-1"),
    ("two pools, one namespace", {**TWO_POOLS, "spillway:pools[1].namespace": "aws"}, "spillway:pools[1].namespace", "pool aws", "west-pool"),
    ("namespace like a cluster's", {**TWO_POOLS, "spillway:pools[1].namespace": "aws-x7k2p"}, "spillway:pools[1].namespace", "name of a cluster", "west-pool"),
    ("OpenShift's namespace", {"spillway:pools[0].namespace": "openshift-gitops"}, "spillway:pools[0].namespace", "OpenShift", "aws-pool"),
    ("the application's namespace", {"spillway:pools[0].namespace": "interconnect"}, "spillway:pools[0].namespace", "the application", "aws-pool"),
    ("unknown key", {"spillway:pools[0].maxsize": 3}, "spillway:pools[0].maxsize", "did you mean maxSize?", "pulumi config rm"),
    ("unknown section", {"spillway:poolz": []}, "spillway:poolz", "did you mean pools?", "pulumi config rm"),
    ("wrong type", {"spillway:pools[0].size": "1"}, "spillway:pools[0].size", "valid integer", "1"),
    ("true is no number", {"spillway:pools[0].size": True}, "spillway:pools[0].size", "valid integer", "1"),
    ("no context", {"spillway:hub.context": None}, "spillway:hub.context", "is missing", "my-hub"),
    ("no section", {"spillway:workload": None}, "spillway:workload", "is missing", "my-app"),
    ("no list", {"spillway:pools": []}, "spillway:pools", "at least one entry", "aws"),
    ("not JSON", {"spillway:pools": "{"}, "spillway:pools", "is not JSON", "pulumi config rm"),
    ("Manual without version", {"spillway:hub.operators.acm": {"channel": "x", "approval": "Manual"}}, "spillway:hub.operators.acm.startingCsv", "approves just that one", "acm.v1.0.0"),
    ("GitOps by Manual beside Skupper by Automatic", {"spillway:hub.operators.gitops": {"channel": "gitops-1.18", "approval": "Manual", "startingCsv": "openshift-gitops-operator.v1.18.1"}}, "spillway:hub.operators.gitops.approval", "that of skupper is Automatic", "approval Automatic"),
    ("Skupper by Manual beside GitOps by Automatic", {"spillway:hub.operators.skupper": {"channel": "stable-2.2", "approval": "Manual", "startingCsv": "skupper-operator.v2.2.1"}}, "spillway:hub.operators.skupper.approval", "that of gitops is Automatic", "approval Automatic"),
    ("chart without version", {"spillway:hub.kyverno.version": None}, "spillway:hub.kyverno.version", "pinned", "3.9.1"),
    ("existing without a Secret", {"spillway:pools[0].credentials": {"source": "existing", "pullSecret": "p"}}, "spillway:pools[0].credentials.awsSecret", "source is existing", "name"),
    ("config with a Secret", {"spillway:pools[0].credentials": {"awsSecret": "a"}}, "spillway:pools[0].credentials.awsSecret", "source is config", "pulumi config rm"),
    ("host of the router's Service", {"spillway:workload.name": "skupper-router"}, "spillway:workload.name", "Skupper has Services called so", "my-skupper-router"),
    ("latest image", {"spillway:workload.image": "quay.io/a/b:latest"}, "spillway:workload.image", "other than latest", "my-app:1.0.0"),
    ("image without tag", {"spillway:workload.image": "quay.io/a/b"}, "spillway:workload.image", "pinned by a tag", "my-app:1.0.0"),
    ("cron", {"spillway:bursts[0].schedule": "often"}, "spillway:bursts[0].schedule", "five fields", "*/1"),
    ("other namespace", {"spillway:interconnect.namespace": "x"}, "spillway:interconnect.namespace", "the application's namespace", "interconnect"),
    ("version 2 with a channel of version 1", {"spillway:hub.operators.skupper": {"channel": "stable-1.9"}}, "spillway:hub.operators.skupper.channel", "cannot talk", "stable-2.2"),
    ("version 1 with a channel of version 2", {"spillway:interconnect.version": 1, "spillway:hub.operators.skupper": {"channel": "stable-2.2"}}, "spillway:hub.operators.skupper.channel", "cannot talk", "stable-1.9"),
    ("a channel that names no version", {"spillway:hub.operators.skupper": {"channel": "alpha"}}, "spillway:hub.operators.skupper.channel", "a channel of version 2", "stable-2.2"),
    ("a CSV of the other version", {"spillway:hub.operators.skupper": {"channel": "stable-2.2", "startingCsv": "skupper-operator.v1.9.6"}}, "spillway:hub.operators.skupper.startingCsv", "of version 2", "skupper-operator.v2.0.0"),
    ("Skupper by Manual without version", {"spillway:hub.operators.skupper": {"channel": "stable-2.2", "approval": "Manual"}}, "spillway:hub.operators.skupper.startingCsv", "approves just that one", "skupper.v1.0.0"),
    ("no third version", {"spillway:interconnect.version": 3}, "spillway:interconnect.version", "1 or 2", "2"),
    ("cost beyond the router's", {"spillway:interconnect.cost": 2**31}, "spillway:interconnect.cost", "2147483647", "1"),
    ("prefix too long with the pool", {"spillway:interconnect.token": "t" * 61}, "spillway:interconnect.token", "longest pool's name", "t" * 59),
    ("hold beyond lifetime", {"spillway:bursts[0].minimumHold": "9h"}, "spillway:bursts[0].minimumHold", "shorter than lifetime", "4h0m0s"),
    ("lifetime beyond the pool's", {"spillway:bursts[0].lifetime": "25h"}, "spillway:bursts[0].lifetime", "Hive cuts it", "24h0m0s"),
    ("default beyond maximum", {"spillway:pools[0].claimLifetime": {"default": "25h"}}, "spillway:pools[0].claimLifetime.default", "at most maximum", "24h0m0s"),
    ("two control plane machines", {"spillway:pools[0].controlPlane": {"replicas": 2}}, "spillway:pools[0].controlPlane.replicas", "majority", "3"),
    ("cluster-set label", {'spillway:pools[0].labels["cluster.open-cluster-management.io/clusterset"]': "x"}, 'spillway:pools[0].labels["cluster.open-cluster-management.io/clusterset"]', "ACM lets nobody change it", "pulumi config rm"),
    ("names too long together", {"spillway:bursts[0].name": "b" * 50}, "spillway:bursts[0].name", "Kyverno's policies", "b" * 49),
    ("unknown key with the name of a marker", {'spillway:hub["[key]"]': 1}, 'spillway:hub["[key]"]', "is not known", "pulumi config rm --path 'spillway:hub[\"[key]\"]'"),
    ("label with the name of a marker", {'spillway:pools[0].labels["[key]"]': "x"}, 'spillway:pools[0].labels["[key]"]', "as a key", "[key]"),
    ("absolute path", {"spillway:delivery.path": "/etc"}, "spillway:delivery.path", "without a leading slash", "gitops/dev"),
    ("token in the repository's address", {"spillway:delivery.repository": "https://u:t@example.com/r.git"}, "spillway:delivery.repository", "without credentials", "app.git"),
    ("runbooks as a path", {"spillway:watch": {"runbooks": "docs/watch.md"}}, "spillway:watch.runbooks", "an https or http address", "https://"),
    ("runbooks at a heading", {"spillway:watch": {"runbooks": "https://example.com/w.md#a"}}, "spillway:watch.runbooks", "without #...", "https://"),
    ("token in the runbooks' address", {"spillway:watch": {"runbooks": "https://u:t@example.com/w.md"}}, "spillway:watch.runbooks", "without credentials", "https://"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "message", "mend"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_mistake_names_its_path_the_rule_and_the_mend(changes: Changes, path: str, message: str, mend: str) -> None:
    found = mistakes(changes)
    assert path in found, found
    assert message in found[path]
    assert "mend:    pulumi config " in found[path]
    assert mend in found[path].split("mend:")[1]


@pytest.mark.parametrize(("changes", "path"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_command_mends_the_mistake(changes: Changes, path: str) -> None:
    """A command that does not help is worse than none: each one is carried out, and the mistake must be gone."""
    told = mistakes(changes)[path]
    words = shlex.split(told.split("mend:")[1])
    place, *value = [word for word in words[3:] if word != "--path"]
    mended = {**changes, place: None if words[2] == "rm" else json.loads(value[0]) if value[0].isdigit() else value[0]}
    raw, secret_keys = config(mended)
    try:
        load(raw, secret_keys, "dev")
    except SettingsError as error:
        # What may be left is another mistake: a value that goes with the one that was set.
        assert told not in map(str, error.mistakes)


def test_both_operators_of_one_namespace_may_be_approved_by_the_program() -> None:
    pins = {
        "gitops": {"channel": "gitops-1.18", "approval": "Manual", "startingCsv": "openshift-gitops-operator.v1.18.1"},
        "skupper": {"channel": "stable-2.2", "approval": "Manual", "startingCsv": "skupper-operator.v2.2.1"},
    }
    settings, _ = load(*config({f"spillway:hub.operators.{name}": pin for name, pin in pins.items()}), "dev")
    assert settings.skupper.approval == settings.hub.operators.gitops.approval == "Manual"


def test_all_mistakes_are_told_at_once() -> None:
    """A dozen runs for a dozen mistakes is what this guards against; rules across parts count too."""
    rows = [row for row in TABLE if row[0] in (
        "running above size", "unstable thresholds", "never releases", "unknown section", "chart without version",
        "other namespace", "absolute path", "cluster-set label", "zone elsewhere", "two control plane machines",
        "default beyond maximum", "config with a Secret",
    )]  # fmt: skip
    assert len(rows) == 12
    found = mistakes({path: value for row in rows for path, value in row[1].items()})
    assert {row[2] for row in rows} <= set(found)


def test_an_empty_stack_is_told_how_to_begin() -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml is a complete example") as caught:
        load({"aws:region": "us-east-1"}, [], "new")
    assert len(caught.value.mistakes) == 1


class TestSecrets:
    def test_missing_secrets_are_told_with_the_command(self) -> None:
        raw, _ = config()
        del raw["spillway:pullSecret"], raw["spillway:awsCredentials"]
        with pytest.raises(SettingsError) as caught:
            load(raw, [], "dev")
        assert [m.path for m in caught.value.mistakes] == [
            "spillway:pullSecret", "spillway:awsCredentials.accessKeyId", "spillway:awsCredentials.secretAccessKey",
        ]  # fmt: skip
        assert all("--secret" in m.mend for m in caught.value.mistakes)

    @pytest.mark.parametrize(
        ("key", "text", "path"),
        [
            ("awsCredentials", '{"accessKeyId": "\\ud800", "secretAccessKey": "x"}', "awsCredentials.accessKeyId"),
            ("awsCredentials", '{"accessKeyId": "x", "secretAccessKey": "\\ud800"}', "awsCredentials.secretAccessKey"),
            ("pullSecret", '{"auths": {"\ud800": {}}}', "pullSecret"),
        ],
    )
    def test_half_of_a_character_is_told(self, key: str, text: str, path: str) -> None:
        """JSON can hold one; the program once ended on it with a traceback."""
        raw, secrets = config()
        raw[f"spillway:{key}"] = text
        with pytest.raises(SettingsError) as caught:
            load(raw, secrets, "dev")
        assert [m.path for m in caught.value.mistakes] == [f"spillway:{path}"]

    @pytest.mark.parametrize(
        ("pool", "missing"), [({}, ["pullSecret", "awsCredentials.accessKeyId", "awsCredentials.secretAccessKey"]),
                              ({"source": "existing", "awsSecret": "a", "pullSecret": "p"}, [])],
    )  # fmt: skip
    def test_missing_secrets_are_told_beside_a_wrong_value(self, pool: dict[str, str], missing: list[str]) -> None:
        """A wrong value in the only pool once hid them until it was mended: two runs for what one can tell."""
        raw, _ = config({"spillway:pools[0].credentials": pool, "spillway:pools[0].maxSize": "two"})
        del raw["spillway:pullSecret"], raw["spillway:awsCredentials"]
        with pytest.raises(SettingsError) as caught:
            load(raw, [], "dev")
        assert [m.path for m in caught.value.mistakes] == [
            "spillway:pools[0].maxSize", *(f"spillway:{path}" for path in missing),
        ]  # fmt: skip

    def test_a_secret_in_plain_is_refused_and_not_shown(self) -> None:
        raw, _ = config()
        with pytest.raises(SettingsError) as caught:
            load(raw, [], "dev")
        assert "is in plain" in str(caught.value)
        assert not [text for text in PLANTED.values() if text in str(caught.value)]

    def test_no_secret_is_needed_when_all_pools_have_their_own(self) -> None:
        raw, _ = config({"spillway:pools[0].credentials": {"source": "existing", "awsSecret": "a", "pullSecret": "p"}})
        del raw["spillway:pullSecret"], raw["spillway:awsCredentials"]
        assert load(raw, [], "dev")[1] is None

    @pytest.mark.parametrize("part", ["accessKeyId", "secretAccessKey", "auth"])
    def test_a_secret_in_a_plain_value_is_refused_even_where_it_would_be_valid(self, part: str) -> None:
        """A label with the access key once passed every check, and would have been in the state and in every preview."""
        raw, secret_keys = config({"spillway:pools[0].labels.note": PLANTED[part]})
        with pytest.raises(SettingsError) as error:
            load(raw, secret_keys, "dev")
        assert "spillway:pools[0].labels.note: holds the value of a secret" in str(error.value)
        assert PLANTED[part] not in str(error.value)

    def test_a_secret_pasted_into_a_plain_key_is_not_shown(self) -> None:
        raw, secret_keys = config({"spillway:pools[0].region": PLANTED["accessKeyId"]})
        with pytest.raises(SettingsError) as caught:
            load(raw, secret_keys, "dev")
        assert 'got "[secret]"' in str(caught.value)

    def test_it_prints_as_secret(self) -> None:
        _, credentials = load(*config(), "dev")
        assert PLANTED["accessKeyId"] not in f"{credentials!r} {credentials}"
