"""The shipped stack files evaluate, and show nothing that is secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from preview.__main__ import main
from preview.recording import ROOT, Recording, record
from preview.registration import reveal
from preview.tree import tree
from settings import SettingsError, load
from tests.unit.stack_configs import PLANTED, SECRETS
from tests.unit.test_settings_mutated import RAW, SECRET_KEYS, mutated

STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))


def everything(recording: Recording) -> str:
    return repr(recording) + "\n".join(tree(recording)) + json.dumps(recording.exports, default=repr)


@pytest.mark.parametrize("stack", STACKS)
def test_it_evaluates_and_shows_no_secret(stack: str) -> None:
    recording = record(stack, secrets=SECRETS)
    shown = everything(recording)
    assert not [text for text in PLANTED.values() if text in shown]
    # The values are there, for the one who sends them to the API server.
    sent = json.dumps([reveal(r.inputs) for r in recording.registrations], default=repr)
    # A mesh stack has no use for them; prod takes its AWS key from the identity that it makes, not from the config.
    assert (PLANTED["auth"] in sent) == (stack != "mesh")
    own_key = bool(recording.of_type("aws:iam/accessKey:AccessKey"))
    assert (PLANTED["secretAccessKey"] in sent) == (stack != "mesh" and not own_key)


@pytest.mark.parametrize("stack", STACKS)
def test_default_providers_are_disabled(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    assert "pulumi:disable-default-providers: [kubernetes, aws]" in text
    assert "secure:" not in text


def test_the_lab_stack_is_the_dev_stack() -> None:
    """What is tried in the lab must be what is shipped: only context, Kyverno, the clock and the folder differ."""

    def specs(stack: str) -> dict[str, Any]:
        return {r.name: r.inputs.get("spec") for r in record(stack).registrations if r.custom}

    dev, lab = specs("dev"), specs("lab")
    differ = {name for name in dev.keys() | lab.keys() if dev.get(name) != lab.get(name)}
    assert differ == {"burst-aws-burst-release", "delivery-application-set", "pool-aws-pool", "watch-rules-aws"}
    for found in (dev, lab):
        # By how long a claim is held.
        (late,) = (
            r for g in found["watch-rules-aws"]["groups"] for r in g["rules"] if r["alert"] == "SpillwayReleaseLate"
        )
        late.pop("for")
        # Played times pass faster than a control plane starts, or Argo CD looks.
        found["pool-aws-pool"]["hibernationConfig"].pop("resumeTimeout")
        decisions = found["delivery-application-set"]["generators"][0]["clusterDecisionResource"]
        decisions.pop("requeueAfterSeconds")
    assert dev["pool-aws-pool"] == lab["pool-aws-pool"]
    assert dev["watch-rules-aws"] == lab["watch-rules-aws"]
    sources = [specs["delivery-application-set"]["template"]["spec"].pop("source") for specs in (dev, lab)]
    assert [source["path"].split("/")[:2] for source in sources] == [["gitops", "dev"], ["gitops", "lab"]]
    assert dev["delivery-application-set"] == lab["delivery-application-set"]
    assert set(dev) - set(lab) == {"kyverno-release"}


def test_the_preview_prints_a_tree_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert main(["dev"]) == 0
    assert "GeneratingPolicy aws-burst-claim" in capsys.readouterr().out
    broken = (ROOT / "Pulumi.dev.yaml").read_text().replace("maxSize: 2", "maxSize: 0")
    (tmp_path / "Pulumi.dev.yaml").write_text(broken)
    (tmp_path / "__main__.py").write_text((ROOT / "__main__.py").read_text())
    monkeypatch.setattr("preview.__main__.ROOT", tmp_path)
    monkeypatch.setattr("preview.recording.record.__kwdefaults__", {**record.__kwdefaults__, "root": tmp_path})
    assert main(["dev"]) == 1
    error = capsys.readouterr().err
    assert "spillway:pools[0].maxSize" in error
    assert "Traceback" not in error


def accepted(raw: dict[str, str]) -> bool:
    try:
        load(raw, SECRET_KEYS, "dev")
    except SettingsError:
        return False
    return True


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated().filter(accepted))
def test_what_the_settings_accept_evaluates(raw: dict[str, str]) -> None:
    """Fifty mutated stack files that the settings accept, through the whole program: it evaluates, without a traceback."""
    ours = {key: raw.get(key) for key in RAW if key.startswith("spillway:")}
    secrets = {key: ours.pop(key) or SECRETS[key] for key in SECRETS}
    recording = record("dev", overrides=ours, secrets=secrets)
    assert len(recording.registrations) > 30
    assert not [text for text in PLANTED.values() if text in everything(recording)]
