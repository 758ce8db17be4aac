"""Verdicts, cost and changes of a stack as lines for a terminal."""

from collections.abc import Iterator

from preview.changes import shown
from preview.evaluation import Evaluation


def lines(evaluation: Evaluation) -> list[str]:
    """Return the lines that come after the tree."""
    return [*_verdicts(evaluation), *_cost(evaluation), *_changes(evaluation)]


def _verdicts(evaluation: Evaluation) -> Iterator[str]:
    applying = [verdict for verdict in evaluation.verdicts if verdict.applies]
    kept = sum(not verdict.findings for verdict in applying)
    yield f"guardrails: {kept} of {len(applying)} that apply are kept"
    for verdict in applying:
        rule = verdict.rule
        state = "ok" if not verdict.findings else f"{verdict.level}, {rule.severity}"
        yield f"  {rule.subject}/{rule.name}: {state}"
        yield from (f"    {kind} {name}: {message}" for kind, name, message in verdict.findings)
        if verdict.findings:
            yield from (f"    why: {rule.why}", f"    mend: {rule.remedy}", f"    {rule.url}")


def _cost(evaluation: Evaluation) -> Iterator[str]:
    costs = evaluation.after["costs"]
    if costs["pools"]:
        rest, burst = costs["rest"], costs["burst"]
        yield f"cost: about ${rest:.0f} a month at rest, ${burst:.0f} with all clusters running all month"


def _changes(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.against:
        return
    found = evaluation.changes
    yield f"changes against {evaluation.against}: {found.counted}"
    yield from (f"  + {key}" for key in found.added)
    for key, values in found.changed.items():
        yield from (f"  ~ {key}: {value.path}: {shown(value.before)} -> {shown(value.after)}" for value in values)
    yield from (f"  - {key}" for key in found.removed)
