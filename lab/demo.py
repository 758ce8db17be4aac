"""One burst on the lab, from the scale-up to the cluster's removal, as a timeline."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.interconnect_sync import credential_name
from lab import argocd, engine
from lab.binaries import LabError
from lab.cluster import Cluster, Manifest
from lab.controlplane import write_private
from lab.fleet.objects import HIVE, deleting, stamp
from lab.fleet.observe import clusters, leaks
from lab.fleet.observe_network import Member, network, served_elsewhere
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack, missing_parts
from lab.spokes import Spokes
from preview.gitops import stack_files, stale
from preview.recording import ROOT, record
from preview.stack_settings import read_settings
from preview.tree import tree
from settings import Settings

STACK = "lab"
# The played parts run this much faster: a resume of five minutes takes a second and a half.
FACTOR = 200
# Where Argo CD reads, by config path; the address depends on where the lab is.
REPOSITORY = "spillway:delivery.repository"
REAL, PLAYED = "real", "played"
APPLICATION_SET = ("argoproj.io/v1alpha1", "ApplicationSet")


@dataclass
class Timeline:
    """What happened when, seconds after the burst began, and whether it was real or played."""

    say: Callable[[str], None]
    begin: float = field(default_factory=time.monotonic)

    def add(self, who: str, what: str) -> None:
        """Tell an event as it happens."""
        self.say(f"  {time.monotonic() - self.begin:7.2f} s  {who:6}  {what}")


def demo(hub: Hub) -> None:
    """Show the stack, start the lab, bring the stack up, and carry one burst through it.

    Raises:
        LabError: a step did not come about in time, or what Argo CD would deliver is not what the stack's file says.
    """
    say = hub.say
    begin = time.monotonic()
    say("What the stack will create (evaluated without an engine):\n")
    say("\n".join(tree(record(STACK))))
    if old := [path for path in stale(ROOT, stack_files(STACK, read_settings(STACK, ROOT))) if path.parts[1] == STACK]:
        raise LabError(f"{old[0]} is not what Pulumi.{STACK}.yaml says: run `make gitops` first")
    say("\nThe lab's programs (built once, then kept):")
    hub.start()
    say(f"The lab is up after {time.monotonic() - begin:.0f} s. What is played is {FACTOR} times faster than real.")
    hub.play(FACTOR)
    say("\nThe stack:")
    bring_up(hub)
    try:
        _burst(hub)
    except TimeoutError as error:
        raise LabError(f"{error}. The logs are in {hub.folder / 'logs'}; `make demo` goes on from here.") from None
    say(f"\nDone in {time.monotonic() - begin:.0f} s. The lab keeps running.\n")
    say(hub.how_to_use())


def bring_up(hub: Hub) -> None:
    """Bring the stack up: with the Pulumi CLI where it is on PATH, else with the lab's direct engine."""
    hub.repository.publish(ROOT, f"gitops/{STACK}")
    if missing := missing_parts():
        hub.say(f"  (not on PATH: {', '.join(missing)}; the lab's direct engine applies the same program)")
        secrets = lab_secrets(hub.folder)
        overrides = {REPOSITORY: hub.repository.url}
        engine.up(STACK, hub.kubeconfig, hub.folder, say=hub.say, overrides=overrides, secrets=secrets)
    else:
        _pulumi(hub)


def await_generator(cluster: Cluster) -> None:
    """Wait until Argo CD's generator reads the placement.

    If it looks before ACM has made the ConfigMap that tells it how, it looks again after three minutes. On a real hub
    that passes while the pool installs; here it would be longer than a burst, so it is asked to look at once.

    Raises:
        TimeoutError: it does not come about.
    """

    def reads() -> bool:
        found = cluster.find(*APPLICATION_SET, argocd.NAMESPACE)
        for one in found:
            conditions: list[Manifest] = one.get("status", {}).get("conditions") or []
            if not any(this["type"] == "ParametersGenerated" and this["status"] == "True" for this in conditions):
                wake_generators(cluster)
                return False
        return bool(found)

    cluster.wait_for("Argo CD's generator", reads, 60, interval=1)


def wake_generators(cluster: Cluster) -> None:
    """Let Argo CD's generators look at once; after a failure they would wait for three minutes."""
    for found in cluster.find(*APPLICATION_SET, argocd.NAMESPACE):
        # Any annotation wakes the controller. Its own for that would make it write the object back, as the owner of the
        # generators, and the next `up` on this lab would be refused.
        patch = {"metadata": {"annotations": {"lab.spillway.io/asked": stamp()}}}
        cluster.patch(*APPLICATION_SET, found["metadata"]["name"], patch, argocd.NAMESPACE)


def lab_secrets(folder: Path) -> dict[str, Any]:
    """Return the made-up secrets of a lab, the same ones on every run."""
    path = folder / "secrets.yaml"
    if not path.exists():
        made = {
            "spillway:pullSecret": f'{{"auths": {{"registry.example.com": {{"auth": "{secrets.token_hex(12)}"}}}}}}',
            "spillway:awsCredentials": {
                "accessKeyId": f"AKIA{secrets.token_hex(8).upper()}",
                "secretAccessKey": secrets.token_urlsafe(30),
            },
        }
        write_private(path, yaml.safe_dump(made))
    return yaml.safe_load(path.read_text())


def _pulumi(hub: Hub) -> None:
    stack = PulumiStack(STACK, hub.folder / "pulumi", hub.kubeconfig)
    stack.run("config", "set", "--path", REPOSITORY, hub.repository.url)
    stack.set_secrets(lab_secrets(hub.folder))
    stack.run("up", "--yes", "--skip-preview", told=True)


def _burst(hub: Hub) -> None:
    settings = read_settings(STACK, ROOT)
    burst, pool, workload = settings.bursts[0], settings.pools[0], settings.workload
    cluster, say = hub.cluster, hub.say
    place = (HIVE, "ClusterClaim", pool.place)

    def live() -> Manifest | None:
        return next((claim for claim in cluster.find(*place) if not deleting(claim)), None)

    def states() -> list[str]:
        return [seen.state for seen in clusters(cluster)]

    say("\nBefore the burst:")
    before = Timeline(say)
    await_generator(cluster)
    _scale(cluster, workload.namespace, workload.name, burst.release_at)
    cluster.wait_for("no claim left from before", lambda: not cluster.find(*place), 120)
    cluster.wait_for("a standby cluster", lambda: states() == ["Hibernating"] * pool.size, 120)
    before.add(PLAYED, f"pool {pool.name}: {pool.size} cluster installed, and hibernated")

    say("\nThe burst:")
    timeline = Timeline(say)
    up = burst.claim_at + 1
    _scale(cluster, workload.namespace, workload.name, up)
    timeline.add(REAL, f"the application is scaled to {up} replicas (claimAt is {burst.claim_at})")
    scaled = time.monotonic()
    claim = cluster.wait_for("a claim", live, 30, interval=0.02)
    name = claim["metadata"]["name"]
    timeline.add(REAL, f"Kyverno made the claim {name}, {time.monotonic() - scaled:.2f} s after the scale-up")
    cluster.wait_for(f"{up} pods", lambda: _ready(cluster, workload.namespace, workload.name) == up, 60)
    timeline.add(REAL, f"{up} pods are ready on the hub (nodes by KWOK)")
    running = cluster.wait_for("the claim's cluster running", lambda: _running(live()), 120)
    timeline.add(PLAYED, f"Hive resumed {running} and gave it to the claim; a spare is being installed")
    _delivered(hub, timeline, running, settings)
    hold = burst.release_at + 1
    _scale(cluster, workload.namespace, workload.name, hold)
    timeline.add(REAL, f"the application is scaled to {hold}: above releaseAt ({burst.release_at}), the claim is kept")
    # Longer than the minimum hold and two looks of the release policy.
    kept_until = time.monotonic() + 12
    while time.monotonic() < kept_until:
        found = live()
        if found is None or found["metadata"]["name"] != name:
            raise LabError(f"the claim {name} was released at {hold} replicas, above releaseAt")
        time.sleep(0.5)
    timeline.add(REAL, "still kept after the minimum hold")
    _scale(cluster, workload.namespace, workload.name, burst.release_at)
    timeline.add(REAL, f"the application is scaled to {burst.release_at}: at releaseAt")
    cluster.wait_for("the release", lambda: live() is None, 60, interval=0.05)
    timeline.add(REAL, f"Kyverno released {name}")
    cluster.wait_for(f"{running} removed", lambda: cluster.get(HIVE, "ClusterClaim", name, pool.place) is None, 120)
    timeline.add(PLAYED, f"Hive removed {running} from AWS; the claim is gone")
    cluster.wait_for("nothing left", lambda: not traces(cluster, hub.spokes, running), 60)
    timeline.add(REAL, f"nothing is left of {running}: no ClusterDeployment, ManagedCluster, Application or process")
    left = clusters(cluster)
    timeline.add(PLAYED, f"left: {', '.join(f'{seen.name} {seen.state}' for seen in left)}; leaked: {leaks(cluster)}")


def traces(cluster: Cluster, spokes: Spokes, name: str) -> list[str]:
    """Return what is left of a burst cluster: objects of the hub, and processes."""
    kinds = (
        (HIVE, "ClusterDeployment"),
        ("cluster.open-cluster-management.io/v1", "ManagedCluster"),
        ("argoproj.io/v1alpha1", "Application"),
    )
    found = [f"{kind} {item['metadata']['name']}" for api, kind in kinds for item in cluster.find(api, kind)]
    return [item for item in found if item.endswith(name)] + [
        f"process {process}" for process in spokes.running() if process.startswith(f"{name}/")
    ]


def _delivered(hub: Hub, timeline: Timeline, name: str, settings: Settings) -> None:
    """Wait until the application serves in the burst cluster of the first tier, and show it."""
    workload, replicas = settings.workload, settings.bursts[0].replicas
    credential = credential_name(settings.interconnect, settings.pools[0].name)
    hub.cluster.wait_for("ACM's import", lambda: _secret(hub.cluster, name), 60)
    timeline.add(PLAYED, f"ACM imported {name} and told Argo CD of it")
    place = workload.namespace
    spoke = hub.cluster.wait_for(f"{name}'s API server", lambda: hub.spokes.spoke(name), 60)
    hub.cluster.wait_for("the application's pods", lambda: _ready(spoke, place, workload.name) == replicas, 90)
    timeline.add(REAL, f"Argo CD delivered the application to {name} from this working tree's gitops/{STACK}")
    if not (spoke.get("v1", "Secret", credential, place) or {}).get("data", {}).get("tls.key"):
        raise LabError(f"the credential {place}/{credential} is not on {name}")
    timeline.add(PLAYED, f"Hive had put the link's credential there: Secret {credential}")
    members = hub.cluster.wait_for("the burst cluster's pods in the network", lambda: _joined(hub, place, replicas), 60)
    offered = ", ".join(f"{sum(member.pods.values())} pods at site {member.name}" for member in members)
    timeline.add(PLAYED, f"Skupper's link is up; in the network: {offered}")
    for where, found in (("hub", hub.cluster), (name, spoke)):
        pods = found.find("v1", "Pod", place)
        told = ", ".join(f"{pod['metadata']['name']} {pod['status'].get('phase', '')}" for pod in pods)
        timeline.add(REAL, f"pods on {where}: {told}")
    timeline.add(REAL, f"the lab's processes take {hub.memory() / 2**30:.1f} GiB of memory")


def _joined(hub: Hub, place: str, replicas: int) -> list[Member] | None:
    """Return the hub's network once it has that many pods of other sites."""
    members = network(hub.cluster, place)
    return members if served_elsewhere(members) == replicas else None


def _secret(cluster: Cluster, name: str) -> bool:
    secrets = cluster.find("v1", "Secret", argocd.NAMESPACE, "argocd.argoproj.io/secret-type=cluster")
    return any(found["metadata"]["name"].startswith(f"{name}-") for found in secrets)


def _scale(cluster: Cluster, namespace: str, name: str, replicas: int) -> None:
    patch = {"spec": {"replicas": replicas}}
    cluster.patch("apps/v1", "Deployment", name, patch, namespace, subresource="scale")


def _ready(cluster: Cluster, namespace: str, name: str) -> int:
    deployment = cluster.get("apps/v1", "Deployment", name, namespace) or {}
    return int(deployment.get("status", {}).get("readyReplicas") or 0)


def _running(claim: Manifest | None) -> str | None:
    conditions: list[Manifest] = claim.get("status", {}).get("conditions", []) if claim else []
    up = any(found["type"] == "ClusterRunning" and found["status"] == "True" for found in conditions)
    return claim["spec"]["namespace"] if claim and up else None
