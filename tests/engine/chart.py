"""Kyverno's Helm chart from Go's module cache, so that no chart repository is asked."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from lab.modules import module_folder


def kyverno_chart(folder: Path) -> dict[str, Any]:
    """Copy the chart into a folder; return the settings that install it.

    The sources of the chart lack its subcharts, which a release carries. The one with the policies' CRDs is in a module
    of its own; the two others are switched off by default, so that the copy does without.
    """
    chart, subchart = folder / "kyverno", folder / "kyverno" / "charts" / "kyverno-api"
    copied: dict[str, Any] = {"copy_function": shutil.copyfile}  # the cache is read-only
    shutil.copytree(module_folder("kyverno", "github.com/kyverno/kyverno") / "charts" / "kyverno", chart, **copied)
    for path in chart.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.copytree(module_folder("kyverno", "github.com/kyverno/api") / "charts" / "kyverno-api", subchart, **copied)
    (chart / "Chart.lock").unlink()
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    here = {path.name: yaml.safe_load((path / "Chart.yaml").read_text()) for path in (chart / "charts").iterdir()}
    about["dependencies"] = [
        {**dependency, "repository": "", "version": here[dependency["name"]]["version"]}
        for dependency in about["dependencies"]
        if dependency["name"] in here
    ]
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    # A job of Kyverno's own after an upgrade, which KWOK's pods cannot do.
    values = yaml.safe_load((chart / "values.yaml").read_text())
    values["crds"]["migration"]["enabled"] = False
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    place = {"release": "my-kyverno", "namespace": "kyverno"}
    return {"install": "chart", "chart": str(chart), "version": about["version"], "repository": None, **place}


def next_version(chart: Path) -> str:
    """Make a chart in a folder the next version of itself; return that."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    major, minor, patch = about["version"].split(".")
    about["version"] = f"{major}.{minor}.{int(patch) + 1}"
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    return about["version"]
