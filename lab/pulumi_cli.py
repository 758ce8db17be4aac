"""The Pulumi CLI on a lab: a file backend, a passphrase and a copy of the stack's file, all in a folder of the lab."""

import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from lab.binaries import LabError
from lab.controlplane import write_private
from preview.recording import ROOT

# What has to be on PATH beside the CLI: its host for Python programs, and the provider.
PARTS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")


def missing_parts() -> list[str]:
    """Return the programs of the engine that are not on PATH."""
    return [name for name in PARTS if not shutil.which(name)]


class PulumiError(LabError):
    """The CLI failed; the message is what it printed."""


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
            "KUBECONFIG": str(kubeconfig.resolve()),
        }
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.file.exists():
            write_private(passphrase, secrets.token_urlsafe(24))
            write_private(self.file, (root / self.file.name).read_text())
            # `stack init` takes no --config-file; it writes its salt into the stack's file where it runs.
            shutil.copy(root / "Pulumi.yaml", self.folder)
            self._command(["pulumi", "stack", "init", stack, "--non-interactive"], self.folder)

    def set(self, path: str, value: object, *, secret: bool = False) -> None:
        """Set a value by its config path, such as `spillway:pools[0].size`, in the copy of the stack's file."""
        if isinstance(value, dict | list) and not secret:
            items = cast(Mapping[Any, Any], value).items() if isinstance(value, dict) else enumerate(cast(Any, value))
            for key, entry in items:
                self.set(f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}", entry)
            return
        kind = ["--secret"] if secret else ["--plaintext"]
        text = value if isinstance(value, str) else json.dumps(value)
        self.run("config", "set", "--path", *kind, path, text)

    def set_secrets(self, values: Mapping[str, Any]) -> None:
        """Set secret keys: texts, or mappings of texts."""
        for key, value in values.items():
            if isinstance(value, str):
                self.run("config", "set", "--secret", key, value)
            else:
                for name, text in cast(Mapping[str, str], value).items():
                    self.set(f"{key}.{name}", text, secret=True)

    def run(self, *arguments: str, told: bool = False) -> str:
        """Run a command of the CLI on this stack and return what it printed.

        Args:
            arguments: the command, such as `"up", "--yes"`.
            told: let it print to the terminal instead.

        Raises:
            PulumiError: the command failed.
        """
        return self._command(self._words(arguments), told=told)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command in a session of its own and return its process, so that a test can kill it."""
        return subprocess.Popen(
            self._words(arguments),
            cwd=self.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _words(self, arguments: tuple[str, ...]) -> list[str]:
        words = ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]
        # `pulumi stack export` and its like read no configuration.
        return words if arguments[0] == "stack" else [*words, "--config-file", str(self.file)]

    def _command(self, words: list[str], cwd: Path | None = None, *, told: bool = False) -> str:
        done = subprocess.run(
            words, cwd=cwd or self.root, env=self.env, capture_output=not told, text=True, check=False
        )
        if done.returncode:
            raise PulumiError(f"pulumi {words[1]} failed:\n{(done.stdout or '')}{done.stderr or ''}")
        return done.stdout or ""


def kill(process: subprocess.Popen[str]) -> None:
    """Kill the CLI and everything that it started, as a crash of the machine would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
