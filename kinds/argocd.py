"""Argo CD: `argoproj.io/v1alpha1` (argoproj/argo-cd)."""

from typing import ClassVar

from pydantic import Field

from kinds.base import LabelSelector, Part, Spec

API_VERSION = "argoproj.io/v1alpha1"


class GroupKind(Part):
    """A kind that a project allows."""

    group: str
    kind: str


class ProjectDestination(Part):
    """Where the applications of a project may deploy; `name` is a glob over the names of registered clusters."""

    name: str
    namespace: str


class AppProjectSpec(Spec):
    """What the applications of a project may read, and where they may write what; no cluster-scoped kind at all."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "AppProject"

    source_repos: list[str]
    destinations: list[ProjectDestination]
    namespace_resource_whitelist: list[GroupKind]


class ClusterDecisionResource(Part):
    """Makes one application for each cluster that a Placement decided on; polled, not watched."""

    config_map_ref: str
    label_selector: LabelSelector
    requeue_after_seconds: int


class Generator(Part):
    """A source of parameters."""

    cluster_decision_resource: ClusterDecisionResource


class ApplicationDestination(Part):
    """The cluster and namespace of an application."""

    server: str
    namespace: str


class ApplicationSource(Part):
    """The folder of a git repository that is delivered."""

    repo_url: str = Field(serialization_alias="repoURL")
    path: str
    target_revision: str


class IgnoredDifference(Part):
    """Fields that somebody else owns."""

    group: str
    kind: str
    json_pointers: list[str]


class AutomatedSync(Part):
    """Sync without a person; `prune` removes what left git."""

    self_heal: bool
    prune: bool


class RetryBackoff(Part):
    """The pauses between the attempts of a sync."""

    duration: str
    factor: int
    max_duration: str


class Retry(Part):
    """How often a failed sync is tried again before Argo CD waits for another commit."""

    limit: int
    backoff: RetryBackoff


class SyncPolicy(Part):
    """How an application is synced."""

    automated: AutomatedSync
    sync_options: list[str]
    retry: Retry


class ApplicationSpec(Part):
    """The `spec` of the generated applications."""

    project: str
    destination: ApplicationDestination
    source: ApplicationSource
    ignore_differences: list[IgnoredDifference]
    sync_policy: SyncPolicy


class ApplicationMetadata(Part):
    """The name of a generated application; what is in double braces is filled in for each cluster."""

    name: str


class ApplicationTemplate(Part):
    """What each generated application looks like."""

    metadata: ApplicationMetadata
    spec: ApplicationSpec


class ApplicationSetSyncPolicy(Part):
    """What becomes of an application's objects when the application goes."""

    preserve_resources_on_deletion: bool


class ApplicationSetSpec(Spec):
    """One application for each selected cluster; the template is Go's."""

    api_version: ClassVar[str] = API_VERSION
    kind: ClassVar[str] = "ApplicationSet"

    go_template: bool
    go_template_options: list[str]
    generators: list[Generator]
    template: ApplicationTemplate
    sync_policy: ApplicationSetSyncPolicy
