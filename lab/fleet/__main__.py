"""Runs a simulator until it is stopped.

`python -m lab.fleet --kubeconfig FILE --factor N`, with `--spokes FOLDER` for a hub or `--mesh CONTEXT ...` for a mesh.
"""

import argparse
import signal
from pathlib import Path

from lab.binaries import ensure
from lab.fleet.mesh import MeshFleet
from lab.fleet.runtime import Fleet
from lab.spokes import Spokes
from lab.terminal import say

ENDING = {signal.SIGTERM, signal.SIGINT}


parser = argparse.ArgumentParser(prog="python -m lab.fleet", description=__doc__)
parser.add_argument("--kubeconfig", type=Path, required=True, help="of the lab's API server, or of the mesh's")
parser.add_argument("--factor", type=float, default=120, help="how many times faster than in the real world")
what = parser.add_mutually_exclusive_group(required=True)
what.add_argument("--spokes", type=Path, help="play a hub; the lab's folder, where the pools' clusters are kept")
what.add_argument("--mesh", nargs="+", metavar="CONTEXT", help="play Skupper and MetalLB in these clusters")
parser.add_argument("--tied", action="store_true", help="let the pools' clusters end with the simulator")
options = parser.parse_args()

played = "Skupper and MetalLB" if options.mesh else "OLM, ACM, Hive and Skupper"
say(f"playing {played}, {options.factor:g} times faster than real")
# Before the threads begin, which inherit it: the signal is to reach the wait below.
signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
if options.mesh:
    fleet = MeshFleet(options.kubeconfig, options.mesh, options.factor, say)
else:
    spokes = Spokes(options.spokes, ensure(say), tied=options.tied, say=say)
    fleet = Fleet(options.kubeconfig, options.factor, say, spokes=spokes.spoke, settle=spokes.settle)
fleet.start()
signal.sigwait(ENDING)
fleet.stop()
