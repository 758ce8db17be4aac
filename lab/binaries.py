"""Finds or builds the lab's programs.

Each program is taken from `KUBEBUILDER_ASSETS` or PATH when its version fits. Otherwise it is built once by `go build`
from the module pinned under `lab/tools`, whose checksums Go verifies, into a cache outside the tree.
"""

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = Path(__file__).parent / "tools"
KUBERNETES, ETCD, KYVERNO, KWOK = "1.34.2", "3.6.6", "1.19.1", "0.7.0"
# From 3.3 on Argo CD's module replaces a part by a folder that Go's module proxy does not have.
ARGOCD, MINIREDIS = "3.1.9", "2.35.0"

Say = Callable[[str], None]


class LabError(Exception):
    """Something that the user can mend; the message says how."""


@dataclass(frozen=True)
class Binary:
    """A program of the lab.

    `module` is the folder under `lab/tools`; `minutes` is how long a cold build takes on 2 cores. `oldest` and `below`
    bound the versions that are taken from the machine; without `oldest` the program is always built, because nobody
    installs it by itself.
    """

    name: str
    package: str
    module: str
    version: str
    minutes: float
    flags: tuple[str, ...] = ()
    oldest: tuple[int, int] | None = None
    below: tuple[int, int] = (0, 0)
    version_command: tuple[str, ...] = field(default=("--version",))


def _kubernetes(name: str, minutes: float) -> Binary:
    major, minor, _ = KUBERNETES.split(".")
    stamp = "k8s.io/component-base/version"
    return Binary(
        name,
        f"k8s.io/kubernetes/cmd/{name}",
        "kubernetes",
        KUBERNETES,
        minutes,
        # Without these the API server reports a version that clients cannot parse.
        flags=(f"-X {stamp}.gitVersion=v{KUBERNETES}", f"-X {stamp}.gitMajor={major}", f"-X {stamp}.gitMinor={minor}"),
        oldest=(1, 34),
        below=(2, 0),
    )


BINARIES = (
    _kubernetes("kube-apiserver", 5),
    _kubernetes("kube-controller-manager", 2),
    _kubernetes("kube-scheduler", 0.5),
    Binary("etcd", "go.etcd.io/etcd/server/v3", "etcd", ETCD, 0.5, oldest=(3, 5), below=(4, 0)),
    Binary("kwok", "sigs.k8s.io/kwok/cmd/kwok", "kwok", KWOK, 2, oldest=(0, 7), below=(0, 8)),
    *(
        Binary(f"kyverno-{part}", f"github.com/kyverno/kyverno/cmd/{folder}", "kyverno", KYVERNO, minutes)
        for part, folder, minutes in (
            ("admission-controller", "kyverno", 5),
            ("background-controller", "background-controller", 1),
            ("cleanup-controller", "cleanup-controller", 1),
        )
    ),
    # One program is all of Argo CD's controllers.
    Binary("argocd", "github.com/argoproj/argo-cd/v3/cmd", "argocd", ARGOCD, 5.5),
    Binary("redis", "spillway/lab/redis", "redis", MINIREDIS, 0.1),
)


def cache_dir() -> Path:
    """Return where built programs are kept: `SPILLWAY_CACHE`, else `spillway` in the user's cache folder."""
    if chosen := os.environ.get("SPILLWAY_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spillway"


def fits(binary: Binary, reported: str) -> bool:
    """Tell whether the version in a program's output is one that the lab can use."""
    match = re.search(r"(\d+)\.(\d+)\.\d+", reported)
    if not match or binary.oldest is None:
        return False
    return binary.oldest <= (int(match[1]), int(match[2])) < binary.below


def _installed(binary: Binary) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    for folder in filter(None, (assets, os.environ.get("PATH"))):
        path = shutil.which(binary.name, path=folder)
        if path and binary.oldest is not None:
            shown = subprocess.run([path, *binary.version_command], capture_output=True, text=True, check=False)
            if fits(binary, shown.stdout + shown.stderr):
                return Path(path)
    return None


@contextmanager
def _locked(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(binary: Binary, target: Path, say: Say) -> None:
    if not shutil.which("go"):
        raise LabError(f"{binary.name} is not here, and Go is not there to build it: install Go 1.26 or newer")
    partial = target.with_suffix(".partial")
    command = [
        "go", "build", "-mod=readonly", "-trimpath",
        "-ldflags", " ".join(("-s -w", *binary.flags)), "-o", str(partial), binary.package,
    ]  # fmt: skip
    log = target.with_suffix(".log")
    begin = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=TOOLS / binary.module, stdout=output, stderr=subprocess.STDOUT, text=True
        )
        while True:
            try:
                code = process.wait(timeout=20)
                break
            except subprocess.TimeoutExpired:
                say(f"    {binary.name}: {time.monotonic() - begin:.0f} s")
            except BaseException:
                process.kill()
                raise
    if code:
        tail = "\n".join(log.read_text().splitlines()[-15:])
        raise LabError(f"building {binary.name} failed; the whole output is in {log}:\n{tail}")
    partial.rename(target)
    log.unlink()


def ensure(say: Say, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Return the path of each program, building those that are missing.

    Args:
        say: is told what is built and how long it has been going on.
        names: the programs; default: all.

    Raises:
        LabError: Go is missing, or a build failed.
    """
    wanted = [binary for binary in BINARIES if names is None or binary.name in names]
    folder = cache_dir() / "bin"
    paths: dict[str, Path] = {}
    missing: list[Binary] = []
    for binary in wanted:
        built = folder / f"{binary.name}-{binary.version}"
        found = built if built.exists() else _installed(binary)
        if found:
            paths[binary.name] = found
        else:
            missing.append(binary)
    for position, binary in enumerate(missing):
        left = sum(other.minutes for other in missing[position:])
        say(f"  building {binary.name} {binary.version} ({position + 1} of {len(missing)}, about {left:.0f} min left)")
        target = folder / f"{binary.name}-{binary.version}"
        with _locked(folder / ".lock"):
            if not target.exists():
                _build(binary, target, say)
        paths[binary.name] = target
    return paths
