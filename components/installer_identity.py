"""The IAM user that installs, hibernates and removes clusters on AWS."""

import pulumi
from pulumi_aws.iam import AccessKey, Policy, User, UserPolicyAttachment

from components.installer_policies import Reach, documents
from settings import Identity

TAGS = {"managed-by": "spillway"}


class InstallerIdentity(pulumi.ComponentResource):
    """An IAM user with long-lived keys and no more rights than its clusters need.

    Pulumi type: `spillway:index:InstallerIdentity`. Creates a User, its managed Policies (`installer_policies.py` says
    which actions, from where, and how they are bound) with an attachment each, and an AccessKey for each generation in
    `args.keys`. Hive takes no session tokens, so a role cannot stand in for the user.

    Rotation: Hive copies the key into each cluster's namespace when it makes the cluster, and needs that copy to remove
    it. So a new generation is added beside the old one, the pools follow to the newest, and the old one is dropped when
    no cluster holds it (docs/runbooks/rotate-aws-key.md).

    Traps:
        - Whatever the clusters need must outlive them: pools depend on `ready`, which holds the old keys as well.
        - Mint lets the user create users under its prefix, with any policy: who holds its key can become administrator.
          With Passthrough it cannot, but the key is in each cluster.
        - The keys are in Pulumi's state, encrypted.
        - A key that was made by hand keeps the user from being deleted.

    Args:
        name: Pulumi's logical name.
        args: name of the user, key generations, protection.
        reach: what it may act on.

    Raises:
        ValueError: the regions or the domains alone are longer than a policy can be.
    """

    def __init__(self, name: str, args: Identity, *, reach: Reach, opts: pulumi.ResourceOptions | None = None):
        super().__init__("spillway:index:InstallerIdentity", name, None, opts)
        self.name = args.user
        self.user = User(
            f"{name}-user",
            name=args.user,
            tags=TAGS,
            # AWS would rename it in place, protected or not. But clusters are bound to it by its name, and the provider
            # looks for its old keys under the new one.
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, replace_on_changes=["name"]),
        )
        attachments: list[pulumi.Resource] = []
        for part, document in documents(reach).items():
            policy = Policy(
                f"{name}-policy-{part}",
                name=f"{args.user}-{part}",
                description=f"What {args.user} needs to install, hibernate and remove OpenShift clusters",
                policy=document,
                tags=TAGS,
                opts=pulumi.ResourceOptions(parent=self),
            )
            attachments.append(
                UserPolicyAttachment(
                    f"{name}-attachment-{part}",
                    user=self.user.name,
                    policy_arn=policy.arn,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        self.keys = {
            generation: AccessKey(
                f"{name}-key-{generation}", user=self.user.name, opts=pulumi.ResourceOptions(parent=self)
            )
            for generation in args.keys
        }
        self.generation = args.keys[-1]
        newest = self.keys[self.generation]
        self.access_key_id: pulumi.Output[str] = newest.id
        self.secret_access_key: pulumi.Output[str] = pulumi.Output.secret(newest.secret)
        self.version = f"{args.user}/{self.generation}"
        self.ready: list[pulumi.Resource] = [*attachments, *self.keys.values()]
        self.register_outputs({})
