"""Nothing ever goes to whatever cluster kubectl points at."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

from lab.cluster import Cluster
from lab.fleet.objects import HIVE
from lab.hub import Hub
from lab.pulumi_cli import PulumiStack
from tests.engine.stacks import POOL, destroy, preview, program, refused, up

NEW_IMAGE = "quay.io/openshift-release-dev/ocp-release:4.12.41-multi"


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[Any]]]:
    """Listen on a port of loopback; give it, and who has connected so far."""
    callers: list[Any] = []

    def accept() -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, caller = listener.accept()
                callers.append(caller)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1], callers
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_another_current_context_gets_nothing(hub: Hub, stack: PulumiStack, tmp_path: Path) -> None:
    """Not even a question: neither from the provider nor from the hook that drains a pool."""
    kubeconfig: dict[str, Any] = yaml.safe_load(hub.kubeconfig.read_text())
    path = tmp_path / "kubeconfig"
    with listening() as (port, callers):
        cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
        kubeconfig["clusters"].append({"name": "elsewhere", "cluster": cluster})
        kubeconfig["contexts"].append(
            {"name": "elsewhere", "context": {**kubeconfig["contexts"][0]["context"], "cluster": "elsewhere"}}
        )
        kubeconfig["current-context"] = "elsewhere"
        path.write_text(yaml.safe_dump(kubeconfig))
        stack.override({"spillway:pools[0].releaseImage": NEW_IMAGE, "spillway:pools[0].workers": {"replicas": 5}})
        stack.env["KUBECONFIG"] = str(path)
        try:
            assert "update pool-aws-pool" in up(stack)
            assert preview(stack, "--refresh") == set()
            pool = hub.cluster.get(*POOL) or {}
            assert hub.cluster.get(HIVE, "ClusterImageSet", pool["spec"]["imageSetRef"]["name"])
            gone = destroy(stack, "--run-program", "--target", "**::pool-aws-pool", "--target-dependents")
            assert "delete pool-aws-pool" in gone
        finally:
            stack.env["KUBECONFIG"] = str(hub.kubeconfig)
        assert callers == []
        # It would have been seen.
        with pytest.raises(urllib3.exceptions.HTTPError):
            Cluster(path)
        assert callers


def test_a_resource_without_a_provider_is_refused(stack: PulumiStack, tmp_path: Path) -> None:
    def forget(text: str) -> str:
        begin = text.index('Workload("workload"')
        return text[:begin] + text[begin:].replace(", opts=on_hub", "", 1)

    with program(stack, tmp_path, forget):
        assert "Default provider for 'kubernetes' disabled" in refused(stack, "preview")
