"""Mistakes in a stack's config, and how they are told."""

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

Step = str | int


def config_path(section: str, steps: Iterable[Step] = ()) -> str:
    """Return the path of a value, as `pulumi config set --path` takes it."""
    path = f"spillway:{section}"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.replace("_", "a").isalnum() and step.isascii():
            path += f".{step}"
        else:
            path += f"[{json.dumps(step)}]"
    return path


def set_command(path: str, value: object) -> str:
    """Return the command that sets a value; of a list it sets the first item, as Pulumi takes no lists."""
    if isinstance(value, list):
        return set_command(f"{path}[0]", cast(list[object], value)[0])
    text = value if isinstance(value, str) else json.dumps(value)
    nested = "--path " if any(mark in path for mark in ".[") else ""
    return f"pulumi config set {nested}{shlex.quote(path)} {shlex.quote(text)}"


def remove_command(path: str) -> str:
    """Return the command that removes a value."""
    nested = "--path " if any(mark in path for mark in ".[") else ""
    return f"pulumi config rm {nested}{shlex.quote(path)}"


@dataclass(frozen=True)
class Mistake:
    """One mistake: where, what, what is allowed and why, and a command that mends it (with an example's value)."""

    path: str
    problem: str
    allowed: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}\n    allowed: {self.allowed}\n    mend:    {self.mend}"


def wrong(path: str, problem: str, allowed: str, value: object) -> Mistake:
    """Return a mistake that setting a value mends."""
    return Mistake(path, problem, allowed, set_command(path, value))


class SettingsError(Exception):
    """All mistakes of a stack's config."""

    def __init__(self, stack: str, mistakes: Sequence[Mistake]):
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{count} in the config of stack {stack}:", *map(str, mistakes)]))
