"""MetalLB, which gives Services of type LoadBalancer an address where no cloud does."""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from components.custom import metadata
from settings import MetalLB as MetalLBSettings

# The speaker needs the host's network; the chart does not label the namespace.
PRIVILEGED = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}
# On one local network MetalLB answers itself; the chart's default since 0.16 is a routing daemon beside it.
LAYER_2 = {"frrk8s": {"enabled": False}, "speaker": {"frr": {"enabled": False}}}


class MetalLB(pulumi.ComponentResource):
    """Installs MetalLB by its Helm chart, or takes it as it is.

    Pulumi type: `spillway:index:MetalLB`. Creates a Namespace and a Helm Release (metallb/metallb, `charts/metallb`),
    or nothing when `install` is "existing".

    Args:
        name: Pulumi's logical name.
        args: chart, version, repository and namespace.
    """

    def __init__(self, name: str, args: MetalLBSettings, *, opts: pulumi.ResourceOptions | None = None):
        super().__init__("spillway:index:MetalLB", name, None, opts)
        self.ready: list[pulumi.Resource] = []
        if args.install == "chart":
            namespace = Namespace(
                f"{name}-namespace",
                metadata=metadata(args.namespace, labels=PRIVILEGED),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.ready.append(
                Release(
                    f"{name}-release",
                    name="metallb",
                    namespace=args.namespace,
                    chart=args.chart,
                    version=args.version,
                    repository_opts=RepositoryOptsArgs(repo=args.repository) if args.repository else None,
                    values=LAYER_2,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace], delete_before_replace=True),
                )
            )
        self.register_outputs({})
