"""Tokens of Skupper 2 on the mesh's lab: redeemed once, within their time, and told when they are not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import engine
from lab.cluster import Manifest
from lab.mesh import MeshLab
from tests.mesh import NAMESPACE, SKUPPER, Net


@pytest.fixture(scope="module")
def net(mesh: MeshLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    made = Net(mesh, 2, Path(tmp_path_factory.mktemp("engine")))
    made.up()
    yield made
    engine.destroy("mesh", mesh.kubeconfig, made.folder, say=print)


def token(net: Net, name: str, grant: Manifest) -> Manifest:
    """Make a token on c3 by hand and return it with an answer."""
    spec = {key: grant["status"][key] for key in ("url", "code", "ca")}
    metadata = {"name": name, "namespace": NAMESPACE}
    net.cluster("c3").apply({"apiVersion": SKUPPER, "kind": "AccessToken", "metadata": metadata, "spec": spec})

    def answered() -> Manifest | None:
        found = net.get("c3", "AccessToken", name)
        return found if found.get("status") else None

    return net.cluster("c3").wait_for("an answer", answered)


def made_of(net: Net, name: str) -> list[Any]:
    return [
        found
        for found in (net.get("c3", "Link", name), net.cluster("c3").get("v1", "Secret", name, NAMESPACE))
        if found
    ]


def test_a_grant_is_redeemed_once(net: Net) -> None:
    net.wait_linked()
    grant = net.get("c1", "AccessGrant", "c2-c1-1")
    assert grant["status"]["redemptions"] == 1
    second = token(net, "second", grant)
    assert second["status"]["status"] == "Error"
    assert second["status"]["message"] == "Controller got failed response: 404 (Not Found) No such access granted"
    assert made_of(net, "second") == []
    assert net.get("c1", "AccessGrant", "c2-c1-1")["status"]["redemptions"] == 1


def test_a_wrong_code_is_refused_and_spends_nothing(net: Net) -> None:
    metadata, spec = {"name": "spare", "namespace": NAMESPACE}, {"redemptionsAllowed": 1, "expirationWindow": "15m"}
    net.cluster("c1").apply({"apiVersion": SKUPPER, "kind": "AccessGrant", "metadata": metadata, "spec": spec})

    def ready() -> Manifest | None:
        found = net.get("c1", "AccessGrant", "spare")
        return found if found.get("status", {}).get("status") == "Ready" else None

    grant = net.cluster("c1").wait_for("the grant", ready)
    guessed = token(net, "guessed", {"status": {**grant["status"], "code": "guess"}})
    assert "403 (Forbidden)" in guessed["status"]["message"]
    assert "redemptions" not in net.get("c1", "AccessGrant", "spare")["status"]
    assert token(net, "right", grant)["status"]["redeemed"] is True
    assert len(made_of(net, "right")) == 2
    for api, kind in ((SKUPPER, "Link"), ("v1", "Secret"), (SKUPPER, "AccessToken")):
        net.cluster("c3").delete(api, kind, "right", NAMESPACE)


def test_an_expired_token_is_refused_and_up_says_so(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried for ten minutes; the message must say why, and counting the redemption up must mend it."""
    with monkeypatch.context() as impatient:
        impatient.setattr(engine, "seconds", lambda _text, _default=0: 5)
        with pytest.raises(engine.EngineError) as failed:
            net.up({"links[1].redemption": 2, "links[1].expiry": "1ms"})
    (line,) = str(failed.value).splitlines()
    assert line.startswith(f"AccessToken {NAMESPACE}/c3-c1-2 on kind-c3: not ready after 5 s")
    assert "Controller got failed response: 404 (Not Found) No such claim" in line
    status = net.get("c3", "AccessToken", "c3-c1-2")["status"]
    assert (status["status"], status["redeemed"]) == ("Error", False)
    assert made_of(net, "c3-c1-2") == []
    # Nothing is pruned by a run that failed: the old link stays.
    assert net.wait_linked()
    net.up({"links[1].redemption": 3})
    net.wait("the new link alone", lambda s: [(k.name, k.to) for k in s["c3"].links] == [("c3-c1-3", "c1")])


def test_a_token_by_a_name_that_exists_spends_the_grant_and_fails(net: Net) -> None:
    """skupperproject/skupper#1919: why every redemption has a name of its own."""
    metadata, spec = {"name": "spent", "namespace": NAMESPACE}, {"redemptionsAllowed": 1, "expirationWindow": "15m"}
    net.cluster("c1").apply({"apiVersion": SKUPPER, "kind": "AccessGrant", "metadata": metadata, "spec": spec})
    net.cluster("c3").apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "spent", "namespace": NAMESPACE}}
    )

    def ready() -> Manifest | None:
        found = net.get("c1", "AccessGrant", "spent")
        return found if found.get("status", {}).get("status") == "Ready" else None

    refused = token(net, "spent", net.cluster("c1").wait_for("the grant", ready))
    assert 'secrets "spent" already exists' in refused["status"]["message"]
    assert net.get("c1", "AccessGrant", "spent")["status"]["redemptions"] == 1
