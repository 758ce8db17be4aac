"""Kyverno on the hub."""

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from settings import Kyverno as KyvernoSettings


class Kyverno(pulumi.ComponentResource):
    """Installs Kyverno by its Helm chart, or takes it as it is.

    Pulumi type: `spillway:index:Kyverno`. Creates a Helm Release of a pinned chart version, or nothing when
    `install` is "existing".

    Trap: the permissions of Kyverno's controllers are ClusterRoles that aggregate by the label
    `app.kubernetes.io/instance`, which is the release's name. `release` must be that name also for an existing
    installation, or the trigger's permissions reach nobody.

    Args:
        name: Pulumi's logical name.
        args: chart, version, repository, release name and namespace.
    """

    def __init__(self, name: str, args: KyvernoSettings, *, opts: pulumi.ResourceOptions | None = None):
        super().__init__("spillway:index:Kyverno", name, None, opts)
        self.release = args.release
        self.ready: list[pulumi.Resource] = []
        if args.install == "chart":
            self.ready.append(
                Release(
                    f"{name}-release",
                    name=args.release,
                    namespace=args.namespace,
                    create_namespace=True,
                    chart=args.chart,
                    version=args.version,
                    repository_opts=RepositoryOptsArgs(repo=args.repository) if args.repository else None,
                    opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
                )
            )
        self.register_outputs({})
