"""The settings of the running program."""

import pulumi
from pulumi.runtime import config

from settings.load_stack import read
from settings.mesh import MeshSettings
from settings.mistakes import SettingsError
from settings.secrets import Credentials
from settings.stack import Settings


def from_pulumi() -> tuple[Settings | MeshSettings, Credentials | None]:
    """Return the settings and credentials of the stack that is running.

    The raw texts are read, not `pulumi.Config`: every key is needed, to find the unknown ones, and a policy can judge
    only plain values.

    Raises:
        pulumi.RunError: with all mistakes of the config; Pulumi prints it without a traceback.
    """
    raw = config.CONFIG.get() or config.get_config_env()
    secret = [key for key in raw if config.is_config_secret(key)] + config.get_config_secret_keys_env()
    texts, stack = {key: str(text) for key, text in raw.items()}, pulumi.get_stack()
    try:
        return read(texts, secret, stack)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
