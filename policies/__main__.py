"""The policy pack, run by the Pulumi CLI in this folder. Constructing it serves it, and does not return."""

from guardrails.pack import PACK, policies
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack(PACK, policies=policies(), enforcement_level=EnforcementLevel.MANDATORY)
