"""Writes the reports of three pull requests to `docs/examples`: `python -m preview.examples [--check]`.

Each is the report that the workflow would post for one change of this repository's own files.
"""

import dataclasses
import difflib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from preview.evaluation import evaluate
from preview.recording import ROOT, record
from preview.report import report
from preview.snapshot import snapshot
from settings.generated import only_check

FOLDER = ROOT / "docs" / "examples"
BASE = "main"
HEADER = """# Reports of three pull requests

What `.venv/bin/python -m preview STACK --against main --markdown FILE` writes, and the workflow posts. Written by
`make docs`; do not edit.
"""


@dataclass(frozen=True)
class Example:
    """A change of one file: `text` takes the place of `old`."""

    name: str
    about: str
    stack: str
    file: str
    old: str
    text: str


NEW_POOL = """    - name: burst-west
      region: us-west-2
      zones: [us-west-2a]
      baseDomain: burst.example.com
      releaseImage: quay.io/openshift-release-dev/ocp-release:4.18.20-x86_64
      size: 1
      maxSize: 2
      networks: { machine: 10.18.0.0/16, disjoint: true }
      tags: { environment: prod, cost-center: burst }
      credentialsMode: Passthrough
      credentials: { source: identity }
      protect: true
"""
# It has the form of a key only. In two parts, and cut in the index, so that no scanner finds a key here.
TOKEN = "ghp_" + "example" * 6
PLANTED = f"""
pulumi_kubernetes.core.v1.Secret(
    "registry", metadata={{"name": "registry", "namespace": "aws"}}, string_data={{"token": "{TOKEN}"}}
)
"""
EXAMPLES = (
    Example(
        "removes-max-size",
        "The cap on a pool's clusters is removed. The settings refuse that before any rule is asked.",
        "dev", "Pulumi.dev.yaml", "      maxSize: 2\n", "",
    ),
    Example(
        "adds-a-region",
        "A third pool, in a region that the stack's guardrails allow. It passes, and the reviewer sees what it costs.",
        "prod", "Pulumi.prod.yaml", "  spillway:workload:\n", NEW_POOL + "  spillway:workload:\n",
    ),
    Example(
        "plants-a-key",
        "A token in the program's text, in a Secret. It is in git from the moment it was pushed.",
        "dev", "__main__.py", "import pulumi\n", f"import pulumi\nimport pulumi_kubernetes\n{PLANTED}",
    ),
)  # fmt: skip


def rendered() -> dict[Path, str]:
    """Return each file below `docs/examples` and its text."""
    files = {Path(f"{example.name}.md"): _report(example) for example in EXAMPLES}
    index = [HEADER]
    for example in EXAMPLES:
        before = (ROOT / example.file).read_text()
        diff = difflib.unified_diff(
            before.splitlines(), _changed(example, before).splitlines(), example.file, example.file, lineterm="", n=1
        )
        index += [
            f"## [{example.name}]({example.name}.md)",
            "",
            example.about,
            "",
            "```diff",
            *(line.replace(TOKEN, "ghp_...") for line in diff),
            "```",
            "",
        ]
    return {Path("README.md"): "\n".join(index), **files}


def _changed(example: Example, text: str) -> str:
    if example.old not in text:
        raise ValueError(f"{example.file} no longer has what example {example.name} changes: {example.old!r}")
    return text.replace(example.old, example.text, 1)


def _report(example: Example) -> str:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file in ("__main__.py", f"Pulumi.{example.stack}.yaml"):
            shutil.copy(ROOT / file, root)
        changed = root / example.file
        changed.write_text(_changed(example, changed.read_text()))
        after = evaluate(example.stack, root)
    before = snapshot(record(example.stack))
    return report([dataclasses.replace(after, against=BASE, before=before)])


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` tell whether they are current."""
    check = only_check("preview.examples", __doc__, arguments)
    wanted = rendered()
    stale = [
        path for path, text in wanted.items() if not (FOLDER / path).exists() or (FOLDER / path).read_text() != text
    ]
    for path in stale:
        if check:
            print(f"docs/examples/{path} is stale: run `make docs`")
        else:
            (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
            (FOLDER / path).write_text(wanted[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
