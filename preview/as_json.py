"""What is known of a stack as JSON, for other programs."""

from typing import Any

from preview.changes import Changes, shown
from preview.evaluation import Evaluation
from preview.withhold import withhold


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return objects, verdicts, costs and, against another revision, changes; or why the stack is refused."""
    if evaluation.recording is None:
        return {"stack": evaluation.stack, "failed": True, "error": evaluation.error}
    answer = {
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
    }
    return {**answer, "changes": _changes(evaluation.changes)} if evaluation.against else answer


def _changes(found: Changes) -> dict[str, Any]:
    changed = {
        key: [{"path": value.path, "before": shown(value.before), "after": shown(value.after)} for value in values]
        for key, values in found.changed.items()
    }
    return {"added": found.added, "changed": changed, "removed": found.removed}
