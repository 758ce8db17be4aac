"""Plays the certificates of Skupper 2 (skupperproject/skupper 2.2, `internal/kube/certificates`).

Keeps: a client certificate is issued into a Secret of the same name by the authority that it names, once, and only if
that is there. Leaves out: server and signing certificates, renewal, and the router's and sites' own.
"""

from collections.abc import Callable

from lab.fleet.objects import owner
from lab.fleet.skupper_credentials import issue
from lab.fleet.skupper_world import API, READY, World, error, report
from lab.fleet.timing import Clock

KIND = "Certificate"


def reconcile(world: World, _clock: Clock, say: Callable[[str], None]) -> None:
    """Issue every certificate that was asked for."""
    for cluster in world.clusters:
        for asked in world.things(cluster, API, KIND):
            if asked.deleting:
                continue
            if world.find(cluster, "v1", "Secret", asked.namespace, asked.name) is None:
                ca = world.find(cluster, "v1", "Secret", asked.namespace, asked.spec["ca"])
                if ca is None:
                    report(asked, {"Configured": error(f"CA {asked.spec['ca']} not found")}, ("Configured",))
                    continue
                reference = owner(asked, API, KIND)
                metadata = {"name": asked.name, "namespace": asked.namespace, "ownerReferences": [reference]}
                data = issue(ca.data, asked.spec["subject"])
                world.clusters[cluster].create(
                    {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
                )
                say(f"{cluster}: certificate {asked.name} issued")
            report(asked, {"Configured": READY}, ("Configured",))
