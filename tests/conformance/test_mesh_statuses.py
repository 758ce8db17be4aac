"""What the players of Skupper and MetalLB write is valid against the upstream CRDs too.

Guards against tests of the lab that prove something about a status that no real controller could write.
"""

from pathlib import Path

from lab import engine
from lab.fleet.mesh import MeshFleet
from lab.mesh import MeshLab
from tests.conformance.upstream import CRDS, needs_crds
from tests.mesh import APPLICATION, FACTOR, NAMESPACE, SKUPPER, Net


@needs_crds
def test_the_mesh_comes_up_and_goes_with_the_upstream_crds(tmp_path: Path) -> None:
    lab = MeshLab(tmp_path / "lab", print, crds=CRDS, tied=True)
    player = MeshFleet(lab.kubeconfig, lab.contexts, FACTOR)
    try:
        lab.start()
        player.start()
        net = Net(lab, 2, tmp_path)
        net.up()
        net.wait_linked()
        records = {found["name"]: found for found in net.get("c1", "Site", "c1")["status"]["network"]}
        (service,) = records["c3"]["services"]
        assert service["routingKey"] == APPLICATION
        assert [name.partition("@")[0] for name in service["connectors"]] == [APPLICATION]
        weights = {APPLICATION: 1, "nowhere": 2}
        spec = {"host": "weighted", "port": 8080, "strategy": {"weighted": {"routingKeys": weights}}}
        metadata = {"name": "weighted", "namespace": NAMESPACE}
        kind = {"apiVersion": SKUPPER, "kind": "MultiKeyListener"}
        net.cluster("c1").apply({**kind, "metadata": metadata, "spec": spec})

        def reachable() -> bool:
            strategy = net.get("c1", "MultiKeyListener", "weighted").get("status", {}).get("strategy", {})
            return strategy == {"weighted": {"routingKeysReachable": {APPLICATION: 1}}}

        net.cluster("c1").wait_for("the key that can be reached", reachable, 60)
        engine.destroy("mesh", lab.kubeconfig, tmp_path, say=print)
        player.stop()
    finally:
        lab.stop()
