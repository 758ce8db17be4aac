"""A pool of hibernated OpenShift clusters on AWS."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Namespace, Secret

from components.advanced_cluster_management import AdvancedClusterManagement
from components.base_domain import BaseDomain
from components.cluster_set import ClusterSet
from components.custom import custom_resource, metadata
from components.digest import digest
from components.install_config import install_config
from components.installer_identity import InstallerIdentity
from components.installer_policies import TAG
from components.interconnect_sync import InterconnectSync
from kinds.base import LocalReference
from kinds.hive import (
    AwsPlatform,
    ClaimLifetime,
    ClusterImageSetSpec,
    ClusterPoolSpec,
    HibernationConfig,
    Platform,
)
from kinds.ocm import CLUSTER_SET_LABEL
from settings import Credentials, Pool

# Hive gives one attempt to deprovision a cluster an hour, and AWS may need two.
DELETE_TIMEOUT = "150m"


def pool_spec(pool: Pool, *, image_set: str, install_config: str, aws: str, pull: str) -> ClusterPoolSpec:
    """Return the pool's spec; the keyword arguments name the objects that it refers to."""
    return ClusterPoolSpec(
        platform=Platform(aws=AwsPlatform(credentials_secret_ref=LocalReference(name=aws), region=pool.region)),
        base_domain=pool.base_domain,
        image_set_ref=LocalReference(name=image_set),
        pull_secret_ref=LocalReference(name=pull),
        install_config_secret_template_ref=LocalReference(name=install_config),
        size=pool.size,
        running_count=pool.running,
        max_size=pool.max_size,
        max_concurrent=pool.max_concurrent,
        claim_lifetime=ClaimLifetime(default=pool.claim_lifetime.default, maximum=pool.claim_lifetime.maximum),
        hibernation_config=HibernationConfig(resume_timeout=pool.resume_timeout),
        install_attempts_limit=pool.install_attempts_limit,
        # Otherwise Hive adds a MachinePool of three workers and undoes what the install-config says.
        skip_machine_pools=True,
    )


@dataclass(frozen=True)
class _AwsKey:
    """A key, and a text that changes when it does."""

    access_key_id: pulumi.Input[str]
    secret_access_key: pulumi.Input[str]
    version: str


def _aws_key(args: Pool, credentials: Credentials | None, identity: InstallerIdentity | None) -> _AwsKey | None:
    source = args.credentials.source
    if source == "identity":
        if not identity:
            raise ValueError(f"pool {args.name} takes its key from the identity, but there is none")
        return _AwsKey(identity.access_key_id, identity.secret_access_key, identity.version)
    if source == "existing":
        return None
    if not credentials or not credentials.aws_access_key_id or not credentials.aws_secret_access_key:
        raise ValueError(f"pool {args.name} takes its AWS key from the config, but none is given")
    key_id, secret_key = credentials.aws_access_key_id, credentials.aws_secret_access_key
    return _AwsKey(key_id.reveal(), secret_key.reveal(), digest(key_id.digest, secret_key.digest))


class ClusterPool(pulumi.ComponentResource):
    """A pool of clusters in one region, kept hibernated until they are claimed.

    Pulumi type: `spillway:index:ClusterPool`. Creates a Namespace, a ClusterImageSet, the Secrets for install-config,
    AWS and image pulls (the last two not where the pool refers to Secrets that exist), and the ClusterPool
    (openshift/hive, `apis/hive/v1/clusterpool_types.go`). It does not wait for the clusters: an install takes 40
    minutes, and a claim waits for its cluster anyway.

    Traps:
        - The cluster-set label on the pool's metadata is the only way into the set, and ACM's webhook makes it
          immutable: another set means another pool.
        - ACM deletes the pool's Secrets with the pool. Hive does not notice when a Secret or image set changes under
          the same name. So their names carry a digest of the content and of the set.
        - The image set is the pool's own: ACM's controller deletes image sets of its channel when they leave the list,
          and a pool without its image set resumes nothing.
        - The namespace holds the claims. Deleting it by hand destroys the claimed clusters.

    Args:
        name: Pulumi's logical name.
        args: the pool.
        credentials: the secrets of the stack; None when the pool refers to Secrets that exist.
        identity: whose key the pool's clusters get, for source identity.
        zone: the hosted zone of the base domain, where the stack looks it up or makes it.
        acm: ACM, which brings Hive.
        cluster_set: the set that claimed clusters join.
        set_name: its name.
        sync: what Hive keeps in its clusters.
        hooks: what the engine runs around its deletion, from `components.drain_hooks`.
    """

    def __init__(
        self,
        name: str,
        args: Pool,
        *,
        credentials: Credentials | None,
        identity: InstallerIdentity | None = None,
        zone: BaseDomain | None = None,
        acm: AdvancedClusterManagement,
        cluster_set: ClusterSet,
        set_name: str,
        sync: InterconnectSync,
        hooks: pulumi.ResourceHookBinding,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:ClusterPool", name, None, opts)
        self.namespace = Namespace(
            f"{name}-namespace",
            metadata=metadata(args.place),
            opts=pulumi.ResourceOptions(
                parent=self,
                # All of the pool depends on its namespace. So its clusters are gone before the keys, policies and the
                # zone, with which Hive removes them.
                depends_on=[acm.hub, *(identity.ready if identity else []), *(zone.ready if zone else [])],
                protect=args.protect,
                custom_timeouts=pulumi.CustomTimeouts(delete=DELETE_TIMEOUT),
            ),
        )
        version = digest(args.release_image)
        image_set_name = f"{args.name}-{version}"
        image_set = custom_resource(
            # The logical name changes with the object's: the new image set comes before the pool is pointed at it, the
            # old one goes after.
            f"{name}-image-set-{version}",
            ClusterImageSetSpec(release_image=args.release_image),
            metadata(image_set_name),
            parent=self,
            depends_on=[acm.hub],
        )

        def secret(
            part: str, content: str, data: dict[str, pulumi.Input[str]], secret_type: str = "Opaque"
        ) -> tuple[str, Secret]:
            object_name = f"{args.name}-{part}-{digest(content, set_name)}"
            return object_name, Secret(
                f"{name}-{part}",
                metadata=metadata(object_name, args.place),
                type=secret_type,
                string_data=data,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.namespace]),
            )

        template = install_config(args, more_tags={TAG: identity.name} if identity else None)
        install_config_name, template_secret = secret("install-config", template, {"install-config.yaml": template})
        secrets = [template_secret]
        key = _aws_key(args, credentials, identity)
        if key:
            aws_name, aws_secret = secret(
                "aws-creds",
                key.version,
                {
                    "aws_access_key_id": pulumi.Output.secret(key.access_key_id),
                    "aws_secret_access_key": pulumi.Output.secret(key.secret_access_key),
                },
            )
            secrets.append(aws_secret)
        else:
            aws_name = args.credentials.aws_secret or ""
        if args.credentials.pull_secret:
            pull_name = args.credentials.pull_secret
        else:
            if not credentials or not credentials.pull_secret:
                raise ValueError(f"pool {args.name} takes its pull secret from the config, but none is given")
            pull_name, pull_secret = secret(
                "pull-secret",
                credentials.pull_secret.digest,
                {".dockerconfigjson": pulumi.Output.secret(credentials.pull_secret.reveal())},
                secret_type="kubernetes.io/dockerconfigjson",
            )
            secrets.append(pull_secret)
        self.pool = custom_resource(
            f"{name}-pool",
            pool_spec(args, image_set=image_set_name, install_config=install_config_name, aws=aws_name, pull=pull_name),
            metadata(
                args.name,
                args.place,
                labels={
                    "cloud": "AWS",
                    "region": args.region,
                    "vendor": "OpenShift",
                    **args.labels,
                    CLUSTER_SET_LABEL: set_name,
                },
            ),
            parent=self,
            # Without sync and registration, clusters that exist would lose the application while they still serve. So
            # both are deleted after the pool and its clusters.
            depends_on=[self.namespace, image_set, *secrets, cluster_set.gitops_cluster, sync.sync],
            timeout=DELETE_TIMEOUT,
            protect=args.protect,
            replace_on_changes=[f'metadata.labels["{CLUSTER_SET_LABEL}"]'],
            hooks=hooks,
        )
        self.register_outputs({})
