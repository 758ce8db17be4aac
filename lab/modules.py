"""Where the manifests of a program of the lab come from: its own module, as Go's module cache has it."""

import json
import subprocess
from pathlib import Path

from lab.binaries import TOOLS, LabError


def module_folder(tool: str, module: str) -> Path:
    """Return a module's folder in Go's module cache, downloading it if it is not there.

    Args:
        tool: the folder under `lab/tools` whose `go.mod` pins the version.
        module: the module's path.

    Raises:
        LabError: it cannot be downloaded.
    """
    command = ["go", "mod", "download", "-json", module]
    shown = subprocess.run(command, cwd=TOOLS / tool, capture_output=True, text=True, check=False)
    if shown.returncode:
        raise LabError(f"{module}, which holds its own manifests, cannot be downloaded: {shown.stderr.strip()}")
    return Path(json.loads(shown.stdout)["Dir"])
