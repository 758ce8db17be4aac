"""A link between two sites that Pulumi reaches both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import Secret

from components.custom import FORCE, StatusResource, metadata
from components.skupper_site import SkupperSite
from kinds.skupper import API_VERSION, COST_ANNOTATION, TOKEN, TOKEN_REQUEST, TYPE_LABEL, AccessGrantSpec
from settings import MeshLink

# What a token of version 1 says about the site that it leads to (1.9, `client/connector_token_create.go`).
COPIED = (
    "inter-router-host", "inter-router-port", "edge-host", "edge-port", "skupper.io/generated-by",
    "skupper.io/site-version",
)  # fmt: skip


@dataclass(frozen=True)
class LinkEnd:
    """A site and the provider of its cluster. `adopter` is one that takes over what the controller made."""

    site: SkupperSite
    provider: Provider
    adopter: Provider | None = None


def secret_once_known(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Mark what another resource answers as secret as soon as it is known.

    `pulumi.Output.secret` marks an unknown value too. When the other resource has failed and `up` goes on, the engine
    ends on such a value with `malformed RPC secret`.
    """
    return value.apply(pulumi.Output.secret)


def annotation(found: Mapping[str, str] | None, key: str) -> str:
    """Return an annotation of a filled token.

    Raises:
        pulumi.RunError: it is missing.
    """
    value = (found or {}).get(key)
    if not value:
        raise pulumi.RunError(f"the token has no annotation {key}: Skupper has not filled it")
    return value


class SkupperLink(pulumi.ComponentResource):
    """Links one site to another with an explicit cost.

    Pulumi type: `spillway:index:SkupperLink`. Creates with version 2 an AccessGrant at the accepting site and an
    AccessToken at the linking one, which is redeemed once; then it takes over the Link and the Secret that the
    controller made from it, so that the cost can change and both go when the link goes (deleting a token unlinks
    nothing). With version 1 it creates a token request at the accepting site, which Skupper fills, and the token's
    Secret at the linking one. In both it ends when the credential is there, with version 2 when the link is up.

    The code and the keys are secret outputs: they are in the clusters and in Pulumi's encrypted state only.

    Traps:
        - A grant or token is never used again under its name: a second redemption into a Secret that exists fails and
          is spent all the same (skupperproject/skupper#1919). So `redemption` is part of every name.
        - A change of cost breaks the connections of the link. With version 2 the controller makes the router's
          connector anew; with version 1 it never looks at the cost of a connector that it has, so the Secret is
          replaced, under another name, because the router's side compares names only.
        - A grant is made when both sites are there: it expires, and a cluster that was away would come too late for it.
        - A grant's answers are read as soon as it is ready, for its certificate may change with the controller.

    Args:
        name: Pulumi's logical name; also the prefix of the objects' names.
        args: cost, expiry of the token, and how often it was made anew.
        accepting: the site that the link goes to.
        linking: the site that makes it.

    Raises:
        ValueError: the sites are of different versions of Skupper, which cannot talk.
    """

    def __init__(
        self,
        name: str,
        args: MeshLink,
        *,
        accepting: LinkEnd,
        linking: LinkEnd,
        opts: pulumi.ResourceOptions | None = None,
    ):
        super().__init__("spillway:index:SkupperLink", name, None, opts)
        versions = accepting.site.args.version, linking.site.args.version
        if versions[0] != versions[1]:
            raise ValueError(f"{name}: sites of version {versions[0]} and {versions[1]} cannot talk to each other")
        if versions[0] == 1:
            self._by_secret(name, args, accepting, linking)
        else:
            self._by_token(name, args, accepting, linking)
        self.register_outputs({})

    def _by_secret(self, name: str, args: MeshLink, accepting: LinkEnd, linking: LinkEnd) -> None:
        credential = f"{name}-{args.redemption}"
        request = Secret(
            f"{name}-request-{args.redemption}",
            metadata=metadata(
                credential,
                accepting.site.args.namespace,
                labels={TYPE_LABEL: TOKEN_REQUEST},
                wait_for=[f"jsonpath={{.metadata.labels['{TYPE_LABEL}']}}={TOKEN}"],
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=accepting.provider,
                depends_on=[accepting.site.site, linking.site.site],
                delete_before_replace=True,
                # Skupper turns the label and fills the data; writing the label again would make a new certificate.
                ignore_changes=["metadata.labels", "data", "type"],
            ),
        )
        # With the id, which is not known before the Secret is there: in a preview the provider answers with what it was
        # given, which has none of these annotations.
        filled = pulumi.Output.all(request.id, request.metadata.annotations)
        annotations = {key: filled.apply(lambda both, key=key: annotation(both[1], key)) for key in COPIED}
        # Not by the SDK's class, which marks its data as secret before it is known.
        pulumi.CustomResource(
            "kubernetes:core/v1:Secret",
            f"{name}-token",
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": f"{credential}-cost-{args.cost}",
                    "namespace": linking.site.args.namespace,
                    "labels": {TYPE_LABEL: TOKEN},
                    "annotations": {**annotations, COST_ANNOTATION: str(args.cost)},
                },
                "data": secret_once_known(request.data),
            },
            pulumi.ResourceOptions(
                parent=self,
                provider=linking.provider,
                depends_on=[linking.site.site, request],
                delete_before_replace=True,
                additional_secret_outputs=["data"],
            ),
        )

    def _by_token(self, name: str, args: MeshLink, accepting: LinkEnd, linking: LinkEnd) -> None:
        credential, namespace = f"{name}-{args.redemption}", linking.site.args.namespace
        grant = StatusResource(
            f"{name}-grant-{args.redemption}",
            AccessGrantSpec(redemptions_allowed=1, expiration_window=args.expiry),
            metadata(credential, accepting.site.args.namespace, wait_for=["condition=Ready"]),
            pulumi.ResourceOptions(
                parent=self,
                provider=accepting.provider,
                depends_on=[accepting.site.site, linking.site.site],
                delete_before_replace=True,
                additional_secret_outputs=["status"],
            ),
        )
        status = secret_once_known(grant.status)
        token = _object(
            f"{name}-token-{args.redemption}",
            "AccessToken",
            metadata(credential, namespace, wait_for=["condition=Redeemed"]),
            {"url": status["url"], "code": status["code"], "ca": status["ca"], "linkCost": args.cost},
            pulumi.ResourceOptions(
                parent=self,
                provider=linking.provider,
                depends_on=[linking.site.site, grant],
                delete_before_replace=True,
                # It is used once; what the grant says later is nothing to it.
                ignore_changes=["spec"],
            ),
        )
        adopted = pulumi.ResourceOptions(
            parent=self, provider=linking.adopter, depends_on=[token], delete_before_replace=True
        )
        secret = Secret(f"{name}-secret-{args.redemption}", metadata=metadata(credential, namespace), opts=adopted)
        _object(
            f"{name}-link-{args.redemption}",
            "Link",
            # Written over what the controller has in it: the cost is the program's.
            metadata(credential, namespace, annotations={FORCE: "true"}, wait_for=["condition=Operational"]),
            {"endpoints": accepting.site.endpoints, "tlsCredentials": credential, "cost": args.cost},
            pulumi.ResourceOptions(
                parent=self, provider=linking.adopter, depends_on=[token, secret], delete_before_replace=True
            ),
        )


def _object(
    name: str, kind: str, meta: Any, spec: dict[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    """Create an object of version 2 whose spec holds what another object answered, which no model can hold."""
    inputs = {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": spec}
    return pulumi.CustomResource(f"kubernetes:{API_VERSION}:{kind}", name, inputs, opts)
