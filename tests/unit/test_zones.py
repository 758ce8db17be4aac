"""Hosted zones looked up in a mock of Route 53 (moto's server, over HTTP): found, missing, and ambiguous.

Proves the rule and the messages, and that the program takes the answer. Does not prove that Pulumi's AWS provider, which
asks in `pulumi up`, says the same: it is not part of these tests.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from preview.recording import ProgramError, record
from preview.zones import ZoneError, look_up

DOMAIN = "burst.example.com"
LOOKED_UP = {"spillway:aws.zones": [{"name": DOMAIN}]}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def route53(server: str) -> Iterator[Any]:
    client = boto3.client(
        "route53", endpoint_url=server, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    yield client
    for zone in client.list_hosted_zones()["HostedZones"]:
        client.delete_hosted_zone(Id=zone["Id"])


@pytest.fixture
def make(route53: Any) -> Callable[..., str]:
    references = iter(range(1000))

    def made(name: str, *, private: bool = False) -> str:
        vpc = {"VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}} if private else {}
        zone = route53.create_hosted_zone(
            Name=name, CallerReference=f"{name}-{next(references)}", HostedZoneConfig={"PrivateZone": private}, **vpc
        )
        return zone["HostedZone"]["Id"].rpartition("/")[2]

    return made


def test_found(route53: Any, make: Callable[..., str]) -> None:
    make("example.com")
    wanted = make(DOMAIN)
    make(f"x.{DOMAIN}")
    assert look_up(route53, DOMAIN) == wanted


def test_a_private_zone_of_the_name_does_not_count(route53: Any, make: Callable[..., str]) -> None:
    """Each cluster has a private zone; one of the base domain would be taken for the public one."""
    make(DOMAIN, private=True)
    with pytest.raises(ZoneError, match=r"^there is no public hosted zone burst\.example\.com in the account"):
        look_up(route53, DOMAIN)


def test_missing(route53: Any, make: Callable[..., str]) -> None:
    make("example.com")
    with pytest.raises(ZoneError, match="set its source to create"):
        look_up(route53, DOMAIN)


def test_ambiguous(route53: Any, make: Callable[..., str]) -> None:
    """With two, the installer writes into the one that may not be delegated to, and no cluster is ever found."""
    ids = sorted([make(DOMAIN), make(DOMAIN)])
    with pytest.raises(ZoneError, match=rf"there are 2 public hosted zones .*\({', '.join(ids)}\)"):
        look_up(route53, DOMAIN)


def test_two_pages_of_one_name() -> None:
    """Route 53 answers in pages; the second zone of a name may be on the next."""
    zone = {"Name": f"{DOMAIN}.", "Config": {"PrivateZone": False}}

    class Pages:
        def list_hosted_zones_by_name(self, **place: str) -> dict[str, Any]:
            if "HostedZoneId" not in place:
                return {
                    "HostedZones": [{"Id": "/hostedzone/Z1", **zone}], "IsTruncated": True,
                    "NextDNSName": f"{DOMAIN}.", "NextHostedZoneId": "Z2",
                }  # fmt: skip
            return {"HostedZones": [{"Id": "/hostedzone/Z2", **zone}], "IsTruncated": False}

    with pytest.raises(ZoneError, match=r"\(Z1, Z2\)"):
        look_up(Pages(), DOMAIN)


class TestProgram:
    """The whole program, with what it looks up answered from the mock.

    The three run in one process on purpose: what a failed run leaves pending in the SDK once broke the next one.
    """

    @staticmethod
    def answer(route53: Any) -> Callable[[str, Mapping[str, Any]], Mapping[str, Any]]:
        def answered(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            assert (token, dict(arguments)) == ("aws:route53/getZone:getZone", {"name": DOMAIN, "privateZone": False})
            try:
                return {"zoneId": look_up(route53, DOMAIN), "nameServers": ["ns-1.example.net"]}
            except ZoneError as error:
                raise ProgramError(str(error)) from None

        return answered

    def test_found(self, route53: Any, make: Callable[..., str]) -> None:
        wanted = make(DOMAIN)
        recording = record("prod", overrides=LOOKED_UP, answer=self.answer(route53))
        assert recording.exports["zones"] == {DOMAIN: {"id": wanted, "nameServers": ["ns-1.example.net"]}}
        assert recording.of_type("aws:route53/zone:Zone") == []

    def test_missing_ends_the_run(self, route53: Any) -> None:
        with pytest.raises(ProgramError, match="there is no public hosted zone"):
            record("prod", overrides=LOOKED_UP, answer=self.answer(route53))

    def test_ambiguous_ends_the_run(self, route53: Any, make: Callable[..., str]) -> None:
        assert make(DOMAIN) != make(DOMAIN)
        with pytest.raises(ProgramError, match="there are 2 public hosted zones"):
            record("prod", overrides=LOOKED_UP, answer=self.answer(route53))
