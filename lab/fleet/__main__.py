"""Runs the simulator until it is stopped: `python -m lab.fleet --kubeconfig FILE --factor N --spokes FOLDER`."""

import argparse
import signal
from pathlib import Path

from lab.binaries import ensure
from lab.fleet.runtime import Fleet
from lab.spokes import Spokes

ENDING = {signal.SIGTERM, signal.SIGINT}

parser = argparse.ArgumentParser(prog="python -m lab.fleet", description=__doc__)
parser.add_argument("--kubeconfig", type=Path, required=True, help="of the lab's API server")
parser.add_argument("--factor", type=float, default=120, help="how many times faster than in the real world")
parser.add_argument("--spokes", type=Path, required=True, help="the lab's folder, where the pools' clusters are kept")
parser.add_argument("--tied", action="store_true", help="let those clusters end with the simulator")
options = parser.parse_args()


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


say(f"playing OLM, ACM, Hive and Skupper, {options.factor:g} times faster than real")
# Before the threads begin, which inherit it: the signal is to reach the wait below.
signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
spokes = Spokes(options.spokes, ensure(say), tied=options.tied, say=say)
fleet = Fleet(options.kubeconfig, options.factor, say, spokes=spokes.spoke, settle=spokes.settle)
fleet.start()
signal.sigwait(ENDING)
fleet.stop()
spokes.wait()
