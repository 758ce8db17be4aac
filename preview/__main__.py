"""Shows what stacks would create, and judges it: `python -m preview STACK...`.

`python -m preview quotas STACK` looks at AWS.
"""

import argparse
import json
import sys
from pathlib import Path

from preview import manifests, quotas
from preview.as_json import as_json
from preview.evaluation import evaluate
from preview.guardrails import pack_config
from preview.recording import ROOT
from preview.report import report
from preview.revision import RevisionError
from preview.stack_file import stacks
from preview.text import lines
from preview.tree import tree
from settings import SettingsError


def main(arguments: list[str]) -> int:
    """Print a tree and the verdicts for each stack; return 1 if a stack is refused, 2 for wrong arguments."""
    if arguments[:1] == ["quotas"]:
        return quotas.main(arguments[1:])
    parser, known = _parser()
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.stack) - set(known))
    if unknown:
        parser.error(f"there is no stack {', '.join(unknown)}; known are {', '.join(known)}")
    if options.pack_config:
        return _pack_config(parser, options.stack)
    try:
        found = [evaluate(stack, ROOT, options.against) for stack in options.stack or known]
    except RevisionError as error:
        print(error, file=sys.stderr)
        return 2
    for evaluation in found:
        if evaluation.recording is None:
            print(f"{evaluation.stack}: {evaluation.error}", file=sys.stderr)
        elif options.manifests:
            folder = options.manifests / evaluation.stack
            print(f"{manifests.write(evaluation.recording, folder)} files in {folder}", file=sys.stderr)
    if options.markdown:
        options.markdown.write_text(report(found))
    if options.json:
        print(json.dumps([as_json(evaluation) for evaluation in found], indent=2))
    else:
        for evaluation in found:
            if evaluation.recording:
                print("\n".join([*tree(evaluation.recording), "", *lines(evaluation)]), end="\n\n")
    return int(any(evaluation.failed for evaluation in found))


def _pack_config(parser: argparse.ArgumentParser, names: list[str]) -> int:
    if len(names) != 1:
        parser.error("--pack-config is for one stack")
    try:
        print(json.dumps(pack_config(names[0], ROOT), indent=2))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> tuple[argparse.ArgumentParser, list[str]]:
    known = stacks(ROOT)
    parser = argparse.ArgumentParser(prog="python -m preview", description=__doc__)
    parser.add_argument("stack", nargs="*", help=f"of {', '.join(known)}; default: all")
    parser.add_argument("--json", action="store_true", help="print JSON instead")
    parser.add_argument("--manifests", type=Path, metavar="DIR", help="write one YAML file an object to DIR/STACK")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a report for a pull request")
    parser.add_argument("--against", metavar="REVISION", help="tell what differs from another git revision")
    parser.add_argument(
        "--pack-config", action="store_true", help="print what `pulumi preview --policy-pack-config` takes, and stop"
    )
    return parser, known


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
