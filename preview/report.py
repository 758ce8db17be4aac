"""A report for a pull request, in GitHub's Markdown."""

from preview.changes import Change, Changes, shown
from preview.diagram import diagram
from preview.evaluation import Evaluation
from preview.guardrails import Verdict
from preview.tree import tree

# By it the workflow finds the comment that it made before.
MARKER = "<!-- spillway-preview -->"


def report(evaluations: list[Evaluation], against: str | None) -> str:
    """Return the report."""
    lines = [MARKER, "# What the stacks would become", ""]
    for evaluation in evaluations:
        lines += [*_stack(evaluation, against), ""]
    return "\n".join(lines).rstrip() + "\n"


def _stack(found: Evaluation, against: str | None) -> list[str]:
    if found.recording is None:
        refusal = "The settings refuse this configuration; nothing would be created."
        return [f"## {found.stack}: refused", "", refusal, "", *_fenced(found.error or "")]
    state = "stopped by its guardrails" if found.failed else "passes"
    lines = [f"## {found.stack}: {state}", ""]
    touched: dict[str, str] = {}
    if against:
        lines += _notes(found, against)
        differences = found.changes
        touched = {**dict.fromkeys(differences.added, "added"), **dict.fromkeys(differences.changed, "changed")}
        lines += [*_changes(differences, against), ""]
    lines += [*_guardrails(found.verdicts), "", *_costs(found, against), ""]
    lines += ["### Components", "", *diagram(found.recording, touched), ""]
    text = tree(found.recording)
    return [*lines, f"<details><summary>{_cell(text[-1])}</summary>", "", *_fenced("\n".join(text)), "", "</details>"]


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
    counts = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed"
    lines = [f"### Changes against `{_cell(against)}`: {counts}"]
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


def _costs(found: Evaluation, against: str | None) -> list[str]:
    after = found.after["costs"]
    before = found.before["costs"] if found.before else None
    header = "| about, US dollars a month | now |" if against else "| about, US dollars a month | |"
    lines = ["### Cost", "", f"{header}{' before |' if before else ''}", f"|---|---|{'---|' if before else ''}"]
    for key, meaning in (("rest", "at rest"), ("burst", "all clusters running all month")):
        lines.append(f"| {meaning} | {after[key]:.0f} |{f' {before[key]:.0f} |' if before else ''}")
    table = found.price_table
    return [*lines, "", f"<sub>Prices of {table['date']}. {_cell(str(table['source']))}</sub>"]
