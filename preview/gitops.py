"""Writes what Argo CD delivers to burst clusters: `python -m preview.gitops [--check]`.

`gitops/<stack>/<pool>/` has a file an object, rendered from the stack's config by the components.
"""

import sys
from pathlib import Path

import yaml

from components.burst_workload import burst_manifests, burst_replicas
from preview.recording import ROOT
from preview.stack_settings import hub_stacks, read_settings
from settings import Settings
from settings.generated import only_check

FOLDER = "gitops"
HEADER = "# Rendered from Pulumi.{stack}.yaml by `make gitops`; do not edit.\n"


def rendered(root: Path) -> dict[Path, str]:
    """Return each file of every stack with a hub, by its path below `root`.

    Raises:
        settings.SettingsError: a stack's configuration is wrong.
    """
    files: dict[Path, str] = {}
    for stack in hub_stacks(root):
        files |= stack_files(stack, read_settings(stack, root))
    return files


def stack_files(stack: str, settings: Settings) -> dict[Path, str]:
    """Return each file of a stack, by its path below the project's folder."""
    files: dict[Path, str] = {}
    for pool in settings.pools:
        replicas, skupper = burst_replicas(settings, pool.name), settings.interconnect.version
        for manifest in burst_manifests(settings.workload, replicas, skupper):
            file = Path(FOLDER, stack, pool.name, f"{manifest['kind'].lower()}.yaml")
            files[file] = HEADER.format(stack=stack) + yaml.safe_dump(manifest, sort_keys=False)
    return files


def stale(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Return the files that differ, are missing, or are nobody's."""
    present = {path.relative_to(root) for path in (root / FOLDER).rglob("*") if path.is_file()}
    current = {path for path in present if wanted.get(path) == (root / path).read_text()}
    return sorted((present | set(wanted)) - current)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the files and remove what is not rendered, or with `--check` tell whether they are current."""
    check = only_check("preview.gitops", __doc__, arguments)
    wanted = rendered(root)
    changed = stale(root, wanted)
    for path in changed:
        if check:
            print(f"{path} is stale: run `make gitops`")
        elif path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path])
        else:
            (root / path).unlink()
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
