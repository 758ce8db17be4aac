"""The mesh stack by both versions of Skupper, on three control planes with Skupper and MetalLB played."""

import base64
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import engine
from lab.cluster import Manifest
from lab.fleet.skupper1_tokens import ISSUED_BY
from lab.mesh import MeshLab
from lab.mesh_scenarios import SCENARIOS, changes_up_to, commands
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import destroy, kept, preview, refused, up
from tests.engine.test_changes import replaced, updated
from tests.mesh import CLUSTERS, MESH, Net, secrets_of
from tests.objects import Key, objects, recorded_keys

COST = {"links[0].cost": 5}


class Mesh:
    """The stack under the CLI.

    Args:
        lab: its clusters.
        version: of Skupper.
        folder: for the engine's files.
    """

    def __init__(self, lab: MeshLab, version: int, folder: Path):
        self.net = Net(lab, version, folder / "direct")
        self.stack = PulumiStack("mesh", folder / "pulumi", lab.kubeconfig)
        self.told: list[str] = []
        self.change({})

    def change(self, changes: dict[str, Any]) -> None:
        """Change the stack's config against what is shipped."""
        self.changes = changes
        self.stack.override(self.net.config(changes))

    def up(self) -> None:
        """Bring the stack up, unless a test before has done it."""
        if not self.told:
            self.told.append(self.stack.run("up", "--yes", "--diff"))
        self.net.wait_linked()

    def objects(self) -> dict[tuple[str, Key], Manifest]:
        """Return the stack's objects, by cluster, without what is new each time."""
        keys = recorded_keys("mesh", self.net.config(self.changes))
        found = {(name, key): o for name in CLUSTERS for key, o in objects(self.net.cluster(name), keys).items()}
        assert {key for _, key in found} in (keys, set())
        for (_, (_, kind, _, _)), manifest in found.items():
            metadata = manifest["metadata"]
            # The id of the site that a token leads to.
            if ISSUED_BY in metadata["annotations"]:
                metadata["annotations"][ISSUED_BY] = "a site"
            if kind == "Secret":
                manifest["data"] = set(manifest["data"])
            # Used up: what it was made with stays in it, also an earlier cost.
            if kind == "AccessToken":
                manifest["spec"] = set(manifest["spec"])
        return found


@pytest.fixture(scope="module", params=[1, 2], ids=["version 1", "version 2"])
def made(request: pytest.FixtureRequest, mesh: MeshLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    made = Mesh(mesh, request.param, Path(tmp_path_factory.mktemp("mesh-stack")))
    yield made
    destroy(made.stack)


def test_a_cluster_that_is_away_is_named_and_a_rerun_finishes(made: Mesh) -> None:
    """Of three clusters one is always being repaired: the others do not wait for it."""
    away = made.net.lab.control_plane("kind-c3")
    away.process("kube-apiserver").stop()
    try:
        message = refused(made.stack, "up", "--yes", "--skip-preview", "--continue-on-error")
        assert re.search(r"^c3-namespace: .*connection refused", message, re.MULTILINE | re.DOTALL)
        assert re.findall(r"^(c[12]\S*|c3-c1\S*|spillway-mesh): |(malformed)", message, re.MULTILINE) == []
        made.net.wait("c1 and c2 in one network", lambda s: s["c1"].network == ("c1", "c2"), ("c1", "c2"))
    finally:
        away.start()
    made.up()


def test_what_the_players_write_is_no_change(made: Mesh) -> None:
    made.up()
    assert up(made.stack, "--expect-no-changes") == set()
    assert preview(made.stack, "--refresh", "--expect-no-changes") == set()


def test_another_cost_is_a_change_of_its_link_alone(made: Mesh) -> None:
    made.up()
    made.change(COST)
    # Version 1 never looks at the cost of a token again.
    expected = replaced("c2-c1-token") if made.net.version == 1 else updated("c2-c1-link-1")
    assert preview(made.stack) == expected
    made.told.append(made.stack.run("up", "--yes", "--diff"))
    made.net.wait("the cost", lambda s: [link.cost for c in ("c2", "c3") for link in s[c].links] == [5, 1])
    made.net.wait_linked()


def test_keys_and_codes_are_nowhere_in_plain(made: Mesh) -> None:
    """The program carries credentials from one cluster to another: they pass through the state, and what is printed."""
    made.up()
    keys, codes, _ = secrets_of(made.net)
    # A line of a key is enough: texts with several are written in many ways.
    lines = {key.splitlines()[1] for key in keys if "\n" in key}
    forms = lines | {key for key in keys if "\n" not in key} | codes | {encoded(code) for code in codes}
    shown = made.stack.show("export", "--show-secrets")
    assert {form for form in forms if form in shown} >= codes  # so that the search can find them
    assert any(key in shown for key in keys)
    texts = [*made.told, *kept(made.stack).values()]
    assert [form for form in forms if any(form in text for text in texts)] == []


def test_the_articles_scenarios_are_commands(made: Mesh) -> None:
    """The paths with brackets were once tried by hand only."""
    made.change({"links[0].cost": 1})
    for number, scenario in enumerate(SCENARIOS, 1):
        for command in commands(scenario):
            made.stack.run(*shlex.split(command)[1:])
        made.changes = {path.removeprefix(f"{MESH}."): value for path, value in changes_up_to(number).items()}
        made.told.append(made.stack.run("up", "--yes", "--skip-preview", "--diff"))
        made.net.wait_scenario(scenario)


def test_destroy_leaves_nothing_and_the_direct_engine_makes_the_same(made: Mesh) -> None:
    made.up()
    by_pulumi = made.objects()
    assert by_pulumi
    destroy(made.stack)
    assert made.objects() == {}
    made.told.clear()
    try:
        made.net.up(made.changes)
        made.net.wait_linked()
        assert made.objects() == by_pulumi
    finally:
        engine.destroy("mesh", made.net.lab.kubeconfig, made.net.folder, say=print)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
