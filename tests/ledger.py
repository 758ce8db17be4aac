"""Runs every check and every layer of tests, and prints where the time went.

All steps run, whatever fails, so that one run shows everything that is wrong. The exit code is 1 if a step failed.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORKFLOWS = ".github/workflows"
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(f"{WORKFLOWS}/*.yml"))


@dataclass(frozen=True)
class Step:
    """A command, run with this interpreter's `-m`, or a program beside it; `quick` ones need no control plane."""

    name: str
    command: tuple[str, ...]
    quick: bool = False
    module: bool = True

    @property
    def words(self) -> list[str]:
        """What is run."""
        program, *arguments = self.command
        if self.module:
            return [sys.executable, "-m", *self.command]
        return [str(Path(sys.executable).parent / program), *arguments]


# Each on a lab of its own, as what other tests left in a lab has failed them; all others share one.
LABS = {
    "delivery": ("tests/lab/test_argocd.py", "tests/lab/test_burst_network.py", "tests/lab/test_spokes.py"),
    "trigger": ("tests/lab/test_article_trigger.py", "tests/lab/test_trigger.py"),
    "direct engine": ("tests/lab/test_engine.py",),
    "sequences": ("tests/lab/test_sequences.py",),
    "mesh": tuple(sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/lab/test_mesh*.py"))),
    "weights": ("tests/lab/test_weights.py", "tests/lab/test_weights_kept.py"),
}
APART = tuple(f"--ignore={path}" for paths in LABS.values() for path in paths)

STEPS = (
    Step("lint", ("ruff", "check", "."), quick=True),
    Step("format", ("ruff", "format", "--check", "."), quick=True),
    Step("types", ("basedpyright",), quick=True),
    Step("configuration reference", ("settings.schema", "--check"), quick=True),
    Step("guardrails reference", ("preview.reference", "--check"), quick=True),
    Step("example reports", ("preview.examples", "--check"), quick=True),
    Step("rendered gitops", ("preview.gitops", "--check"), quick=True),
    Step("workflows", ("zizmor", "--offline", "--quiet", WORKFLOWS), quick=True, module=False),
    Step(
        "workflows' schema",
        ("check_jsonschema", "--builtin-schema", "vendor.github-workflows", *FILES),
        quick=True,
    ),
    Step("unit", ("pytest", "tests/unit"), quick=True),
    Step("contract", ("pytest", "tests/contract"), quick=True),
    Step("shipped stacks", ("pytest", "tests/shipped"), quick=True),
    Step("policies", ("pytest", "tests/policies"), quick=True),
    Step("lab binaries", ("lab", "build")),
    Step("conformance", ("pytest", "tests/conformance")),
    Step("lab: fleet", ("pytest", "tests/lab", *APART)),
    *(Step(f"lab: {name}", ("pytest", *paths)) for name, paths in LABS.items()),
    Step("engine", ("pytest", "tests/engine")),
)


def main(arguments: list[str]) -> int:
    """Run the steps (`--quick`: those that need no control plane) and print the ledger."""
    parser = argparse.ArgumentParser(prog="python -m tests.ledger", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only what needs no control plane")
    quick = parser.parse_args(arguments).quick
    rows: list[tuple[str, float, bool]] = []
    for step in STEPS:
        if quick and not step.quick:
            continue
        print(f"\n== {step.name}: {' '.join(step.command)}", flush=True)
        begin = time.monotonic()
        code = subprocess.run(step.words, cwd=ROOT, check=False).returncode
        rows.append((step.name, time.monotonic() - begin, code == 0))
    print("\n== ledger")
    for name, seconds, passed in rows:
        print(f"{seconds:8.1f} s  {'ok' if passed else 'FAILED':6}  {name}")
    print(f"{sum(row[1] for row in rows):8.1f} s  in all")
    return 0 if all(row[2] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
