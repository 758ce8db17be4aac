"""How long the played parts take."""

from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True)
class Timings:
    """Durations in seconds as they are in the real world, and how many times faster they pass here."""

    factor: float
    # openshift/hive PR #1037: "waiting 40 minutes for an install".
    install: float = 40 * MINUTE
    # openshift/hive docs/clusterpools.md: claim to usable typically 2 to 5 minutes.
    resume: float = 5 * MINUTE
    # Red Hat's article on hibernation: under 5 minutes.
    hibernate: float = 3 * MINUTE
    # One attempt may take an hour (openshift/hive pkg/install/generate.go); this is an estimate of a usual one.
    deprovision: float = 15 * MINUTE
    # Estimates.
    operator: float = 2 * MINUTE
    multi_cluster_hub: float = 10 * MINUTE
    token: float = 10

    def over(self, seconds: float, since: float, now: float) -> bool:
        """Tell whether a duration of the real world has passed here."""
        return now - since >= seconds / self.factor
