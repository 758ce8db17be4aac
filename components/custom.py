"""One way to write a custom resource, so that no component forgets what each of them needs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from kinds.base import Spec

WAIT_FOR = "pulumi.com/waitFor"
# Makes the provider take fields from whoever wrote them last, instead of ending with a conflict.
FORCE = "pulumi.com/patchForce"


class StatusResource(pulumi.CustomResource):
    """A custom resource whose status can be read, which the generic CustomResource of the SDK does not offer."""

    status: pulumi.Output[Any]

    def __init__(self, name: str, spec: Spec, meta: ObjectMetaArgs, opts: pulumi.ResourceOptions):
        super().__init__(
            f"kubernetes:{spec.api_version}:{spec.kind}",
            name,
            {
                "apiVersion": spec.api_version,
                "kind": spec.kind,
                "metadata": meta,
                "spec": spec.render(),
                "status": None,
            },
            opts,
        )


def metadata(
    name: str,
    namespace: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    wait_for: Sequence[str] = (),
) -> ObjectMetaArgs:
    """Return an object's metadata.

    The namespace is always written out: the provider cannot know the scope of a kind whose CRD an operator installs
    later. `wait_for` are conditions (`jsonpath=...` or `condition=...`) that must all hold before the resource counts
    as created; without them the provider waits for nothing on a custom resource.
    """
    waits = {WAIT_FOR: wait_for[0] if len(wait_for) == 1 else json.dumps(list(wait_for))} if wait_for else {}
    return ObjectMetaArgs(
        name=name,
        namespace=namespace,
        labels=dict(labels) if labels else None,
        annotations={**(annotations or {}), **waits} or None,
    )


def custom_resource(
    resource_name: str,
    spec: Spec,
    meta: ObjectMetaArgs,
    *,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    timeout: str | None = None,
    protect: bool | None = None,
    replace_on_changes: Sequence[str] = (),
    hooks: pulumi.ResourceHookBinding | None = None,
    ignore_changes: Sequence[str] = (),
) -> CustomResource:
    """Create a custom resource of the kind that `spec` names.

    It is deleted before it is replaced: its name is fixed, so the new one could not be created beside the old one.

    Args:
        resource_name: Pulumi's logical name.
        spec: the model of its spec.
        meta: its metadata, from `metadata`.
        parent: the component that it belongs to.
        depends_on: what must exist before it, and be deleted after it.
        timeout: how long creation and deletion may take, such as "90m"; default: the provider's 10 minutes.
        protect: refuse to delete it; default: as the parent.
        replace_on_changes: property paths that upstream does not let change.
        hooks: what the engine runs around its creation and deletion.
        ignore_changes: property paths that somebody else changes after creation.
    """
    return CustomResource(
        resource_name,
        api_version=spec.api_version,
        kind=spec.kind,
        metadata=meta,
        spec=spec.render(),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            delete_before_replace=True,
            protect=protect,
            replace_on_changes=list(replace_on_changes) or None,
            hooks=hooks,
            ignore_changes=list(ignore_changes) or None,
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, delete=timeout) if timeout else None,
        ),
    )
