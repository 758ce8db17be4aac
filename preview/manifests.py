"""The objects of a stack as YAML files."""

from pathlib import Path
from typing import Any

import yaml

from preview.recording import Recording
from preview.registration import Registration
from preview.withhold import withhold


def manifests(recording: Recording) -> dict[str, str]:
    """Return file names and their text: one for each Kubernetes object, secrets withheld.

    A name is `<kind>-<namespace>-<name>.yaml`, with the logical name of the resource where two would be the same. What
    is no object (Helm releases, AWS) is written as the inputs that its provider gets.
    """
    files: dict[str, str] = {}
    for found in recording.registrations:
        if found.custom and not found.type.startswith("pulumi:providers:"):
            name = _name(found)
            name = name if name not in files else f"{name}-{found.name}"
            files[name] = yaml.safe_dump(withhold(found.inputs), sort_keys=False, width=120)
    return {f"{name}.yaml": text for name, text in sorted(files.items())}


def write(recording: Recording, folder: Path) -> int:
    """Write the files to a folder and return how many; those of objects that are gone are removed."""
    files = manifests(recording)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)
    return len(files)


def _name(found: Registration) -> str:
    metadata: dict[str, Any] = found.inputs.get("metadata", {})
    parts = [found.type.rpartition(":")[2], metadata.get("namespace"), metadata.get("name") or found.name]
    return "-".join(str(part) for part in parts if part).lower().replace(":", "-").replace("/", "-")
