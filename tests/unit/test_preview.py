"""`python -m preview`: its options, its exit code, what it compares, and what it withholds.

Does not prove that GitHub renders the report.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from preview import __main__ as command
from preview.changes import Change, changes, shown
from preview.evaluation import Evaluation, evaluate
from preview.manifests import manifests, write
from preview.order import in_order
from preview.recording import ROOT, Recording, record
from preview.registration import Secret
from preview.report import MARKER, report
from preview.revision import RevisionError, snapshot_at
from preview.snapshot import snapshot
from tests.unit.stack_configs import PLANTED, SECRETS

PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
PROGRAM = ("__main__.py", "policies", *PACKAGES)
POOL = "kubernetes:hive.openshift.io/v1:ClusterPool pool-aws-pool"


@pytest.fixture(scope="module")
def dev() -> Recording:
    return record("dev", secrets=SECRETS)


@pytest.fixture
def stacks_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the program and one stack, which the command takes for the project's."""
    for name in ("__main__.py", "Pulumi.dev.yaml", "Pulumi.mesh.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    return tmp_path


def edit(folder: Path, stack: str, old: str, new: str) -> None:
    path = folder / f"Pulumi.{stack}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


class TestTheCommand:
    def test_a_stack_that_keeps_its_guardrails_is_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["dev"]) == 0
        printed = capsys.readouterr().out
        assert "ClusterPool aws/aws  (us-east-1: size 1" in printed
        assert "cost/pool-size: ok" in printed
        assert "cost: about $145 a month at rest, $1804 with all clusters running all month" in printed
        assert "changes against" not in printed

    def test_without_a_name_all_stacks_are_shown(self, stacks_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main([]) == 0
        printed = capsys.readouterr().out
        assert "dev (pulumi:pulumi:Stack)" in printed
        assert "mesh (pulumi:pulumi:Stack)" in printed

    def test_a_broken_rule_is_1_and_is_told_with_its_mend(
        self, stacks_in: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        edit(stacks_in, "dev", "maxClusters: 2", "maxClusters: 1")
        assert command.main(["dev"]) == 1
        printed = capsys.readouterr().out
        assert "cost/clusters: mandatory, high" in printed
        assert "2 clusters in all pools, the budget is 1" in printed
        assert "mend: Lower maxSize, or raise spillway:guardrails.maxClusters" in printed

    def test_an_advisory_rule_is_told_and_stops_nothing(
        self, stacks_in: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        edit(stacks_in, "dev", "maxClusters: 2", "maxClusters: 1\n    levels: { clusters: advisory }")
        assert command.main(["dev"]) == 0
        assert "cost/clusters: advisory, high" in capsys.readouterr().out

    def test_a_disabled_rule_says_nothing(self, stacks_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
        edit(stacks_in, "dev", "maxClusters: 2", "maxClusters: 1\n    levels: { clusters: disabled }")
        assert command.main(["dev"]) == 0
        assert "cost/clusters" not in capsys.readouterr().out

    def test_what_the_settings_refuse_is_1_and_the_others_are_still_shown(
        self, stacks_in: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        edit(stacks_in, "dev", "      maxSize: 2\n", "")
        assert command.main(["dev", "mesh"]) == 1
        printed = capsys.readouterr()
        assert "spillway:pools[0].maxSize: is missing" in printed.err
        assert "mesh (pulumi:pulumi:Stack)" in printed.out
        assert "Traceback" not in printed.err

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["nothing"], "there is no stack nothing; known are dev"),
            (["dev", "mesh", "--pack-config"], "is for one stack"),
        ],
    )
    def test_wrong_arguments_are_2(self, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        assert ended.value.code == 2
        assert told in capsys.readouterr().err

    def test_a_revision_that_is_not_there_is_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["dev", "--against", "no-such-revision"]) == 2
        assert "revision no-such-revision cannot be read" in capsys.readouterr().err

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["dev", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["stack"], found["failed"]) == ("dev", False)
        assert {
            "rule": "pool-size",
            "subject": "cost",
            "severity": "critical",
            "level": "mandatory",
            "applies": True,
            "findings": [],
        } in found["guardrails"]
        assert "changes" not in found

    def test_the_pack_s_configuration(self, stacks_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["dev", "--pack-config"]) == 0
        assert json.loads(capsys.readouterr().out)["clusters"]["perStack"] == 2
        edit(stacks_in, "dev", "      maxSize: 2\n", "")
        assert command.main(["dev", "--pack-config"]) == 1
        assert "maxSize: is missing" in capsys.readouterr().err

    def test_files(self, tmp_path: Path) -> None:
        assert command.main(["dev", "--manifests", str(tmp_path / "m"), "--markdown", str(tmp_path / "r.md")]) == 0
        pool = yaml.safe_load((tmp_path / "m/dev/clusterpool-aws-aws.yaml").read_text())
        assert pool["spec"]["maxSize"] == 2
        assert (tmp_path / "r.md").read_text().startswith(MARKER)


class TestWithholding:
    def outputs(self, dev: Recording) -> dict[str, str]:
        found = Evaluation("dev", dev, after=snapshot(dev))
        return {
            "manifests": "\n".join(manifests(dev).values()),
            "report": report([evaluate("dev", ROOT)]),
            "snapshot": json.dumps(snapshot(dev)),
            "repr": repr(found),
        }

    def test_no_secret_of_the_stack_is_in_anything_that_is_written(self, dev: Recording) -> None:
        for what, text in self.outputs(dev).items():
            for name, secret in PLANTED.items():
                assert secret not in text, (what, name)
                assert base64.b64encode(secret.encode()).decode() not in text, (what, name)
                assert json.dumps(secret)[1:-1] not in text, (what, name)

    def test_a_secret_is_shown_as_such(self, dev: Recording) -> None:
        files = [text for name, text in manifests(dev).items() if name.startswith("secret-aws")]
        assert files
        assert all("[secret]" in text for text in files)

    @pytest.mark.parametrize(
        "value", ["AKIA" + "ABCDEFGHIJKLMNOP", "-----BEGIN RSA PRIVATE KEY-----\nx", {"secretAccessKey": "a" * 40}]
    )
    def test_what_looks_like_a_key_is_withheld_where_nobody_marked_it(self, value: Any) -> None:
        """A key in a ConfigMap breaks a rule; the report that says so must not publish it."""
        assert str(next(iter(value.values())) if isinstance(value, dict) else value)[:30] not in shown(value)
        assert "[secret]" in shown(value)

    def test_a_changed_secret_is_told_without_its_value(self) -> None:
        old = {"objects": {"x": {"data": {"[secret]": "digest-1"}}}}
        new = {"objects": {"x": {"data": {"[secret]": "digest-2"}}}}
        (change,) = changes(old, new).changed["x"]
        assert (change.path, shown(change.before), shown(change.after)) == ("data", "[secret]", "[secret]")


class TestOrder:
    def test_the_timing_of_a_run_changes_nothing_that_is_written(self, dev: Recording) -> None:
        """Under load a report differed from one run to the next, and the committed examples were stale."""
        other = replace(dev, registrations=tuple(reversed(dev.registrations)))
        assert in_order(other) == in_order(dev)

    @pytest.mark.parametrize("stack", ["dev", "prod", "mesh"])
    def test_what_must_come_first_comes_first(self, stack: str) -> None:
        seen: set[str] = set()
        found = in_order(record(stack)).registrations
        custom = {one.urn for one in found if one.custom}
        for one in found:
            assert set(one.dependencies) & custom <= seen | {one.urn}
            seen.add(one.urn)


class TestManifests:
    def test_one_file_an_object_and_the_same_names_each_time(self, dev: Recording) -> None:
        objects = [one for one in dev.registrations if one.custom and not one.type.startswith("pulumi:providers:")]
        assert len(manifests(dev)) == len(objects)
        assert manifests(dev) == manifests(record("dev", secrets=SECRETS))

    def test_objects_of_the_same_name_on_several_clusters_have_a_file_each(self) -> None:
        mesh = record("mesh")
        objects = [one for one in mesh.registrations if one.custom and not one.type.startswith("pulumi:providers:")]
        assert len(manifests(mesh)) == len(objects)

    def test_files_of_objects_that_are_gone_are_removed_and_others_stay(self, dev: Recording, tmp_path: Path) -> None:
        (tmp_path / "clusterpool-aws-old.yaml").write_text("")
        (tmp_path / "README.md").write_text("mine")
        assert write(dev, tmp_path) == len(list(tmp_path.glob("*.yaml")))
        assert not (tmp_path / "clusterpool-aws-old.yaml").exists()
        assert (tmp_path / "README.md").exists()


DIFFERENCES: list[tuple[str, Any, Any, list[Change]]] = [
    ("nothing", {"a": 1}, {"a": 1}, []),
    ("a value", {"a": {"b": 1}}, {"a": {"b": 2}}, [Change("a.b", 1, 2)]),
    ("one that comes", {}, {"a": 1}, [Change("a", None, 1)]),
    ("one that goes", {"a": 1}, {}, [Change("a", 1, None)]),
    ("in a list", {"a": [{"b": 1}, 2]}, {"a": [{"b": 3}, 2]}, [Change("a[0].b", 1, 3)]),
    ("an entry more", {"a": [1, 2]}, {"a": [1, 3, 2]}, [Change("a[1]", None, 3)]),
    ("an entry less", {"a": [1, 2]}, {"a": [2]}, [Change("a[0]", 1, None)]),
    ("the same entry twice", {"a": [1]}, {"a": [1, 1]}, [Change("a", [1], [1, 1])]),
    ("another type", {"a": {"b": 1}}, {"a": [1]}, [Change("a", {"b": 1}, [1])]),
]  # fmt: skip


class TestChanges:
    @pytest.mark.parametrize(
        ("before", "after", "told"), [case[1:] for case in DIFFERENCES], ids=[case[0] for case in DIFFERENCES]
    )
    def test_values(self, before: Any, after: Any, told: list[Change]) -> None:
        found = changes({"objects": {"x": before}}, {"objects": {"x": after}})
        assert list(found.changed.get("x", ())) == told
        assert (found.added, found.removed) == ((), ())

    def test_objects(self) -> None:
        found = changes({"objects": {"old": {}, "both": {}}}, {"objects": {"new": {}, "both": {}}})
        assert (found.added, found.removed, found.counted) == (("new",), ("old",), "1 added, 0 changed, 1 removed")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose only commit is this program, with another maxSize and a module that this one lacks."""
    folder = tmp_path_factory.mktemp("repository")
    for name in PROGRAM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        else:
            shutil.copy(source, folder)
    shutil.copy(ROOT / "Pulumi.dev.yaml", folder)
    edit(folder, "dev", "      maxSize: 2\n", "      maxSize: 1\n")
    edit(folder, "dev", "maxClusters: 2", "maxClusters: 1")
    (folder / "stacks" / "only_there.py").write_text("")
    program = folder / "__main__.py"
    program.write_text(f"import stacks.only_there\n{program.read_text()}")
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "the program"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


class TestRevisions:
    def test_another_revision_is_read_with_its_own_program_and_this_preview(self, repository: Path) -> None:
        """Once a module of the preview imported the settings, and no revision could be read any more."""
        found = changes(snapshot_at("HEAD", "dev", repository), snapshot(record("dev")))
        assert (found.added, found.removed) == ((), ())
        assert found.changed[POOL] == (Change("spec.maxSize", 1, 2),)

    def test_the_work_tree_is_left_alone(self, repository: Path) -> None:
        snapshot_at("HEAD", "dev", repository)
        status = subprocess.run(
            ["git", "-C", str(repository), "status", "--porcelain"], check=True, capture_output=True
        )
        assert status.stdout == b""

    def test_a_stack_that_was_not_there_is_new(self, repository: Path) -> None:
        assert snapshot_at("HEAD", "mesh", repository) is None

    def test_a_revision_that_is_not_there(self, repository: Path) -> None:
        with pytest.raises(RevisionError, match="revision nothing cannot be read"):
            snapshot_at("nothing", "dev", repository)


class TestTheReport:
    def evaluation(self, stack: str = "dev") -> Evaluation:
        return evaluate(stack, ROOT)

    def test_a_long_report_loses_its_trees_and_then_its_last_stacks(self) -> None:
        found = [self.evaluation(), self.evaluation("prod")]
        whole = report(found)
        assert "<details>" in whole
        folded = report(found, limit=len(whole) - 1)
        assert "<details>" not in folded
        assert "## prod" in folded
        cut = report(found, limit=len(folded))
        assert "## prod" not in cut
        assert "left out: prod" in cut
        assert len(cut) < len(folded)

    def test_text_of_others_cannot_leave_its_cell(self) -> None:
        """Names and messages come from the pull request."""
        found = self.evaluation()
        verdict = found.verdicts[0]
        broken = type(verdict)(verdict.rule, "mandatory", True, (("Secret", "a|b`<img>", "x | y\n<script>"),))
        text = report(
            [Evaluation("dev", found.recording, verdicts=[broken], after=found.after, price_table=found.price_table)]
        )
        (row,) = [line for line in text.splitlines() if "img" in line]
        assert row.count(" | ") == 5
        assert "<script>" not in text
        assert "<img>" not in text

    def test_the_diagram_names_only_what_it_has(self) -> None:
        """GitHub shows an error instead of a diagram whose arrows lead nowhere."""
        lines = report([self.evaluation("prod")]).split("```mermaid\n")[1].split("\n```")[0].splitlines()
        nodes = {line.split("[")[0].strip() for line in lines if "[" in line}
        ends = {end.strip() for line in lines if "-->" in line for end in line.split("-->")}
        assert lines[0] == "flowchart LR"
        assert nodes
        assert ends <= nodes


def test_a_secret_never_prints() -> None:
    assert str(Secret("x")) == repr(Secret("x")) == f"{Secret('x')}" == "[secret]"
