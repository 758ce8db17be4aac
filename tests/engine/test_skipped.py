"""The layer that needs the Pulumi CLI, its Python host and the Kubernetes provider."""

import shutil

import pytest

PARTS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
missing = [name for name in PARTS if not shutil.which(name)]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not on PATH: {', '.join(missing)}")
