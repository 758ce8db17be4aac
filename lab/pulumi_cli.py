"""The Pulumi CLI on a lab: a file backend, a passphrase and a copy of the stack's file, all in a folder of the lab."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from lab.binaries import LabError
from lab.controlplane import write_private
from lab.pulumi_events import Operation, operations, problems
from preview.recording import ROOT
from preview.stack_file import override

# What has to be on PATH beside the CLI: its host for Python programs, and the provider.
PARTS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")


def missing_parts() -> list[str]:
    """Return the programs of the engine that are not on PATH."""
    return [name for name in PARTS if not shutil.which(name)]


class PulumiStack:
    """A stack under the Pulumi CLI.

    Nothing outside the folder is read or written: neither the user's backend and login, nor the project's stack files.

    Args:
        stack: the stack, as in `Pulumi.<stack>.yaml`.
        folder: state, passphrase and the copy of the stack's file; may be used again.
        kubeconfig: the kubeconfig that the CLI and its provider see.
        root: the folder of the program.
    """

    def __init__(self, stack: str, folder: Path, kubeconfig: Path, root: Path = ROOT):
        self.stack = stack
        self.folder = folder.resolve()
        self.root = root
        self.file = self.folder / f"Pulumi.{stack}.yaml"
        passphrase = self.folder / "passphrase"
        self.env = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",  # as the other commands do
            "KUBECONFIG": str(kubeconfig.resolve()),
        }
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.file.exists():
            write_private(passphrase, secrets.token_urlsafe(24))
            write_private(self.file, (root / self.file.name).read_text())
        # `stack select` takes no --config-file; it writes the salt of a new stack into the stack's file where it runs.
        shutil.copy(root / "Pulumi.yaml", self.folder)
        self._command(["pulumi", "stack", "select", "--create", stack, "--non-interactive"], self.folder)

    def set_secrets(self, values: Mapping[str, Any]) -> None:
        """Set secret keys: texts, or mappings of texts."""
        for key, value in values.items():
            if isinstance(value, str):
                self.run("config", "set", "--secret", key, value)
            else:
                for name, text in cast(Mapping[str, str], value).items():
                    self.run("config", "set", "--secret", "--path", f"{key}.{name}", text)

    def override(self, values: Mapping[str, object]) -> None:
        """Change the copy of the stack's file, by config path; None removes."""
        document = yaml.safe_load(self.file.read_text())
        for path, value in values.items():
            document["config"] = override(document["config"], path, value)
        write_private(self.file, yaml.safe_dump(document, sort_keys=False))

    def command(self, *arguments: str) -> list[str]:
        """Return the words of a command of the CLI on this stack and its file."""
        return ["pulumi", *arguments, "--stack", self.stack, "--config-file", str(self.file), "--non-interactive"]

    def run(self, *arguments: str, told: bool = False, env: Mapping[str, str] | None = None) -> str:
        """Run a command of the CLI on this stack and its file; return what it printed.

        Args:
            arguments: the command, such as `"up", "--yes"`.
            told: let it print to the terminal instead.
            env: more environment variables.

        Raises:
            LabError: the command failed; the message is what it printed.
        """
        return self._command(self.command(*arguments), self.root, told=told, env=env)

    def operations(self, *arguments: str) -> list[Operation]:
        """Run a command that changes resources, or previews a change; return what it does with them.

        Args:
            arguments: the command, such as `"preview", "--refresh"`.

        Raises:
            LabError: the command failed; the message is what it gave as errors.
        """
        return operations(self._command(self.command(*arguments, "--json"), self.root))

    def show(self, *arguments: str) -> str:
        """Return what a command on the stack itself prints, such as `"export"` or `"history", "--json"`."""
        # They do not take the config's file.
        return self._command(["pulumi", "stack", *arguments, "--stack", self.stack], self.folder)

    def cancel(self) -> None:
        """Give up what another run of the CLI has begun, as one that was killed has; that unlocks the stack."""
        self._command(["pulumi", "cancel", "--yes", "--stack", self.stack, "--non-interactive"], self.folder)

    def _command(
        self, words: list[str], folder: Path, *, told: bool = False, env: Mapping[str, str] | None = None
    ) -> str:
        environment = {**self.env, **(env or {})}
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=not told, text=True, check=False)
        if done.returncode:
            printed = "see above" if told else f"{problems(done.stdout)}{done.stderr}"
            raise LabError(f"pulumi {words[1]} failed:\n{printed}")
        return done.stdout or ""
