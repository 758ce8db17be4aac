"""The lab's client when the API server is slow."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kubernetes.dynamic.exceptions import ServerTimeoutError

from lab.cluster import Cluster


class Slow(BaseHTTPRequestHandler):
    """An API server that has no time for the first requests, and then has no kinds."""

    asked = 0
    refusals = 0

    def do_GET(self) -> None:
        code = 200
        if self.path == "/api/v1":
            Slow.asked += 1
            code = 504 if Slow.asked <= Slow.refusals else 404
        body = {"kind": "Any", "major": "1", "minor": "34", "versions": [], "groups": []}
        content = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    named = {"clusters": {"cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}, "users": {"user": {}}}
    entries = {section: [{"name": "slow", **entry}] for section, entry in named.items()}
    context = {"name": "slow", "context": {"cluster": "slow", "user": "slow"}}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps({**entries, "contexts": [context], "current-context": "slow"}))
    Slow.asked = 0
    yield Cluster(kubeconfig)
    server.shutdown()
    server.server_close()


def test_a_question_that_timed_out_in_the_api_server_is_asked_again(cluster: Cluster) -> None:
    """A storm of requests on a loaded machine once ended a test with the API server's own timeout (504)."""
    Slow.refusals = 2
    with pytest.raises(LookupError, match="no Pod in v1"):
        cluster.find("v1", "Pod")


def test_an_api_server_that_never_answers_in_time_is_told(cluster: Cluster) -> None:
    Slow.refusals = 100
    with pytest.raises(ServerTimeoutError):
        cluster.find("v1", "Pod")
