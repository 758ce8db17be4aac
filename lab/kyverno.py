"""Kyverno's controllers as host processes, each with the rights of its own service account and no others."""

from dataclasses import dataclass
from typing import Any

import yaml
from kubernetes.client.exceptions import ApiException

from lab.cluster import Cluster, Manifest
from lab.controlplane import ControlPlane, free_port, write_private
from lab.crds import CRD, install_crds
from lab.modules import module_folder
from lab.processes import Process

NAMESPACE = "kyverno"
# What the manifests would run in the cluster; the lab runs it on the host.
NOT_INSTALLED = ("Deployment", "Service", CRD[1])
WEBHOOK_TIMEOUT = 60


@dataclass(frozen=True)
class Controller:
    """One of Kyverno's controllers; `flags` are added to those that all of them have."""

    name: str
    service: str
    serves_webhooks: bool = False

    @property
    def account(self) -> str:
        """Its service account, which is also the name of its Deployment in a cluster."""
        return f"kyverno-{self.name}"


ADMISSION = Controller("admission-controller", "kyverno-svc", serves_webhooks=True)
BACKGROUND = Controller("background-controller", "kyverno-svc")
CLEANUP = Controller("cleanup-controller", "kyverno-cleanup-controller", serves_webhooks=True)
CONTROLLERS = (ADMISSION, BACKGROUND, CLEANUP)


def manifests() -> list[Manifest]:
    """Return the documents of Kyverno's own install manifest."""
    text = (
        module_folder("kyverno", "github.com/kyverno/kyverno") / "config" / "install-latest-testing.yaml"
    ).read_text()
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


class Kyverno:
    """Kyverno on a control plane.

    Args:
        control_plane: where it runs; it must be up.
    """

    def __init__(self, control_plane: ControlPlane):
        self._lab = control_plane
        self._cluster = Cluster(control_plane.kubeconfig)

    def process(self, controller: Controller) -> Process:
        """Return the host process of a controller."""
        return self._lab.process(f"kyverno-{controller.name}")

    def install(self) -> None:
        """Apply Kyverno's CRDs, accounts, roles and configuration."""
        documents = manifests()
        install_crds(self._cluster, [document for document in documents if document["kind"] == CRD[1]])
        for document in documents:
            if document["kind"] not in NOT_INSTALLED:
                self._cluster.apply(document, force=True)

    def start(self, *controllers: Controller) -> None:
        """Start controllers (default: all) that do not run, and wait for the webhooks of those that have some."""
        for controller in controllers or CONTROLLERS:
            self._start(controller)
        if ADMISSION in (controllers or CONTROLLERS):
            self._cluster.wait_for("Kyverno's webhooks", self._judges, WEBHOOK_TIMEOUT)

    def stop(self, *controllers: Controller) -> None:
        """Stop controllers (default: all)."""
        for controller in controllers or CONTROLLERS:
            self.process(controller).stop()

    def _judges(self) -> bool:
        """Tell whether Kyverno's webhook judges policies: it refuses one whose schedule is none."""
        policy = {
            "apiVersion": "policies.kyverno.io/v1",
            "kind": "DeletingPolicy",
            "metadata": {"name": "probe"},
            "spec": {
                "schedule": "never",
                "matchConstraints": {
                    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
                },
            },
        }
        try:
            self._cluster.apply(policy, dry_run=True)
        except ApiException as error:
            return "schedule" in str(error)
        return False

    def _start(self, controller: Controller) -> None:
        if self.process(controller).pid():
            return
        kubeconfig = self._lab.folder / f"kubeconfig-{controller.name}"
        write_private(kubeconfig, self._lab.kubeconfig_text(self._cluster.token(NAMESPACE, controller.account)))
        command: list[Any] = [
            self._lab.binaries[f"kyverno-{controller.name}"],
            f"--kubeconfig={kubeconfig}",
            "--disableMetrics=true",
            f"--metricsPort={free_port()}",
            "--loggingFormat=json",
            # It ends when it could not renew its lease for five of these periods, and no kubelet starts it again.
            "--leaderElectionRetryPeriod=20s",
        ]
        if controller is not CLEANUP:
            command.append(f"--controllerRuntimeMetricsAddress=127.0.0.1:{free_port()}")
        if controller.serves_webhooks:
            port = free_port()
            prefix = f"{controller.service}.{NAMESPACE}.svc"
            port_flag = "cleanupServerPort" if controller is CLEANUP else "webhookServerPort"
            command += [
                # Registers its webhooks by address, as there is no Service to reach it by.
                f"--serverIP=127.0.0.1:{port}",
                f"--{port_flag}={port}",
                "--servicePort=443",
                f"--caSecretName={prefix}.kyverno-tls-ca",
                f"--tlsSecretName={prefix}.kyverno-tls-pair",
            ]
        if controller is ADMISSION:
            for other in ("background", "reports"):
                account = f"system:serviceaccount:{NAMESPACE}:kyverno-{other}-controller"
                command.append(f"--{other}ServiceAccountName={account}")
        self.process(controller).start(
            command,
            {
                "INIT_CONFIG": "kyverno",
                "METRICS_CONFIG": "kyverno-metrics",
                "KYVERNO_NAMESPACE": NAMESPACE,
                "KYVERNO_SVC": controller.service,
                "KYVERNO_POD_NAME": f"{controller.account}-0",
                "KYVERNO_DEPLOYMENT": controller.account,
                "KYVERNO_SERVICEACCOUNT_NAME": controller.account,
                "KYVERNO_ROLE_NAME": f"kyverno:{controller.name}",
            },
        )
