"""A real Kubernetes control plane on loopback: etcd, API server, controller manager, scheduler, and KWOK for nodes."""

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO

from lab.binaries import LabError
from lab.kubeconfigs import for_bearer
from lab.processes import Process

PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
PORTS = ("etcd", "etcd-peer", "kube-apiserver", "kwok")
READY_TIMEOUT = 90
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
PORT_RANGE = range(20000, 32000)


def free_port() -> int:
    """Return a loopback port that nobody listens on.

    It is below the range from which systems take the ports of outgoing connections: one of the lab's many connections
    once took the port between the look and the listening, and the program that was to listen there ended.
    """
    while not _is_free(port := PORT_RANGE.start + secrets.randbelow(len(PORT_RANGE))):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def keep_ports(path: Path, names: Iterable[str], listens: Callable[[str], object]) -> dict[str, int]:
    """Return the ports of last time, with a new one for each that somebody else has taken meanwhile.

    Args:
        path: where they are kept.
        names: what they are for.
        listens: tells whether the program that is to listen on one runs.
    """
    ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    for name in names:
        if name not in ports or not (listens(name) or _is_free(ports[name])):
            ports[name] = free_port()
    write_private(path, json.dumps(ports))
    return ports


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.rename(path)


class ControlPlane:
    """One control plane with its own ports, credentials, data and logs, all in one folder.

    Starting is idempotent: what runs is left alone, what is missing or was killed is started with the same data and
    credentials. The API server's certificate is its own; the kubeconfig trusts just that one.

    Args:
        folder: the lab's state folder, made readable by the owner only.
        binaries: the programs, from `lab.binaries.ensure`.
        tied: end with the program that started it (for tests).
    """

    def __init__(self, folder: Path, binaries: Mapping[str, Path], *, tied: bool = False):
        self.folder = folder
        self.binaries = binaries
        self.tied = tied
        self.kubeconfig = folder / "kubeconfig"

    def process(self, name: str) -> Process:
        """Return the process of a part."""
        return Process(name, self.folder, self.tied)

    def start(self) -> None:
        """Bring all parts up and wait until the API server answers.

        Raises:
            LabError: a part ended or did not answer in time; names its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        self._make_credentials()
        ports = keep_ports(
            self.folder / "ports.json", PORTS, lambda name: self.process(name.removesuffix("-peer")).pid()
        )
        etcd = f"http://127.0.0.1:{ports['etcd']}"
        certificates = self.folder / "certificates"
        self.process("etcd").start(
            [
                self.binaries["etcd"],
                f"--data-dir={self.folder / 'etcd'}",
                "--unsafe-no-fsync",  # the lab's data may be lost with the machine
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls=http://127.0.0.1:{ports['etcd-peer']}",
                f"--initial-advertise-peer-urls=http://127.0.0.1:{ports['etcd-peer']}",
                f"--initial-cluster=default=http://127.0.0.1:{ports['etcd-peer']}",
                "--log-level=warn",
            ]
        )
        self.process("kube-apiserver").start(
            [
                self.binaries["kube-apiserver"],
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--secure-port={ports['kube-apiserver']}",
                f"--cert-dir={certificates}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-signing-key-file={certificates / 'service-accounts.key'}",
                f"--service-account-key-file={certificates / 'service-accounts.key'}",
                "--service-account-max-token-expiration=8760h",
                "--authorization-mode=RBAC",
                f"--token-auth-file={certificates / 'tokens.csv'}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--endpoint-reconciler-type=none",
            ]
        )
        self._wait_ready(ports["kube-apiserver"])
        write_private(self.kubeconfig, self.kubeconfig_text(self._token()))
        self.process("kube-controller-manager").start(
            [
                self.binaries["kube-controller-manager"],
                f"--kubeconfig={self.kubeconfig}",
                f"--service-account-private-key-file={certificates / 'service-accounts.key'}",
                "--leader-elect=false",
                "--secure-port=0",
            ]
        )
        self.process("kube-scheduler").start(
            [
                self.binaries["kube-scheduler"],
                f"--kubeconfig={self.kubeconfig}",
                "--leader-elect=false",
                "--secure-port=0",
            ]
        )
        if not self.process("kwok").pid():
            # The nodes' leases of one that was stopped: the next one would wait until they end.
            self._ask(ports["kube-apiserver"], LEASES, "DELETE", timeout=READY_TIMEOUT).close()
        self.process("kwok").start(
            [
                self.binaries["kwok"],
                f"--kubeconfig={self.kubeconfig}",
                "--manage-all-nodes=true",
                # Without leases the nodes go NotReady between two heartbeats, and their pods with them.
                "--node-lease-duration-seconds=40",
                f"--server-address=127.0.0.1:{ports['kwok']}",
            ]
        )

    def stop(self) -> None:
        """Stop all parts, the API server after its clients."""
        for name in reversed(PARTS):
            self.process(name).stop()

    def running(self) -> dict[str, int | None]:
        """Return the process number of each part, or None where it does not run."""
        return {name: self.process(name).pid() for name in PARTS}

    def _make_credentials(self) -> None:
        certificates = self.folder / "certificates"
        key = certificates / "service-accounts.key"
        if not key.exists():
            if not shutil.which("openssl"):
                raise LabError("openssl is missing; the lab needs it to make a key")
            made = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True)
            write_private(key, made.stdout)
        if not (certificates / "tokens.csv").exists():
            write_private(certificates / "tokens.csv", f"{secrets.token_urlsafe(32)},admin,admin,system:masters\n")

    def _wait_ready(self, port: int) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while True:
            try:
                with self._ask(port, "/readyz"):
                    return
            except OSError:  # not listening yet, no certificate yet, or not ready
                pass
            for name in ("etcd", "kube-apiserver"):
                if not self.process(name).pid():
                    raise LabError(f"{name} ended; its log is {self.process(name).log}")
            if time.monotonic() > deadline:
                raise LabError(f"the API server does not answer; its log is {self.process('kube-apiserver').log}")
            time.sleep(0.1)

    def _ask(self, port: int, path: str, method: str = "GET", *, timeout: float = 2) -> IO[bytes]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        request = urllib.request.Request(f"https://127.0.0.1:{port}{path}", headers=headers, method=method)
        return urllib.request.urlopen(request, timeout=timeout, context=self._trust())  # noqa: S310

    def _trust(self) -> ssl.SSLContext:
        # The API server signs its certificate itself and writes the chain beside the key.
        return ssl.create_default_context(cafile=str(self.folder / "certificates" / "apiserver.crt"))

    def _token(self) -> str:
        return (self.folder / "certificates" / "tokens.csv").read_text().split(",")[0]

    def kubeconfig_text(self, token: str) -> str:
        """Return a kubeconfig with the context `lab` for the bearer of a token."""
        port = json.loads((self.folder / "ports.json").read_text())["kube-apiserver"]
        settings = {
            "server": f"https://127.0.0.1:{port}",
            "certificate-authority": str((self.folder / "certificates" / "apiserver.crt").resolve()),
        }
        return for_bearer("lab", token, cluster="lab", settings=settings)
