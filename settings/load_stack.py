"""Tells which kind of stack a config is of, and reads it."""

from collections.abc import Collection, Mapping

from settings.load import load
from settings.load_mesh import KEY, load_mesh
from settings.mesh import MeshSettings
from settings.reading import NAMESPACE
from settings.secrets import Credentials
from settings.stack import Settings


def read(
    raw: Mapping[str, str], secret_keys: Collection[str], stack: str
) -> tuple[Settings | MeshSettings, Credentials | None]:
    """Read a stack's config; with the key `spillway:mesh` it is a mesh stack, else a hub stack.

    Args:
        raw: full keys to texts (objects as JSON), as Pulumi hands them to a program.
        secret_keys: the keys that are secret.
        stack: the stack's name, for the messages.

    Raises:
        SettingsError: with all mistakes.
    """
    return (load_mesh(raw, stack), None) if f"{NAMESPACE}{KEY}" in raw else load(raw, secret_keys, stack)
