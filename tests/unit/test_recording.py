"""The recording sees what an engine would see."""

import asyncio
from pathlib import Path

import pulumi
import pytest

from preview.recording import Call, ProgramError, Recording, record
from preview.registration import Secret, Unknown, reveal
from preview.tree import tree

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

config = pulumi.Config("spillway")
provider = kubernetes.Provider("p", context="c")


class Box(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("t:index:Box", name, None, opts)
        space = Namespace(f"{name}-space", metadata={"name": "s"}, opts=pulumi.ResourceOptions(parent=self))
        ConfigMap(
            f"{name}-map",
            metadata={"name": "m", "namespace": space.metadata.name},
            data={"secret": config.require_secret("word"), "plain": config.get("size") or "none"},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[provider], protect=True, retain_on_delete=True, delete_before_replace=True,
                ignore_changes=["data"], replace_on_changes=["metadata.name"], aliases=[pulumi.Alias(name="old")],
                custom_timeouts=pulumi.CustomTimeouts(create="1m", update="2m", delete="3m"),
                additional_secret_outputs=["data"],
            ),
        )
        self.register_outputs({})


Box("box", pulumi.ResourceOptions(provider=provider))
pulumi.export("word", config.require_secret("word"))
pulumi.export("size", config.get("size"))
if config.get("fail") == "told":
    raise pulumi.RunError("told the user")
if config.get("fail"):
    raise KeyError("a bug")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "Pulumi.t.yaml").write_text("config:\n  spillway:word:\n    secure: v1:abc\n")
    return tmp_path


def run(root: Path, **overrides: object) -> Recording:
    changes = {f"spillway:{key}": value for key, value in overrides.items()}
    return record("t", root=root, overrides=changes, secrets={"spillway:word": "planted"})


def test_options_parents_providers_and_dependencies(root: Path) -> None:
    recording = run(root)
    box, inner = recording.named("t:index:Box", "box"), recording.named("kubernetes:core/v1:ConfigMap", "box-map")
    space = recording.named("kubernetes:core/v1:Namespace", "box-space")
    assert recording.children(box) == [space, inner]
    assert (inner.provider, space.provider) == ("p", "p")
    assert {urn.rpartition("::")[2] for urn in inner.dependencies} == {"box-space", "p"}
    assert inner.property_dependencies == {"metadata": (space.urn,)}
    options = inner.options
    assert (options.protect, options.retain_on_delete, options.delete_before_replace) == (True, True, True)
    assert (options.ignore_changes, options.replace_on_changes) == (("data",), ("metadata.name",))
    assert (options.create_timeout, options.update_timeout, options.delete_timeout) == ("1m", "2m", "3m")
    assert options.additional_secret_outputs == ("data",)
    assert "old" in options.aliases


def test_secrets_are_marked_and_never_printed(root: Path) -> None:
    recording = run(root)
    inner = recording.named("kubernetes:core/v1:ConfigMap", "box-map")
    data = inner.inputs["data"]
    secret = data if isinstance(data, Secret) else data["secret"]
    assert isinstance(secret, Secret)
    assert "planted" in str(reveal(secret))
    assert isinstance(recording.exports["word"], Secret)
    assert "planted" not in repr(recording)


def test_runs_do_not_see_each_other(root: Path) -> None:
    assert run(root, size="7").exports["size"] == "7"
    assert "size" not in {key for key, value in run(root).exports.items() if value}


def test_in_a_preview_ids_are_unknown(root: Path) -> None:
    program = 'import pulumi, pulumi_kubernetes as k\np = k.Provider("p")\n'
    program += 'n = k.core.v1.Namespace("n", metadata={"name": "s"}, opts=pulumi.ResourceOptions(provider=p))\npulumi.export("id", n.id)\n'
    (root / "__main__.py").write_text(program)
    assert isinstance(record("t", root=root).exports["id"], Unknown)
    assert record("t", root=root, preview=False).exports["id"] == "n-id"


def test_a_message_for_the_user_comes_without_a_traceback_and_a_bug_as_it_is(root: Path) -> None:
    with pytest.raises(ProgramError, match=r"^told the user$"):
        run(root, fail="told")
    with pytest.raises(KeyError, match="a bug"):
        run(root, fail="otherwise")


def test_what_a_failed_run_left_does_not_break_the_next(root: Path) -> None:
    """A run that fails may leave an output of its closed loop in the SDK: every later evaluation of the process failed."""
    run(root)
    loop = asyncio.new_event_loop()
    left = loop.create_future()
    left.set_result(None)
    loop.close()
    pulumi.runtime.settings.SETTINGS.outputs.add(left)
    assert run(root, size="3").exports["size"] == "3"


LOOK_UP = """
import pulumi
from pulumi_aws import Provider
from pulumi_aws.route53 import get_zone_output

provider = Provider("a", region="us-east-1")
zone = get_zone_output(name="example.com", opts=pulumi.InvokeOutputOptions(provider=provider))
pulumi.export("zone", zone.zone_id)
"""


def test_a_look_up_is_answered_by_a_placeholder_and_told_or_by_the_caller(root: Path) -> None:
    (root / "__main__.py").write_text(LOOK_UP)
    recording = record("t", root=root)
    assert recording.exports["zone"] == "ZPLACEHOLDER"
    assert recording.calls == (Call("aws:route53/getZone:getZone", {"name": "example.com"}),)
    assert tree(recording)[-1] == "not looked up here, an engine asks for it: getZone example.com"
    assert record("t", root=root, answer=lambda _token, _given: {"zoneId": "Z1"}).exports["zone"] == "Z1"


def test_any_other_look_up_is_refused(root: Path) -> None:
    """A made-up answer that nobody knows of would make a preview worthless."""
    (root / "__main__.py").write_text(
        LOOK_UP.replace("get_zone_output", "get_delegation_set_output").replace("name=", "id=")
    )
    with pytest.raises(ProgramError, match="getDelegationSet, which cannot be answered without a provider"):
        record("t", root=root)
