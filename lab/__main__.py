"""The laptop lab: `python -m lab build | up | down | status | demo`."""

import argparse
import sys
from pathlib import Path

from lab.binaries import LabError, ensure
from lab.demo import demo
from lab.hub import Hub
from preview.recording import ROOT


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """Run a command of the lab; return 1 when it fails, with a message that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("command", choices=("build", "up", "down", "status", "demo"))
    parser.add_argument("--state", type=Path, default=ROOT / ".lab", help="the lab's folder (default: .lab)")
    parser.add_argument("--crds", type=Path, help="a folder with upstream CRDs to take instead of the stand-ins")
    options = parser.parse_args(arguments)
    hub = Hub(options.state, say, crds=options.crds)
    try:
        if options.command == "build":
            ensure(say)
        elif options.command == "up":
            hub.start()
            say(hub.how_to_use())
        elif options.command == "down":
            hub.remove()
        elif options.command == "status":
            for name, pid in hub.running().items():
                say(f"{name:30} {pid or 'not running'}")
        else:
            demo(hub)
    except LabError as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped; run the same command again to go on, or `make down` to stop the lab")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
