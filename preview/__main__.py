"""Shows what stacks would create, and judges it: `python -m preview STACK...`.

`python -m preview quotas STACK` looks at AWS.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from preview import manifests, quotas
from preview.changes import shown
from preview.evaluation import Evaluation, evaluate
from preview.guardrails import pack_config
from preview.recording import ROOT
from preview.report import report
from preview.revision import RevisionError
from preview.tree import tree
from preview.withhold import withhold


def main(arguments: list[str]) -> int:
    """Print a tree and the verdicts for each stack; return 1 if a stack is refused, 2 for wrong arguments."""
    if arguments[:1] == ["quotas"]:
        return quotas.main(arguments[1:])
    options = _parser().parse_args(arguments)
    if options.pack_config:
        if len(options.stack) > 1:
            _parser().error("--pack-config is for one stack")
        print(json.dumps(pack_config(options.stack[0], ROOT), indent=2))
        return 0
    try:
        found = [evaluate(stack, ROOT, options.against) for stack in options.stack]
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
        options.markdown.write_text(report(found, options.against))
    if options.json:
        print(json.dumps([_json(evaluation) for evaluation in found], indent=2))
    else:
        for evaluation in found:
            if evaluation.recording:
                print("\n".join([*tree(evaluation.recording), "", *_verdicts(evaluation)]), end="\n\n")
    return int(any(evaluation.failed for evaluation in found))


def _parser() -> argparse.ArgumentParser:
    known = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    parser = argparse.ArgumentParser(prog="python -m preview", description=__doc__)
    parser.add_argument("stack", nargs="+", choices=known, help=f"one of {', '.join(known)}")
    parser.add_argument("--json", action="store_true", help="print JSON instead")
    parser.add_argument("--manifests", type=Path, metavar="DIR", help="write one YAML file an object to DIR/STACK")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write a report for a pull request")
    parser.add_argument("--against", metavar="REVISION", help="compare with another git revision, in report and JSON")
    parser.add_argument(
        "--pack-config", action="store_true", help="print what `pulumi preview --policy-pack-config` takes, and stop"
    )
    return parser


def _verdicts(evaluation: Evaluation) -> list[str]:
    applying = [verdict for verdict in evaluation.verdicts if verdict.applies]
    kept = sum(not verdict.findings for verdict in applying)
    lines = [f"guardrails: {kept} of {len(applying)} that apply are kept"]
    for verdict in applying:
        rule = verdict.rule
        state = "ok" if not verdict.findings else f"{verdict.level}, {rule.severity}"
        lines.append(f"  {rule.subject}/{rule.name}: {state}")
        lines += [f"    {kind} {name}: {message}" for kind, name, message in verdict.findings]
        lines += [f"    why: {rule.why}", f"    mend: {rule.remedy}", f"    {rule.url}"] if verdict.findings else []
    rest, burst = (evaluation.after["costs"][key] for key in ("rest", "burst"))
    return [*lines, f"cost: about ${rest:.0f} a month at rest, ${burst:.0f} with all clusters running all month"]


def _json(evaluation: Evaluation) -> dict[str, Any]:
    if evaluation.recording is None:
        return {"stack": evaluation.stack, "failed": True, "error": evaluation.error}
    differences = evaluation.changes
    changed = {
        key: [{"path": value.path, "before": shown(value.before), "after": shown(value.after)} for value in values]
        for key, values in differences.changed.items()
    }
    return {
        "stack": evaluation.stack,
        "failed": evaluation.failed,
        "objects": [
            {"type": found.type, "name": found.name, "metadata": withhold(found.inputs.get("metadata", {}))}
            for found in evaluation.recording.registrations
            if found.custom
        ],
        "guardrails": [
            {
                "rule": verdict.rule.name,
                "subject": verdict.rule.subject,
                "severity": verdict.rule.severity,
                "level": verdict.level,
                "applies": verdict.applies,
                "findings": [{"kind": kind, "name": name, "message": text} for kind, name, text in verdict.findings],
            }
            for verdict in evaluation.verdicts
        ],
        "costs": evaluation.after["costs"],
        "changes": {"added": differences.added, "changed": changed, "removed": differences.removed},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
