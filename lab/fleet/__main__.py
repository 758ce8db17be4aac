"""Runs the simulator until it is stopped: `python -m lab.fleet --kubeconfig FILE --factor N`."""

import argparse
import signal
from pathlib import Path

from lab.fleet.runtime import Fleet

parser = argparse.ArgumentParser(prog="python -m lab.fleet", description=__doc__)
parser.add_argument("--kubeconfig", type=Path, required=True)
parser.add_argument("--factor", type=float, required=True, help="how many times faster than in the real world")
options = parser.parse_args()
print(f"playing OLM, ACM, Hive and Skupper, {options.factor:g} times faster than real", flush=True)
Fleet(options.kubeconfig, options.factor, lambda text: print(text, flush=True)).start()
signal.sigwait({signal.SIGTERM, signal.SIGINT})
