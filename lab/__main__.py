"""The laptop lab: `python -m lab build | up | down | status | demo | demo-mesh`."""

import argparse
import sys
from pathlib import Path

from lab.binaries import LabError, ensure
from lab.demo import demo
from lab.demo_mesh import demo as demo_mesh
from lab.hub import Hub
from lab.mesh import MeshLab
from lab.terminal import say
from preview.recording import ROOT, ProgramError
from settings import SettingsError


def main(arguments: list[str]) -> int:
    """Run a command of the lab; return 1 when it fails, with a message that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("command", choices=("build", "up", "down", "status", "demo", "demo-mesh"))
    parser.add_argument(
        "--state", type=Path, default=ROOT / ".lab", help="the lab's folder (default: .lab); the mesh's is beside it"
    )
    parser.add_argument("--crds", type=Path, help="a folder with upstream CRDs to take instead of the stand-ins")
    options = parser.parse_args(arguments)
    hub = Hub(options.state, say, crds=options.crds)
    mesh = MeshLab(options.state.with_name(f"{options.state.name}-mesh"), say, crds=options.crds)
    try:
        if options.command == "build":
            ensure(say)
        elif options.command == "up":
            hub.start()
            say(hub.how_to_use())
        elif options.command == "down":
            for lab in (hub, mesh):
                if lab.folder.exists():
                    lab.remove()
        elif options.command == "status":
            for lab in (hub, mesh):
                for name, pid in lab.running().items() if lab.folder.exists() else ():
                    say(f"{lab.folder.name}/{name:40} {pid or 'not running'}")
        elif options.command == "demo-mesh":
            demo_mesh(mesh)
        else:
            demo(hub)
    except (LabError, ProgramError, SettingsError, TimeoutError) as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped; run the same command again to go on, or `make down` to stop the lab")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
