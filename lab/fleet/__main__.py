"""Runs the simulator until it is stopped: `python -m lab.fleet --kubeconfig FILE --factor N`."""

import argparse
import signal
from pathlib import Path

from lab.fleet.runtime import Fleet

ENDING = {signal.SIGTERM, signal.SIGINT}

parser = argparse.ArgumentParser(prog="python -m lab.fleet", description=__doc__)
parser.add_argument("--kubeconfig", type=Path, required=True, help="of the lab's API server")
parser.add_argument("--factor", type=float, default=120, help="how many times faster than in the real world")
options = parser.parse_args()
print(f"playing OLM, ACM, Hive and Skupper, {options.factor:g} times faster than real", flush=True)
# Before the threads begin, which inherit it: the signal is to reach the wait below.
signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
fleet = Fleet(options.kubeconfig, options.factor, lambda text: print(text, flush=True))
fleet.start()
signal.sigwait(ENDING)
fleet.stop()
