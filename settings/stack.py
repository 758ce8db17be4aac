"""All settings of a stack."""

from pydantic import Field

from settings.application import Burst, Delivery, Guardrails, Interconnect, Workload
from settings.aws import Aws
from settings.hub import ClusterSet, Hub, Operator
from settings.pools import Pool
from settings.section import Section
from settings.skupper_operator import CHANNELS
from settings.watch import Watch


class Settings(Section):
    """A hub stack."""

    hub: Hub = Field(description="the hub and its operators")
    cluster_set: ClusterSet = Field(description="the set of burst clusters")
    pools: tuple[Pool, ...] = Field(min_length=1, description="pools of hibernated clusters; one without a burst idles")
    workload: Workload = Field(description="the application")
    bursts: tuple[Burst, ...] = Field(min_length=1, description="tiers of burst, each with a pool of its own")
    delivery: Delivery = Field(description="what Argo CD delivers")
    interconnect: Interconnect = Field(description="the Skupper network")
    guardrails: Guardrails = Field(
        default=Guardrails(),
        description="budgets and allow-lists for the policies; those of pools count in hub stacks only",
    )
    aws: Aws = Field(default=Aws(), description="the AWS account: the installer's identity and the hosted zones")
    watch: Watch = Field(default=Watch(), description="alerts in the hub's monitoring")

    @property
    def skupper(self) -> Operator:
        """Skupper's operator, which OLM installs on the hub and on the burst clusters."""
        return self.hub.operators.skupper or Operator(channel=CHANNELS[self.interconnect.version])
