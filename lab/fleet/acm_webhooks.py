"""Plays ACM's webhook on cluster sets, as policies that the API server itself enforces.

Source: stolostron/multicloud-operators-foundation, pkg/webhook/validating.

Keeps, with the real one's words: the set label of a ClusterPool never changes; that of a ManagedCluster which came from
a pool never does either, but from none to `default`; a ManagedClusterSet goes by the label.
Leaves out: the right to join a set, the global set. A ManagedCluster that came from a pool is known here by its
annotation, as a policy cannot look for the ClusterDeployment.
"""

from lab.cluster import Cluster, Manifest
from lab.fleet.acm_claims import PROVISIONER
from lab.fleet.hive_pools import CLUSTER_SET

API = "admissionregistration.k8s.io/v1"
OLD, NEW = (f"{which}.metadata.?labels[?'{CLUSTER_SET}'].orValue('')" for which in ("oldObject", "object"))
# Each: the plural, its group and version, the operations, what must hold, and the refusal.
RULES = {
    "pool-set": (
        ("hive.openshift.io", "v1", "clusterpools"),
        ["UPDATE"],
        f"{OLD} == {NEW}",
        "Do not allow to update clusterpool's clusterset label",
    ),
    "claimed-cluster-set": (
        ("cluster.open-cluster-management.io", "v1", "managedclusters"),
        ["UPDATE"],
        f"{OLD} == {NEW} || ({OLD} == '' && {NEW} == 'default')"
        f" || !object.metadata.?annotations[?'{PROVISIONER}'].hasValue()",
        "Do not allow to update claimed cluster's clusterset",
    ),
    "set-by-label": (
        ("cluster.open-cluster-management.io", "v1beta2", "managedclustersets"),
        ["CREATE", "UPDATE"],
        "object.spec.?clusterSelector.?selectorType.orValue('ExclusiveClusterSetLabel') == 'ExclusiveClusterSetLabel'",
        "Do not allow to create/update this kind of clusterset",
    ),
}


def install(cluster: Cluster) -> None:
    """Put the rules in force; they stay when the simulator ends."""
    for name, ((group, version, plural), operations, expression, message) in RULES.items():
        full = f"acm-{name}.lab.spillway.io"
        rule = {"apiGroups": [group], "apiVersions": [version], "resources": [plural], "operations": operations}
        spec: Manifest = {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": expression, "message": message}],
        }
        for kind, content in (
            ("ValidatingAdmissionPolicy", spec),
            ("ValidatingAdmissionPolicyBinding", {"policyName": full, "validationActions": ["Deny"]}),
        ):
            cluster.apply({"apiVersion": API, "kind": kind, "metadata": {"name": full}, "spec": content}, force=True)
