"""When somebody is told that a burst costs more than it should, or does not come."""

from pydantic import Field

from settings.section import Section
from settings.values import Name, Page


class Watch(Section):
    """Alerts for the hub's own monitoring."""

    namespace: Name = Field(default="spillway-watch", description="namespace of the alerts, made by the program")
    claim_minutes: int = Field(
        default=60, ge=10, le=1440, description="how many minutes a claim may be without a cluster that runs"
    )
    standby_days: int = Field(
        default=25,
        ge=1,
        le=89,
        description="after how many days a standby cluster is to be renewed; OpenShift up to 4.17 cannot be resumed "
        "after 30 days, later ones after 90",
    )
    runbooks: Page | None = Field(
        default=None,
        description="web address of your copy's `docs/watch.md`, to which each alert then links by `runbook_url`; "
        "default: it has a `runbook`, which names file and heading only",
        examples=["https://git.example.com/my/spillway/docs/watch.md"],
    )
