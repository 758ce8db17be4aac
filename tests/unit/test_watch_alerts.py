"""Each alert fires on what it is for and on nothing else, as Prometheus itself evaluates it.

Needs `promtool`, of the package `prometheus` of most distributions.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.watch_rules import hub_spec, pool_spec
from preview.recording import ROOT
from preview.stack_settings import read_settings
from settings import Settings
from tests.unit.stack_configs import WEST

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not on PATH")

POOL = 'clusterpool_namespace="aws",clusterpool_name="aws"'
CLAIMS = 'apiserver_storage_objects{resource="clusterclaims.hive.openshift.io"}'
CLAIMS_LATER = 'apiserver_resource_objects{group="hive.openshift.io",resource="clusterclaims"}'


def pool(**counts: str) -> dict[str, str]:
    """Return a pool's metrics: one standby cluster of one, and what differs."""
    names = ("unclaimed", "claimed", "installing", "deleting", "assignable", "standby")
    at_rest = {"unclaimed": "1", "standby": "1"}
    return {f"hive_clusterpool_clusterdeployments_{n}{{{POOL}}}": counts.get(n, at_rest.get(n, "0")) for n in names}


def states(**counts: str) -> dict[str, str]:
    return {f'hive_cluster_deployments{{age_lt="+Inf",power_state="{s}"}}': count for s, count in counts.items()}


def available(status: str) -> dict[str, str]:
    labels = 'managed_cluster_name="aws-x7k2p",condition="ManagedClusterConditionAvailable"'
    name = "acm_managed_cluster_status_condition"
    return {f'{name}{{{labels},status="{s}"}}': str(int(s == status)) for s in ("true", "false", "unknown")}


def removing(seconds: str, namespace: str = "aws-x7k2p") -> dict[str, str]:
    return {f'hive_cluster_deployment_deprovision_underway_seconds{{namespace="{namespace}"}}': seconds}


# A pool at rest, without a claim.
REST = {**pool(), CLAIMS: "0"}
REPLICAS = 'kube_deployment_spec_replicas{namespace="interconnect",deployment="sample-kotlin-spring"}'
HELD = {**REST, **pool(claimed="1"), CLAIMS: "1"}
STANDBY = 'kube_namespace_labels{namespace="aws-x7k2p",label_hive_openshift_io_cluster_pool_name="aws"}'
# The metrics, after how long, and what fires, with the labels that it takes from the metrics.
ROWS: dict[str, tuple[dict[str, str], str, dict[str, dict[str, str]]]] = {
    "a pool at rest": (REST, "3h", {}),
    "a burst": ({**REST, **pool(claimed="1", unclaimed="1"), CLAIMS: "1", **available("true")}, "3h", {}),
    "a claimed cluster without its claim": ({**REST, **pool(claimed="1")}, "40m", {"SpillwayClusterLeaked": {}}),
    "a count of claims that failed": ({**REST, CLAIMS: "-1"}, "40m", {}),
    "a claim that waits": ({**REST, CLAIMS: "1"}, "70m", {"SpillwayClaimWaits": {}}),
    "a claim that has not waited for long": ({**REST, CLAIMS: "1"}, "50m", {}),
    "a claim that waits, as newer API servers count": ({**pool(), CLAIMS_LATER: "1"}, "70m", {"SpillwayClaimWaits": {}}),
    "machines that do not stop": ({**REST, **states(FailedToStop="1")}, "30m", {"SpillwayFailedToStop": {"power_state": "FailedToStop"}}),
    "machines that do not start": (
        {**REST, **states(FailedToStartMachines="1")}, "30m", {"SpillwayFailedToStartMachines": {"power_state": "FailedToStartMachines"}},
    ),
    "machines that do what they are told": ({**REST, **states(Running="1", Hibernating="1")}, "30m", {}),
    "a cluster that runs unclaimed": ({**REST, **pool(assignable="1", standby="0")}, "40m", {"SpillwayClusterRunsUnclaimed": {}}),
    "a pool that installs nothing": ({**REST, **pool(unclaimed="0")}, "40m", {"SpillwayPoolShort": {}}),
    "a pool that installs": ({**REST, **pool(unclaimed="0", installing="1")}, "40m", {}),
    "installs that fail one after the other": (
        {**REST, **pool(standby="0", installing="1")}, "4h", {"SpillwayPoolNotReady": {}},
    ),
    "an install that takes long": ({**REST, **pool(standby="0", installing="1")}, "2h", {}),
    "a claim that waits for installs that fail": (
        {**REST, **pool(standby="0", unclaimed="0", claimed="1", deleting="1"), CLAIMS: "1"}, "4h", {"SpillwayPoolNotReady": {}},
    ),
    "a pool that waits for a removal": ({**REST, **pool(unclaimed="0", deleting="1")}, "40m", {}),
    "a pool at its maximum": ({**REST, **pool(unclaimed="0", claimed="2"), CLAIMS: "2"}, "40m", {}),
    "a removal that is stuck": ({**REST, **removing("7300")}, "20m", {"SpillwayRemovalStuck": {"namespace": "aws-x7k2p"}}),
    "a removal": ({**REST, **removing("900")}, "20m", {}),
    "somebody else's removal": ({**REST, **removing("7300", "other-x7k2p")}, "20m", {}),
    "a cluster out of reach": ({**REST, **available("unknown")}, "20m", {"SpillwayClusterUnreachable": {"managed_cluster_name": "aws-x7k2p"}}),
    "a standby cluster of 24 days": ({**REST, STANDBY: "1"}, "24d", {}),
    "a standby cluster of 26 days": ({**REST, STANDBY: "1"}, "26d", {"SpillwayStandbyOld": {"namespace": "aws-x7k2p"}}),
    "a claim at releaseAt that is not released": ({**HELD, REPLICAS: "1"}, "75m", {"SpillwayReleaseLate": {}}),
    "a claim at releaseAt that is held": ({**HELD, REPLICAS: "1"}, "50m", {}),
    "a claim past releaseAt": ({**HELD, REPLICAS: "2"}, "75m", {}),
    "no claim at releaseAt": ({**REST, REPLICAS: "1"}, "75m", {}),
    "no metrics": ({CLAIMS: "0"}, "40m", {"SpillwayHiveSilent": {}}),
}  # fmt: skip


@needs_promtool
@pytest.mark.parametrize("row", ROWS)
def test_alerts(tmp_path: Path, row: str) -> None:
    evaluate(tmp_path, read_settings("dev", ROOT), *ROWS[row])


@needs_promtool
@pytest.mark.parametrize(("claimed", "expected"), [("0", {}), ("1", {"SpillwayClaimWithoutBurst": {}})])
def test_a_claim_on_a_pool_that_has_lost_its_burst_is_told_of(
    tmp_path: Path, claimed: str, expected: dict[str, dict[str, str]]
) -> None:
    """Whoever takes a burst out of the config under load leaves its claim to its lifetime."""
    settings = read_settings("dev", ROOT, {"spillway:pools[1]": {**WEST, "size": 0, "maxSize": 1}})
    series = {
        name.replace('"aws"', f'"{WEST["name"]}"'): count
        for name, count in pool(unclaimed="0", claimed=claimed).items()
    }
    evaluate(tmp_path, settings, {**REST, **series, CLAIMS: claimed}, "70m", expected)


def rules(settings: Settings) -> dict[str, Any]:
    """Return all alerts of a stack as one file of Prometheus."""
    specs = [
        hub_spec(settings.watch),
        *(pool_spec(pool, settings.bursts, settings.workload, settings.watch) for pool in settings.pools),
    ]
    return {"groups": [group for spec in specs for group in spec.render()["groups"]]}


def evaluate(
    tmp_path: Path, settings: Settings, series: dict[str, str], after: str, expected: dict[str, dict[str, str]]
) -> None:
    """Let Prometheus evaluate the rules of a stack over series, and compare what fires."""
    written = rules(settings)
    assert expected.keys() <= {rule["alert"] for group in written["groups"] for rule in group["rules"]}
    # Long rows are looked at less often.
    interval, points = ("10m", 6 * 24 * 30) if after.endswith("d") else ("1m", 6 * 60)
    fires = [
        {
            "alertname": rule["alert"],
            "eval_time": after,
            "exp_alerts": [{"exp_labels": rule["labels"] | expected[rule["alert"]]}]
            if rule["alert"] in expected
            else [],
        }
        for group in written["groups"]
        for rule in group["rules"]
    ]
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": interval,
        "tests": [
            {
                "interval": interval,
                "input_series": [{"series": name, "values": f"{value}+0x{points}"} for name, value in series.items()],
                "alert_rule_test": fires,
            }
        ],
    }
    # What the alert says is not compared, only that it fires.
    for group in written["groups"]:
        for rule in group["rules"]:
            rule["annotations"] = {}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(written))
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    ran = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@needs_promtool
def test_prometheus_finds_no_fault_with_the_rules(tmp_path: Path) -> None:
    settings = read_settings("prod", ROOT)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rules(settings)))
    ran = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
