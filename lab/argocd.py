"""Argo CD's controllers as host processes: ApplicationSet, application controller, repo server, and a Redis.

They are the real ones, in the namespace that the OpenShift GitOps operator takes, each with the rights of its own
service account there and no others. The API server, the user interface, Dex and the notifications are left out.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.cluster import Cluster, Manifest
from lab.controlplane import ControlPlane, free_port, keep_ports, write_private
from lab.crds import install_crds
from lab.modules import module_folder
from lab.processes import Process

NAMESPACE = "openshift-gitops"
MODULE = "github.com/argoproj/argo-cd/v3"
# Of Argo CD's install manifest, for one namespace; the lab runs the programs on the host.
INSTALLED = ("ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding")
# Argo CD's defaults of three minutes are for a git server that others use too.
SECONDS = {"resync": 10, "revision": "5s"}


@dataclass(frozen=True)
class Controller:
    """One of Argo CD's programs; `account` tells whether it has a service account and talks to the API server."""

    name: str
    account: bool = True

    @property
    def process(self) -> str:
        """The name of its process in the lab."""
        return f"argocd-{self.name}"


REDIS = Controller("redis", account=False)
REPO_SERVER = Controller("repo-server", account=False)
APPLICATIONS = Controller("application-controller")
APPLICATION_SETS = Controller("applicationset-controller")
# In the order in which they are started.
CONTROLLERS = (REDIS, REPO_SERVER, APPLICATIONS, APPLICATION_SETS)
PORTS = ("argocd-redis", "argocd-repo-server")


def crds() -> list[Manifest]:
    """Return Argo CD's own CRDs."""
    folder = module_folder("argocd", MODULE) / "manifests" / "crds"
    return [yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted(folder.glob("*-crd.yaml"))]


def manifests() -> list[Manifest]:
    """Return what Argo CD's own manifest installs into its namespace, without the programs."""
    text = (module_folder("argocd", MODULE) / "manifests" / "namespace-install.yaml").read_text()
    found = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document["kind"] in INSTALLED]
    return [{**document, "metadata": {**document["metadata"], "namespace": NAMESPACE}} for document in found]


class ArgoCD:
    """Argo CD on a control plane.

    Args:
        control_plane: where it runs; it must be up.
    """

    def __init__(self, control_plane: ControlPlane):
        self._lab = control_plane
        self._folder = control_plane.folder / "argocd"
        self._cluster = Cluster(control_plane.kubeconfig)

    def process(self, controller: Controller) -> Process:
        """Return the host process of a controller."""
        return self._lab.process(controller.process)

    def install(self) -> None:
        """Apply Argo CD's CRDs, accounts, roles and configuration; its namespace must be there."""
        install_crds(self._cluster, crds())
        for document in manifests():
            self._cluster.apply(document, force=True)
        # Argo CD's server would make this key; the other programs only insist on it.
        key = self._folder / "server-key"
        if not key.exists():
            write_private(key, secrets.token_urlsafe(32))
        metadata = {"name": "argocd-secret", "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "argocd"}}
        secret: Manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        self._cluster.apply({**secret, "stringData": {"server.secretkey": key.read_text()}}, force=True)

    def start(self, *controllers: Controller) -> None:
        """Start controllers (default: all) that do not run."""
        ports = keep_ports(self._folder / "ports.json", PORTS, lambda name: self._lab.process(name).pid())
        redis, repo_server = (f"127.0.0.1:{ports[name]}" for name in PORTS)
        program = self._lab.binaries["argocd"]
        commands: dict[Controller, list[str | Path]] = {
            REDIS: [self._lab.binaries["redis"], redis],
            REPO_SERVER: [
                program,
                "--address=127.0.0.1",
                f"--port={ports['argocd-repo-server']}",
                "--metrics-address=127.0.0.1",
                f"--metrics-port={free_port()}",
                "--disable-tls",
                f"--redis={redis}",
                f"--revision-cache-expiration={SECONDS['revision']}",
            ],
            APPLICATIONS: [
                program,
                f"--namespace={NAMESPACE}",
                f"--redis={redis}",
                f"--repo-server={repo_server}",
                "--repo-server-plaintext",
                # It has no flag for the address.
                f"--metrics-port={free_port()}",
                f"--app-resync={SECONDS['resync']}",
                "--app-resync-jitter=0",
            ],
            APPLICATION_SETS: [
                program,
                f"--namespace={NAMESPACE}",
                f"--argocd-repo-server={repo_server}",
                "--repo-server-plaintext",
                f"--metrics-addr=127.0.0.1:{free_port()}",
                f"--probe-addr=127.0.0.1:{free_port()}",
                f"--webhook-addr=127.0.0.1:{free_port()}",
            ],
        }
        for controller in controllers or CONTROLLERS:
            self._start(controller, commands[controller])

    def stop(self, *controllers: Controller) -> None:
        """Stop controllers (default: all)."""
        for controller in reversed(controllers or CONTROLLERS):
            self.process(controller).stop()

    def _start(self, controller: Controller, command: list[str | Path]) -> None:
        if self.process(controller).pid():
            return
        home = self._folder / controller.name
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        env = {
            # One program is all of them.
            "ARGOCD_BINARY_NAME": controller.process,
            "ARGOCD_GPG_ENABLED": "false",
            # Of the user's own git configuration and caches nothing is read or written.
            "HOME": str(home.resolve()),
            "TMPDIR": str(home.resolve()),
        }
        if controller.account:
            kubeconfig = home / "kubeconfig"
            write_private(kubeconfig, self._lab.kubeconfig_text(self._cluster.token(NAMESPACE, controller.process)))
            env["KUBECONFIG"] = str(kubeconfig.resolve())
        self.process(controller).start(command, env)
