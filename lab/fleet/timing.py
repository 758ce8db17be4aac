"""How long the played parts take, and a clock that runs faster."""

import math
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True)
class Timings:
    """Durations in seconds, as they are in the real world."""

    # openshift/hive PR #1037: "waiting 40 minutes for an install".
    install: float = 40 * MINUTE
    # openshift/release PR #23306; openshift/hive docs/clusterpools.md: claim to usable typically 2 to 5 minutes.
    resume: float = 5 * MINUTE
    # Red Hat's article on hibernation: under 5 minutes.
    hibernate: float = 3 * MINUTE
    # One attempt may take an hour (openshift/hive pkg/install/generate.go); this is an estimate of a usual one.
    deprovision: float = 15 * MINUTE
    # openshift/hive pkg/controller/clusterpoolnamespace: minimumLifetime.
    namespace: float = 5 * MINUTE
    # openshift/hive pkg/controller/hibernation: hibernateAfterSyncSetsNotApplied.
    sync_sets: float = 10 * MINUTE
    # openshift/hive pkg/controller/clustersync: defaultReapplyInterval.
    reapply: float = 120 * MINUTE
    # open-cluster-management-io/ocm, pkg/registration/hub/lease: five times a lease of 60 seconds.
    lease_grace: float = 5 * MINUTE
    # Estimates.
    importing: float = 3 * MINUTE
    detach: float = 1 * MINUTE
    operator: float = 2 * MINUTE
    multi_cluster_hub: float = 10 * MINUTE
    token: float = 10
    site: float = 30
    link: float = 5
    # skupperproject/skupper internal/kube/watchers: the resync of every informer.
    resync: float = 5 * MINUTE


@dataclass
class Clock:
    """One look of a controller at the time; remembers when the next thing is due.

    Args:
        timings: durations of the real world.
        factor: how many times faster they pass here.
        now: seconds since the epoch, as they pass here.
    """

    timings: Timings
    factor: float
    now: float
    due: float = math.inf

    def over(self, duration: float, since: float) -> bool:
        """Tell whether a duration of the real world, in seconds, has passed here."""
        end = since + duration / self.factor
        if self.now < end:
            self.due = min(self.due, end)
        return self.now >= end
