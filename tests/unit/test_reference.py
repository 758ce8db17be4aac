"""What docs/config.md says of each key's default, against what a stack gets that sets only what is required."""

import json
import re
from typing import Any

import pytest

from settings import SettingsError, load, load_mesh
from settings.schema import reference
from tests.unit.stack_configs import config

ROW = re.compile(r"\| `spillway:(\S+)` \| .+? \| (.*?) \| ")
DEFAULT = re.compile(r"`(.+?)`(; .+ if `\w+` is set)?")
# Nothing but what a stack must set.
HUB: dict[str, Any] = {
    "hub": {"context": "hub", "kyverno": {"install": "existing"}},
    "clusterSet": {"name": "bursts"},
    "pools": [
        {
            "name": "aws", "region": "us-east-1", "baseDomain": "example.com",
            "releaseImage": "quay.io/openshift-release-dev/ocp-release:4.18.20-x86_64", "size": 1, "maxSize": 2,
        }
    ],
    "workload": {"name": "my-app", "namespace": "app", "image": "quay.io/example/app:1.0.0", "maxReplicas": 6},
    "bursts": [{"name": "burst", "pool": "aws", "claimAt": 4, "releaseAt": 1, "replicas": 2}],
    "delivery": {"repository": "https://git.example.com/app.git", "path": "gitops/dev", "revision": "main"},
    "interconnect": {"namespace": "app"},
}  # fmt: skip
MESH: dict[str, Any] = {
    "mesh": {
        "namespace": "app",
        "clusters": [
            {"name": "c2", "context": "c2"},
            {"name": "c1", "context": "c1", "access": "route", "replicas": 1},
        ],
        "links": [{"from": "c2", "to": "c1", "cost": 1}],
        "application": {"name": "my-app", "image": "quay.io/example/app:1.0.0", "exposedTo": ["c1"]},
    }
}
ROWS: list[tuple[str, str]] = [(row[1], row[2]) for line in reference().splitlines() if (row := ROW.match(line))]
MESH_ROWS = [row for row in ROWS if row[0].startswith("mesh.")]
HUB_ROWS = [row for row in ROWS if row not in MESH_ROWS]
KINDS = pytest.mark.parametrize(("stack", "sections", "rows"), [("dev", HUB, HUB_ROWS), ("mesh", MESH, MESH_ROWS)])


def loaded(stack: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return what a stack gets that sets only the required, and these changes."""
    kept = HUB if stack == "dev" else MESH
    shipped = config(stack=stack)[0]
    removed = {key: None for key in shipped if key.startswith("spillway:") and "Credentials" not in key}
    del removed["spillway:pullSecret"]
    wanted = removed | {f"spillway:{key}": value for key, value in kept.items()} | changes
    texts, secret = config(wanted, stack)
    settings = load_mesh(texts, stack) if stack == "mesh" else load(texts, secret, stack)[0]
    return json.loads(settings.model_dump_json(by_alias=True))


def at(tree: Any, path: str) -> Any:
    """Return the value at a path, in a list of its first entry; None where there is none."""
    for key in path.split("."):
        tree = None if tree is None else tree.get(key.removesuffix("[]"))
        if key.endswith("[]"):
            tree = tree[0] if tree else None
    return tree


@KINDS
def test_a_default_is_what_a_stack_gets(stack: str, sections: dict[str, Any], rows: list[tuple[str, str]]) -> None:
    """The requests and limits of the application had one that no page named, and were told to be required."""
    got = loaded(stack, {})
    for path, cell in rows:
        section, _, key = path.rpartition(".")
        holder, default = at(got, section), DEFAULT.fullmatch(cell)
        if holder is None:
            # An entry of a list must have it; a section that may be left out says when.
            assert cell != "required" or section.endswith("[]"), path
        elif cell == "required":
            assert at(sections, path) is not None, path
        elif default:
            assert holder[key] == json.loads(default[1]), path
        else:
            assert holder[key] in (None, [], {}), path


@KINDS
def test_what_is_required_is_missed(stack: str, sections: dict[str, Any], rows: list[tuple[str, str]]) -> None:
    for path, cell in rows:
        if cell == "required" and at(sections, path) is not None:
            removed = f"spillway:{path.replace('[]', '[0]')}"
            with pytest.raises(SettingsError) as caught:
                loaded(stack, {removed: None})
            assert removed in {mistake.path for mistake in caught.value.mistakes}


@KINDS
def test_what_a_section_takes_once_it_is_set_is_told(
    stack: str, sections: dict[str, Any], rows: list[tuple[str, str]]
) -> None:
    """Who sets the CPU alone is told that memory is missing, whatever the default of the whole section."""
    found = [(path, cell) for path, cell in rows if "required if" in cell]
    assert found
    for path, cell in found:
        section = path.rpartition(".")[0]
        assert f"required if `{section.rpartition('.')[2]}` is set" in cell
        with pytest.raises(SettingsError) as caught:
            loaded(stack, {f"spillway:{section}": {}})
        assert f"spillway:{path}" in {mistake.path for mistake in caught.value.mistakes}
        assert "is missing" in str(caught.value)


def test_a_default_that_goes_with_its_section_is_told() -> None:
    """The chart's version counts for a stack that says nothing of Kyverno; the others have to pin one."""
    assert dict(MESH_ROWS)["mesh.kyverno.version"] == '`"3.9.1"`; none if `kyverno` is set'
    assert loaded("mesh", {})["mesh"]["kyverno"]["version"] == "3.9.1"
    set_one = loaded("mesh", {"spillway:mesh.kyverno": {"install": "existing"}})
    assert set_one["mesh"]["kyverno"]["version"] is None
