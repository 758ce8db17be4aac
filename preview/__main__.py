"""Shows what stacks would create: `python -m preview STACK...`; `python -m preview quotas STACK` looks at AWS."""

import argparse
import sys

from preview import quotas
from preview.recording import ROOT, ProgramError, record
from preview.tree import tree


def main(arguments: list[str]) -> int:
    """Print a tree for each stack; return 1 if a stack's configuration is wrong."""
    if arguments[:1] == ["quotas"]:
        return quotas.main(arguments[1:])
    known = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    parser = argparse.ArgumentParser(prog="python -m preview", description=__doc__)
    parser.add_argument("stack", nargs="+", choices=known, help=f"one of {', '.join(known)}")
    failed = False
    for stack in parser.parse_args(arguments).stack:
        try:
            print("\n".join(tree(record(stack))), end="\n\n")
        except ProgramError as error:
            print(f"{stack}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
