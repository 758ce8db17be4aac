"""All rules, in the order in which they are shown."""

from . import consistency, cost, safety, security

RULES = (*cost.RULES, *safety.RULES, *security.RULES, *consistency.RULES)
