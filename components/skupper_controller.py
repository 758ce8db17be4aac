"""Skupper's controller on a cluster of a mesh."""

from typing import Literal

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.yaml.v2 import ConfigFile

from components.custom import metadata
from components.operator import Operator, Package
from settings import Controller as ControllerSettings
from settings import Operator as OperatorSettings

NAMESPACES = {1: "skupper-site-controller", 2: "skupper"}
PACKAGE = Package("skupper-operator")
CHART = "oci://quay.io/skupper/helm/skupper"
MANIFEST = "https://raw.githubusercontent.com/skupperproject/skupper/{}/cmd/site-controller/deploy-watch-all-ns.yaml"


class SkupperController(pulumi.ComponentResource):
    """Installs the controller that serves the sites of all namespaces, or takes it as it is.

    Pulumi type: `spillway:index:SkupperController`. Creates with version 2 a Helm Release of Skupper's chart, which
    brings the CRDs; with version 1, which has no chart, its Namespace and the objects of the release's manifest; with
    `install` "operator" an Operator, by which OLM installs it on OpenShift; or nothing with "existing".

    Args:
        name: Pulumi's logical name.
        args: whether to install it.
        version: the major version.
        release: the release, which pins manifest or chart.
        operator: channel and approval, which pin what OLM installs.
    """

    def __init__(
        self,
        name: str,
        args: ControllerSettings,
        *,
        version: Literal[1, 2],
        release: str,
        operator: OperatorSettings,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperController", name, None, opts)
        self.ready: list[pulumi.Resource] = []
        if args.install == "release" and version == 2:
            self.ready.append(
                Release(
                    f"{name}-release",
                    name="skupper",
                    namespace=NAMESPACES[2],
                    create_namespace=True,
                    chart=CHART,
                    version=release,
                    values={"scope": "cluster"},
                    opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
                )
            )
        elif args.install == "operator":
            installed = Operator(name, PACKAGE, operator, opts=pulumi.ResourceOptions(parent=self))
            self.ready += installed.ready
        elif args.install == "release":
            namespace = Namespace(
                f"{name}-namespace", metadata=metadata(NAMESPACES[1]), opts=pulumi.ResourceOptions(parent=self)
            )
            manifest = ConfigFile(
                f"{name}-manifest",
                file=MANIFEST.format(release),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
            )
            self.ready += [namespace, manifest]
        self.register_outputs({})
