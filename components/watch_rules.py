"""What an operator of the hub must hear about, as Prometheus alerts.

Metrics: openshift/hive (pkg/controller/clusterpool/metrics.go, pkg/controller/metrics), read with Hive's own labels;
stolostron/clusterlifecycle-state-metrics (`acm_managed_cluster_status_condition`); kube-apiserver's count of stored
objects; kube-state-metrics' `kube_namespace_labels` and `kube_deployment_spec_replicas`. Hive exports no name of a
cluster, no condition of a pool and no age of a claim: the alerts tell that something is wrong, the runbooks how to
find where.
"""

from collections.abc import Callable, Sequence

from kinds.hive import API_VERSION as HIVE
from kinds.monitoring import AlertingRule, PrometheusRuleSpec, RuleGroup
from settings import Burst, Pool, Watch, Workload
from settings.values import nanoseconds

RUNBOOKS = "docs/watch.md"
GROUP = HIVE.partition("/")[0]
# Kubernetes 1.34 has a new name for it, and the old one for a while; -1 is a count that failed.
CLAIMS = (
    f'max((apiserver_storage_objects{{resource="clusterclaims.{GROUP}"}}'
    f' or apiserver_resource_objects{{group="{GROUP}",resource="clusterclaims"}}) >= 0)'
)
HELD = "sum(max by (clusterpool_namespace, clusterpool_name) (hive_clusterpool_clusterdeployments_claimed))"


def _alert(name: str, severity: str, expression: str, lasting: str, *told: str) -> AlertingRule:
    summary, description = told
    annotations = {"summary": summary, "description": description}
    return AlertingRule(
        alert=name, expr=expression, for_=lasting, labels={"severity": severity}, annotations=annotations
    )


def _with_runbook(rule: AlertingRule, page: str | None) -> AlertingRule:
    # OpenShift's console makes a link of `runbook_url`; git hosts differ in their addresses, so none is guessed.
    place = f"#{rule.alert.lower()}"
    runbook = {"runbook_url": f"{page}{place}"} if page else {"runbook": f"{RUNBOOKS}{place}"}
    return rule.model_copy(update={"annotations": rule.annotations | runbook})


def hub_rules(args: Watch) -> list[AlertingRule]:
    """Return the alerts on the whole hub, other stacks' pools included."""
    failed = {"Stop": "critical", "StartMachines": "warning"}
    paid = {
        "Stop": "It runs on, and is paid for, though it should hibernate.",
        "StartMachines": "A claim may be waiting for it.",
    }
    return [
        _alert(
            "SpillwayClusterLeaked",
            "critical",
            f"{HELD} > {CLAIMS}",
            "30m",
            "A cluster is held by a claim that does not exist",
            "{{ $value }} clusters are claimed, which is more than there are claims. Nobody will ever remove the rest.",
        ),
        _alert(
            "SpillwayClaimWaits",
            "warning",
            f"{CLAIMS} > {HELD}",
            f"{args.claim_minutes}m",
            "A claim has no cluster",
            f"There have been more claims than claimed clusters for {args.claim_minutes} minutes.",
        ),
        *(
            _alert(
                f"SpillwayFailedTo{what}",
                severity,
                f'max by (power_state) (hive_cluster_deployments{{age_lt="+Inf",power_state="FailedTo{what}"}}) > 0',
                "15m",
                f"A cluster reports FailedTo{what}",
                f"{{{{ $value }}}} clusters. {paid[what]}",
            )
            for what, severity in failed.items()
        ),
    ]


def _counter(pool: Pool) -> Callable[[str], str]:
    labels = f'clusterpool_namespace="{pool.place}",clusterpool_name="{pool.name}"'
    return lambda what: f"max(hive_clusterpool_clusterdeployments_{what}{{{labels}}})"


def burst_rules(pool: Pool, bursts: Sequence[Burst], workload: Workload) -> list[AlertingRule]:
    """Return the alerts on the bursts of one pool.

    Kyverno 1.19 forgets a DeletingPolicy when ten attempts in a row have failed, which takes five seconds while the API
    server is away, and does not look at it again (`maxRetries` in kyverno/kyverno, pkg/controllers/deleting).
    """
    if not bursts:
        return [
            _alert(
                "SpillwayClaimWithoutBurst",
                "warning",
                f"{_counter(pool)('claimed')} > 0",
                "60m",
                f"A cluster of pool {pool.place}/{pool.name} is claimed, and the pool has no burst",
                "{{ $value }} clusters. Only a person or the claim's lifetime ends that.",
            )
        ]
    least = min(burst.release_at for burst in bursts)
    hold = max(nanoseconds(burst.minimum_hold) for burst in bursts) // 60_000_000_000
    labels = f'namespace="{workload.namespace}",deployment="{workload.name}"'
    return [
        _alert(
            "SpillwayReleaseLate",
            "critical",
            f"{_counter(pool)('claimed')} > 0 and max(kube_deployment_spec_replicas{{{labels}}}) <= {least}",
            f"{hold + 30}m",
            f"A claim of pool {pool.place}/{pool.name} is not released",
            f"{{{{ $value }}}} clusters are claimed, and the application has been at {least} replicas or fewer for "
            "half an hour longer than a claim is held.",
        )
    ]


def _never_ready(pool: Pool) -> AlertingRule:
    """Return the alert on installs that fail: Hive removes such a cluster and begins another, each at full price."""
    count = _counter(pool)
    return _alert(
        "SpillwayPoolNotReady",
        "critical",
        f"{count('assignable')} + {count('standby')} == 0 and {count('claimed')} < {pool.max_size}",
        "3h",
        f"Pool {pool.place}/{pool.name} has had no cluster ready for three hours",
        "Installs may be failing one after the other, each at full price, and the next claim would wait.",
    )


def pool_rules(pool: Pool, args: Watch) -> list[AlertingRule]:
    """Return the alerts on one pool."""
    count = _counter(pool)
    place = f"{pool.place}/{pool.name}"
    names = f"{pool.name}-[a-z0-9]{{5}}"
    short = (
        f"{count('unclaimed')} < {pool.size} and {count('unclaimed')} + {count('claimed')} < {pool.max_size}"
        f" and {count('installing')} == 0 and {count('deleting')} == 0"
    )
    return [
        _alert(
            "SpillwayClusterRunsUnclaimed",
            "warning",
            f"{count('assignable')} > {pool.running}",
            "30m",
            f"A cluster of pool {place} runs without a claim",
            f"{{{{ $value }}}} unclaimed clusters run; the pool keeps {pool.running} awake.",
        ),
        _alert(
            "SpillwayPoolShort",
            "warning",
            short,
            "30m",
            f"Pool {place} lacks clusters and installs none",
            f"It has {{{{ $value }}}} of {pool.size}. What it needs is missing, or Hive does not work.",
        ),
        *([_never_ready(pool)] if pool.size else []),
        _alert(
            "SpillwayRemovalStuck",
            "critical",
            f'max by (namespace) (hive_cluster_deployment_deprovision_underway_seconds{{namespace=~"{names}"}}) > 7200',
            "10m",
            f"A cluster of pool {place} is not removed from AWS",
            "{{ $labels.namespace }} has been going for two hours. Its keys may be gone.",
        ),
        _alert(
            "SpillwayClusterUnreachable",
            "warning",
            f'max by (managed_cluster_name) (acm_managed_cluster_status_condition{{managed_cluster_name=~"{names}",'
            'condition="ManagedClusterConditionAvailable",status!="true"}) > 0',
            "15m",
            f"A claimed cluster of pool {place} cannot be reached",
            "{{ $labels.managed_cluster_name }} does not report to ACM.",
        ),
        _alert(
            "SpillwayStandbyOld",
            "warning",
            # An hour back, so that a short silence of the monitoring does not begin the days anew.
            "max by (namespace) (max_over_time("
            f'kube_namespace_labels{{label_hive_openshift_io_cluster_pool_name="{pool.name}"}}[1h]))',
            f"{args.standby_days}d",
            f"A cluster of pool {place} is due for renewal",
            f"{{{{ $labels.namespace }}}} is {args.standby_days} days old. After too long it cannot be resumed.",
        ),
        _alert(
            "SpillwayHiveSilent",
            "critical",
            f"absent({count('unclaimed')})",
            "30m",
            f"Nothing is known of pool {place}",
            "Hive's metrics are not read, or the pool is gone. None of the other alerts can fire.",
        ),
    ]


def hub_spec(args: Watch) -> PrometheusRuleSpec:
    """Return the object with the alerts on the whole hub."""
    return _spec("spillway", [_with_runbook(rule, args.runbooks) for rule in hub_rules(args)])


def pool_spec(pool: Pool, bursts: Sequence[Burst], workload: Workload, args: Watch) -> PrometheusRuleSpec:
    """Return the object with the alerts on a pool, which every one of them names in a label, and on its bursts.

    The label tells alerts of one name apart. One object for all pools was more than etcd takes, with 500 of them.
    """
    label = {"pool": f"{pool.place}/{pool.name}"}
    own = [burst for burst in bursts if burst.pool == pool.name]
    found = [
        _with_runbook(rule, args.runbooks) for rule in (*pool_rules(pool, args), *burst_rules(pool, own, workload))
    ]
    return _spec(
        f"spillway-{pool.place}-{pool.name}",
        [rule.model_copy(update={"labels": rule.labels | label}) for rule in found],
    )


def _spec(group: str, found: list[AlertingRule]) -> PrometheusRuleSpec:
    return PrometheusRuleSpec(groups=[RuleGroup(name=group, rules=found)])
