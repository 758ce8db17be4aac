"""A report for a pull request, in GitHub's Markdown."""

from preview.changes import Change, Changes, shown
from preview.diagram import diagram
from preview.evaluation import Evaluation
from preview.guardrails import Verdict
from preview.tree import counted, tree

# By it the workflow finds the comment that it made before.
MARKER = "<!-- spillway-preview -->"
# GitHub takes 65536 characters in a comment, and the workflow adds a line.
LIMIT = 60_000
# Room for the line that says what is left out.
NOTE = 500


def report(evaluations: list[Evaluation], limit: int = LIMIT) -> str:
    """Return the report; where it would be too long for a comment, without trees, and then without the last stacks."""
    head = f"{MARKER}\n# What the stacks would become\n"
    parts = [_stack(evaluation, with_tree=True) for evaluation in evaluations]
    if _length(head, parts) > limit:
        parts = [_stack(evaluation, with_tree=False) for evaluation in evaluations]
    while parts and _length(head, parts) > limit:
        parts.pop()
    left = [evaluation.stack for evaluation in evaluations[len(parts) :]]
    note = (
        f"\nToo long for a comment, and left out: {', '.join(left)}. Run `.venv/bin/python -m preview`.\n"
        if left
        else ""
    )
    return "\n".join([head, *parts]) + note


def _length(head: str, parts: list[str]) -> int:
    return len(head) + sum(len(part) + 1 for part in parts) + NOTE


def _stack(found: Evaluation, *, with_tree: bool) -> str:
    if found.recording is None:
        refusal = "The settings refuse this configuration; nothing would be created."
        lines = [f"## {found.stack}: refused", "", refusal, "", *_fenced(found.error or "")]
        return "\n".join(lines) + "\n"
    state = "stopped by its guardrails" if found.failed else "passes"
    lines = [f"## {found.stack}: {state}", ""]
    touched: dict[str, str] = {}
    if found.against:
        lines += _notes(found, found.against)
        differences = found.changes
        touched = {**dict.fromkeys(differences.added, "added"), **dict.fromkeys(differences.changed, "changed")}
        lines += [*_changes(differences, found.against), ""]
    lines += [*_guardrails(found.verdicts), "", *_costs(found)]
    lines += ["### Components", "", *diagram(found.recording, touched), ""]
    text = tree(found.recording)
    if with_tree:
        summary = counted(found.recording)
        lines += [f"<details><summary>{_cell(summary)}</summary>", "", *_fenced("\n".join(text)), "", "</details>", ""]
    return "\n".join(lines)


def _notes(found: Evaluation, against: str) -> list[str]:
    if found.before:
        return []
    return [f"`{_cell(against)}` has no stack `{found.stack}` that can be evaluated: all of it is new.", ""]


def _fenced(text: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}text", text, fence]


def _cell(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return escaped.replace("\n", " ").replace("`", "'")


def _changes(found: Changes, against: str) -> list[str]:
    lines = [f"### Changes against `{_cell(against)}`: {found.counted}"]
    if not found.any:
        return lines
    lines += ["", "| | object | value | before | after |", "|---|---|---|---|---|"]
    lines += [f"| + | {_object(key)} | | | |" for key in found.added]
    for key, values in found.changed.items():
        lines += [_changed(key, value) for value in values]
    return lines + [f"| - | {_object(key)} | | | |" for key in found.removed]


def _object(key: str) -> str:
    type_, _, name = key.partition(" ")
    return f"{type_.rpartition(':')[2]} `{_cell(name)}`"


def _changed(key: str, value: Change) -> str:
    return (
        f"| ~ | {_object(key)} | `{_cell(value.path)}` | {_cell(shown(value.before))} | {_cell(shown(value.after))} |"
    )


def _guardrails(verdicts: list[Verdict]) -> list[str]:
    broken = [verdict for verdict in verdicts if verdict.findings]
    applying = [verdict for verdict in verdicts if verdict.applies]
    lines = [f"### Guardrails: {len(applying) - len(broken)} of {len(applying)} that apply are kept"]
    if not broken:
        return lines
    lines += ["", "| rule | severity | where | what | why | mend |", "|---|---|---|---|---|---|"]
    for verdict in broken:
        rule = verdict.rule
        level = "" if verdict.level == "mandatory" else f", {verdict.level}"
        for kind, name, message in verdict.findings:
            cells = (f"[{rule.name}]({rule.url})", f"{rule.severity}{level}", f"{kind} `{_cell(name)}`")
            lines.append(f"| {' | '.join((*cells, _cell(message), _cell(rule.why), _cell(rule.remedy)))} |")
    return lines


def _costs(found: Evaluation) -> list[str]:
    after = found.after["costs"]
    before = found.before["costs"] if found.before else None
    if not after["pools"] and not (before and before["pools"]):
        return []
    columns = [("before", before), ("now", after)] if before else [("now", after)]
    lines = ["### Cost", "", f"| about, US dollars a month | {' | '.join(name for name, _ in columns)} |"]
    lines.append(f"|---|{'---|' * len(columns)}")
    for key, meaning in (("rest", "at rest"), ("burst", "all clusters running all month")):
        lines.append(f"| {meaning} | {' | '.join(f'{figures[key]:.0f}' for _, figures in columns)} |")
    table = found.price_table
    return [*lines, "", f"<sub>Prices of {table['date']}. {_cell(str(table['note']))}</sub>", ""]
