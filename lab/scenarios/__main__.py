"""Plays scenarios on the lab: `python -m lab.scenarios NAME... | all | list`."""

import argparse
import sys
import time
from pathlib import Path

from drain.hub import Hub as DrainHub
from drain.steps import resume
from lab import engine
from lab.binaries import LabError
from lab.demo import FACTOR, REPOSITORY, STACK, await_generator, lab_secrets
from lab.hub import Hub
from lab.scenarios.catalogue import SCENARIOS, Scenario
from lab.scenarios.run import Run
from lab.terminal import say
from preview.gitops import stack_files
from preview.recording import ROOT, ProgramError
from preview.stack_settings import read_settings
from settings import SettingsError


def main(arguments: list[str]) -> int:
    """Play; return 1 when a scenario did not come out as it must."""
    parser = argparse.ArgumentParser(prog="python -m lab.scenarios", description=__doc__)
    parser.add_argument("names", nargs="+", choices=(*SCENARIOS, "all", "list"), metavar="NAME")
    parser.add_argument("--state", type=Path, default=ROOT / ".lab" / "scenarios", help="folder of their own lab")
    parser.add_argument("--pictures", type=Path, default=ROOT / ".lab" / "pictures", help="folder for the pictures")
    options = parser.parse_args(arguments)
    if "list" in options.names:
        for name, scenario in SCENARIOS.items():
            say(f"{name:14} {scenario.title}")
        return 0
    names: list[str] = list(SCENARIOS) if "all" in options.names else options.names
    hub = Hub(options.state, say)
    failed: list[str] = []
    try:
        hub.start()
        hub.play(FACTOR)
        for name in names:
            picture = options.pictures / f"{name}.svg"
            try:
                play(hub, SCENARIOS[name], picture)
            except (LabError, ProgramError, SettingsError, TimeoutError) as error:
                say(f"  {name} FAILED: {error}")
                failed.append(name)
            say(f"  picture: {picture}")
    except (LabError, TimeoutError) as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped; removing the scenarios' lab")
        return 130
    finally:
        hub.remove()
    told = f"; failed: {', '.join(failed)}" if failed else ""
    say(f"\n{len(names) - len(failed)} of {len(names)} as they must be{told}")
    return int(bool(failed))


def play(hub: Hub, scenario: Scenario, picture: Path) -> None:
    """Bring the stack up as the scenario needs it, play it, and draw the picture even if it fails.

    Raises:
        LabError: it did not come out as it must.
    """
    say(f"\n== {scenario.title}: {scenario.play.__doc__}")
    begin = time.monotonic()
    changes: dict[str, object] = {REPOSITORY: hub.repository.url, **scenario.changes}
    settings = read_settings(STACK, ROOT, changes)
    # What `make gitops` would write for these settings; a scenario may have pools of its own.
    hub.repository.publish_files(stack_files(STACK, settings), f"gitops/{STACK}")
    places = [pool.place for pool in settings.pools]
    resume(DrainHub("lab", str(hub.kubeconfig)), places, say=lambda _: None)
    engine.up(STACK, hub.kubeconfig, hub.folder, say=lambda _: None, overrides=changes, secrets=lab_secrets(hub.folder))
    await_generator(hub.cluster)
    run = Run(hub, settings)
    run.begin()
    try:
        run.wait("standby cluster", run.idle, 180)
        say(f"  the stack is up and its pool filled after {time.monotonic() - begin:.0f} s")
        run.reset()
        scenario.play(run)
        say(f"  as it must be; the lab takes {hub.memory() / 2**30:.1f} GiB")
    finally:
        run.end()
        run.draw(scenario.title, picture)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
