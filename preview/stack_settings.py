"""The settings of a stack's file, without its secrets and without a run of its program."""

from collections.abc import Mapping
from pathlib import Path

from preview.stack_file import load, stacks
from settings import MeshSettings, Mistake, Settings, SettingsError, read

MESH = "spillway:mesh"


def read_any(stack: str, root: Path, overrides: Mapping[str, object] | None = None) -> Settings | MeshSettings:
    """Return the settings of `Pulumi.<stack>.yaml`.

    Args:
        stack: the stack's name.
        root: the folder of the project.
        overrides: values by config path, such as `spillway:pools[0].size`; None removes.

    Raises:
        FileNotFoundError: there is no such stack file.
        settings.SettingsError: the configuration is wrong.
    """
    config = load(stack, root, overrides or {}, {})
    settings, _ = read(config.values, config.secret_keys, stack)
    return settings


def read_settings(stack: str, root: Path, overrides: Mapping[str, object] | None = None) -> Settings:
    """Return the settings of a stack with a hub.

    Args:
        stack: the stack's name.
        root: the folder of the project.
        overrides: values by config path.

    Raises:
        FileNotFoundError: there is no such stack file.
        settings.SettingsError: the configuration is wrong, or the stack is a mesh.
    """
    settings = read_any(stack, root, overrides)
    if isinstance(settings, MeshSettings):
        allowed = f"a stack with a hub: {', '.join(hub_stacks(root))}"
        raise SettingsError(
            stack, [Mistake(MESH, "makes this a mesh stack, without pools", allowed, "name another stack")]
        )
    return settings


def hub_stacks(root: Path) -> list[str]:
    """Return the names of the stacks with a hub, sorted; mesh stacks are left out."""
    return [name for name in stacks(root) if MESH not in load(name, root, {}, {}).values]
