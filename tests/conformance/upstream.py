"""Where the upstream CRDs are: data that is not part of the project."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

CRDS = Path(__file__).parents[3] / "shared" / "crds"

needs_crds = pytest.mark.skipif(
    not CRDS.is_dir(), reason="the upstream CRDs are not part of the project; put them into ../shared/crds"
)


@cache
def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the OpenAPI schema of each (apiVersion, kind) found in the folder."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(CRDS.glob("*.yaml")):
        crd = yaml.load(path.read_text(), yaml.CSafeLoader)
        group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
        for version in crd["spec"]["versions"]:
            found[f"{group}/{version['name']}", kind] = version["schema"]["openAPIV3Schema"]
    return found
