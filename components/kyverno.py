"""Kyverno, and what its controllers may do for a policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.rbac.v1 import ClusterRole, PolicyRuleArgs

from components.custom import metadata
from settings import Kyverno as KyvernoSettings

# When a policy sees what happens. Its `ready` is true before, for as long as Kyverno has not looked at the webhook yet;
# what happened until then is lost.
SEES = "jsonpath={.status.conditionStatus.conditions[?@.type=='WebhookConfigured'].status}=True"


@dataclass(frozen=True)
class Permission:
    """What a controller may do with resources of one API group; `names` limits it to objects of these names."""

    group: str
    resources: Sequence[str]
    verbs: Sequence[str]
    names: Sequence[str] = ()


class Kyverno(pulumi.ComponentResource):
    """Installs Kyverno by its Helm chart, or takes it as it is.

    Pulumi type: `spillway:index:Kyverno`. Creates a Helm Release of a pinned chart version, or nothing when
    `install` is "existing".

    Trap: the permissions of Kyverno's controllers are ClusterRoles that aggregate by the label
    `app.kubernetes.io/instance`, which is the release's name. `release` must be that name also for an existing
    installation, or the trigger's permissions reach nobody.

    Trap: Kyverno asks the API server for its kinds at every new CRD, and keeps the answer. While it knows only some
    kinds of a group its webhook refuses policies on the others. So the CRDs that policies speak of come first.

    Args:
        name: Pulumi's logical name.
        args: chart, version, repository, release name and namespace.
        after: what brings the CRDs that policies speak of.
    """

    def __init__(
        self,
        name: str,
        args: KyvernoSettings,
        *,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ):
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
                    opts=pulumi.ResourceOptions(parent=self, depends_on=list(after), delete_before_replace=True),
                )
            )
        self.register_outputs({})

    def roles(
        self, name: str, prefix: str, permissions: Mapping[str, Sequence[Permission]], parent: pulumi.Resource
    ) -> list[pulumi.Resource]:
        """Create a ClusterRole for each controller, which Kyverno's own role of that controller takes up.

        Args:
            name: prefix of Pulumi's logical names.
            prefix: of the roles' names, followed by the controller's.
            permissions: for each controller, by the name of its component.
            parent: the component that needs them.
        """
        return [
            ClusterRole(
                f"{name}-{controller}",
                metadata=metadata(
                    f"{prefix}:{controller}",
                    labels={
                        "app.kubernetes.io/component": controller,
                        "app.kubernetes.io/instance": self.release,
                        "app.kubernetes.io/part-of": "kyverno",
                    },
                ),
                rules=[
                    PolicyRuleArgs(
                        api_groups=[permission.group],
                        resources=list(permission.resources),
                        verbs=list(permission.verbs),
                        resource_names=list(permission.names) or None,
                    )
                    for permission in granted
                ],
                opts=pulumi.ResourceOptions(parent=parent, depends_on=self.ready),
            )
            for controller, granted in permissions.items()
        ]
