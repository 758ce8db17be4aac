"""The mesh stack on its lab: the network comes up, and goes through the article's four scenarios."""

import json
import time
from collections.abc import Mapping
from typing import Any

from lab import engine
from lab.binaries import LabError
from lab.fleet.observe_mesh import SeenSite, sites
from lab.mesh import PLAYED, STACK, MeshLab
from lab.mesh_scenarios import SCENARIOS, Scenario, changes_up_to, commands
from lab.pulumi_cli import PulumiStack, missing_parts
from preview.recording import record
from preview.tree import tree

# The played parts run this much faster: a site of thirty seconds takes a third of one.
FACTOR = 100


def demo(lab: MeshLab) -> None:
    """Show the stack, start the lab, bring the stack up, and carry it through the scenarios.

    Raises:
        LabError: a step did not come about in time.
    """
    say, begin = lab.say, time.monotonic()
    say("What the stack will create (evaluated without an engine):\n")
    say("\n".join(tree(record(STACK, overrides=PLAYED))))
    say("\nThe lab's programs (built once, then kept):")
    lab.start()
    say(f"Three control planes are up after {time.monotonic() - begin:.0f} s.")
    lab.play(FACTOR)
    say(f"Skupper and MetalLB are played, {FACTOR} times faster than real; no traffic flows. So the lab changes:")
    for path, value in PLAYED.items():
        say(f"  {path}: {json.dumps(value)}")
    try:
        for number, scenario in enumerate(SCENARIOS, 1):
            say(f"\nScenario {scenario.title}:")
            for command in commands(scenario):
                say(f"  {command}")
            bring_up(lab, changes_up_to(number), quiet=number > 1)
            _show(lab, scenario)
    except TimeoutError as error:
        raise LabError(f"{error}. The logs are in {lab.folder / 'logs'}; `make demo-mesh` goes on from here.") from None
    say(f"\nDone in {time.monotonic() - begin:.0f} s. The lab keeps running.\n")
    say(lab.how_to_use())


def bring_up(lab: MeshLab, changes: Mapping[str, Any], *, quiet: bool = False) -> None:
    """Bring the stack up: with the Pulumi CLI where it is on PATH, else with the lab's direct engine."""
    config = {**PLAYED, **changes}
    if missing := missing_parts():
        if not quiet:
            lab.say(f"  (not on PATH: {', '.join(missing)}; the lab's direct engine applies the same program)")
        result = engine.up(
            STACK,
            lab.kubeconfig,
            lab.folder,
            say=(lambda _: None) if quiet else lab.say,
            overrides={**config, "spillway:mesh.protect": False},
        )
        if quiet:
            for outcome in ("created", "updated", "deleted"):
                for entry in getattr(result, outcome):
                    lab.say(f"  {outcome:9} {entry}")
            lab.say(f"  unchanged {len(result.unchanged)}")
        return
    stack = PulumiStack(STACK, lab.folder / "pulumi", lab.kubeconfig)
    for path, value in config.items():
        stack.run("config", "set", "--path", path, value if isinstance(value, str) else json.dumps(value))
    stack.run("up", "--yes", "--skip-preview", "--continue-on-error", told=True)


def _show(lab: MeshLab, scenario: Scenario) -> None:
    """Wait until the routers are as the scenario says, and print how they are."""
    name, namespace = lab.settings.application.name, lab.settings.namespace
    clusters = {cluster.name: lab.cluster(cluster.context) for cluster in lab.settings.clusters}

    def seen() -> dict[str, SeenSite] | None:
        found = sites(clusters, FACTOR)
        pods = tuple(found[c].pods.get(name, 0) if c in found else None for c in ("c2", "c3"))
        links = tuple(found[c].links[0] if c in found and len(found[c].links) == 1 else None for c in ("c2", "c3"))
        up = all(link and link.to == "c1" for link in links)
        as_wanted = up and (pods, tuple(link.cost for link in links if link)) == (scenario.pods, scenario.costs)
        return found if as_wanted and name in found["c1"].services else None

    found = clusters["c1"].wait_for(f"scenario {scenario.title}", seen, 60, interval=0.3)
    port = found["c1"].services[name]
    lab.say(f"  c1  has Service {namespace}/{name}, port {port}; its network: {', '.join(found['c1'].network)}")
    for cluster in ("c2", "c3"):
        site = found[cluster]
        lab.say(f"  {cluster}  pods: {site.pods.get(name, 0)}  link to {site.links[0].to}, cost {site.links[0].cost}")
    lab.say(f"  to expect: {scenario.expect}")
