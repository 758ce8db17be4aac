"""What the pools need, beside what AWS allows: limits that are there, lacking, and not to be read.

The answers of Service Quotas are botocore's Stubber's, checked by botocore against AWS's own model. They do not prove
that the codes of the quotas are right.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from preview import quotas
from settings import Pool, Settings, load
from tests.unit.stack_configs import config

ACCOUNT = "123456789012"


def prod() -> Settings:
    return load(*config(stack="prod"), "prod")[0]


def amounts(pools: list[Pool]) -> dict[tuple[str, str], int]:
    return {(need.region, need.quota.name): need.amount for need in quotas.needs(pools)}


def pool(**changes: Any) -> Pool:
    base = {
        "name": "aws", "region": "us-east-1", "baseDomain": "example.com", "releaseImage": "quay.io/o/r:4.18.1",
        "size": 1, "maxSize": 2,
    }  # fmt: skip
    return Pool.model_validate({**base, **changes})


def test_what_a_pool_needs() -> None:
    three = ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert amounts([pool(zones=three)]) == {
        # two clusters of six machines with four vCPUs, and one bootstrap machine
        ("us-east-1", "vCPU, standard on-demand instances"): 2 * 24 + 4,
        ("us-east-1", "elastic IP addresses"): 6,
        ("us-east-1", "VPCs"): 2,
        ("us-east-1", "NAT gateways in one zone"): 2,
        ("us-east-1", "network load balancers"): 4,
        ("us-east-1", "classic load balancers"): 2,
    }


def test_pools_of_a_region_add_up_and_zones_apart_do_not_share_nat_gateways() -> None:
    found = amounts([
        pool(), pool(zones=["us-east-1b"], publish="Internal"),
        pool(region="eu-west-1", workers={"type": "g5.xlarge", "replicas": 2}),
    ])  # fmt: skip
    assert found["us-east-1", "VPCs"] == 4
    assert found["us-east-1", "NAT gateways in one zone"] == 2
    assert found["us-east-1", "network load balancers"] == 6
    assert found["eu-west-1", "vCPU, G and VT on-demand instances"] == 16
    assert found["eu-west-1", "vCPU, standard on-demand instances"] == 28


def test_types_that_tell_nothing_are_named_and_not_counted_as_none() -> None:
    metal = pool(workers={"type": "m5.metal", "replicas": 2})
    assert quotas.unknown_types([metal]) == ["m5.metal"]
    assert quotas.unknown_types([pool()]) == []


def test_without_credentials_the_limits_are_defaults_and_marked_so() -> None:
    lines, enough = quotas.check(prod(), None)
    text = "\n".join(lines)
    assert not enough
    assert "us-east-1  vCPU, standard on-demand instances  76    5      AWS default  LACKS 71" in lines
    assert "No AWS credentials are given: these are AWS's defaults for a new account, not your limits." in lines
    assert "hosted zone example.com: not looked up" in text
    assert "--quota-code L-1216C47A --desired-value 76" in text


class Stubs:
    """Gives each service and region one client, with a Stubber."""

    def __init__(self, stack: ExitStack):
        self._stack = stack
        self._known: dict[tuple[str, str], tuple[Any, Stubber]] = {}
        self.asked: list[tuple[str, str]] = []

    def __call__(self, service: str, region: str) -> Any:
        if (service, region) not in self.asked:
            self.asked.append((service, region))
        return self._pair(service, region)[0]

    def of(self, service: str, region: str) -> Stubber:
        return self._pair(service, region)[1]

    def _pair(self, service: str, region: str) -> tuple[Any, Stubber]:
        if (service, region) not in self._known:
            client = boto3.client(service, region_name=region, aws_access_key_id="x", aws_secret_access_key="y")
            self._known[service, region] = client, self._stack.enter_context(Stubber(client))
        return self._known[service, region]

    def caller(self, account: str) -> None:
        answer = {"Account": account, "UserId": "AIDA", "Arn": f"arn:aws:iam::{account}:user/me"}
        self.of("sts", "us-east-1").add_response("get_caller_identity", answer)

    def limits(self, values: dict[str, float], refused: str | None = None) -> None:
        for need in quotas.needs(prod().pools):
            stub = self.of("service-quotas", need.region)
            asked = {"ServiceCode": need.quota.service, "QuotaCode": need.quota.code}
            if refused:
                stub.add_client_error("get_service_quota", refused, expected_params=asked)
            else:
                value = values.get(need.quota.code, float(need.quota.default))
                stub.add_response("get_service_quota", {"Quota": {"QuotaCode": need.quota.code, "Value": value}}, asked)

    def zone(self, domain: str) -> None:
        found = {"Id": "/hostedzone/Z1", "Name": f"{domain}.", "CallerReference": "x", "Config": {"PrivateZone": False}}
        answer = {"HostedZones": [found], "IsTruncated": False, "MaxItems": "100"}
        self.of("route53", "us-east-1").add_response("list_hosted_zones_by_name", answer, {"DNSName": domain})


class TestAccount:
    """With credentials. Each client is botocore's own, and answers what is queued for it."""

    @pytest.fixture
    def stubs(self) -> Iterator[Stubs]:
        with ExitStack() as stack:
            yield Stubs(stack)

    def test_limits_of_the_account(self, stubs: Stubs) -> None:
        stubs.caller(ACCOUNT)
        stubs.limits({"L-1216C47A": 200.0})
        stubs.zone("example.com")
        lines, enough = quotas.check(prod(), stubs)
        assert enough, lines
        assert "us-east-1  vCPU, standard on-demand instances  76    200    account  enough" in lines
        assert "hosted zone example.com: found, Z1" in lines
        assert "hosted zone burst.example.com: the stack makes it" in lines

    def test_a_limit_that_lacks(self, stubs: Stubs) -> None:
        stubs.caller(ACCOUNT)
        stubs.limits({"L-1216C47A": 60.0})
        stubs.zone("example.com")
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        assert "us-east-1  vCPU, standard on-demand instances  76    60     account  LACKS 16" in lines
        assert "eu-west-1  vCPU, standard on-demand instances  52    60     account  enough" in lines

    @pytest.mark.parametrize(
        ("code", "source"),
        [
            ("AccessDeniedException", "AWS default, reading it failed: AccessDeniedException"),
            ("NoSuchResourceException", "AWS default"),
        ],
    )
    def test_limits_that_may_not_be_read_are_defaults_and_marked_so(self, stubs: Stubs, code: str, source: str) -> None:
        stubs.caller(ACCOUNT)
        stubs.limits({}, refused=code)
        stubs.zone("example.com")
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        (row,) = [line for line in lines if line.startswith("us-east-1  vCPU")]
        assert row.split("  5  ", 1)[1].strip() == f"{source}  LACKS 71"

    def test_another_account_is_told_and_its_limits_are_not_read(self, stubs: Stubs) -> None:
        """The right limits of the wrong account are the worst answer."""
        stubs.caller("210987654321")
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        assert "The credentials are for account 210987654321, but the stack's is 123456789012" in "\n".join(lines)
        assert stubs.asked == [("sts", "us-east-1")]

    def test_credentials_that_aws_refuses(self, stubs: Stubs) -> None:
        stubs.of("sts", "us-east-1").add_client_error("get_caller_identity", "InvalidClientTokenId")
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        assert "AWS refuses the credentials (InvalidClientTokenId)" in "\n".join(lines)

    def test_a_connection_that_breaks_off_is_told(self, stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
        """Such as in a region that a proxy does not let through: no traceback, and no default passed off as a limit."""
        stubs.caller(ACCOUNT)

        def broken(*_: Any, **__: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://aws.example.com")

        for service, region in (
            ("service-quotas", "us-east-1"),
            ("service-quotas", "eu-west-1"),
            ("route53", "us-east-1"),
        ):
            monkeypatch.setattr(stubs(service, region), "_make_api_call", broken)
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        (row,) = [line for line in lines if line.startswith("us-east-1  vCPU")]
        assert "AWS default, reading it failed: EndpointConnectionError" in row
        assert 'hosted zone example.com: Could not connect to the endpoint URL: "https://aws.example.com"' in lines

    def test_a_zone_that_may_not_be_looked_up(self, stubs: Stubs) -> None:
        stubs.caller(ACCOUNT)
        stubs.limits({"L-1216C47A": 200.0})
        stubs.of("route53", "us-east-1").add_client_error("list_hosted_zones_by_name", "AccessDenied")
        lines, enough = quotas.check(prod(), stubs)
        assert not enough
        assert "hosted zone example.com: AWS refuses to look it up (AccessDenied)" in lines


class TestCommand:
    """`python -m preview quotas`, with what it finds in the environment."""

    @pytest.fixture(autouse=True)
    def nothing_from_outside(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / name))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def test_no_credentials(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert quotas.main(["prod"]) == 1
        assert "No AWS credentials are given" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("environment", "told"),
        [
            ({"AWS_ACCESS_KEY_ID": "x"}, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"),
            ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ],
    )
    def test_credentials_of_no_use(
        self,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        environment: dict[str, str],
        told: str,
    ) -> None:
        """A misspelt profile must not end in AWS's defaults, which look like an answer."""
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert quotas.main(["prod"]) == 1
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", f"The AWS credentials cannot be used: {told}\n")

    def test_aws_that_cannot_be_reached(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y"), ("ENDPOINT_URL", "http://127.0.0.1:9")):
            monkeypatch.setenv(f"AWS_{name}", value)
        assert quotas.main(["prod"]) == 1
        assert (
            'AWS cannot be asked (Could not connect to the endpoint URL: "http://127.0.0.1:9/")'
            in capsys.readouterr().out
        )

    def test_without_boto3_it_says_how_to_get_it(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A .venv that `pulumi up` made has no boto3: the program does not need it."""
        monkeypatch.setitem(sys.modules, "boto3", None)
        assert quotas.main(["prod"]) == 1
        assert "boto3 is not installed" in capsys.readouterr().err
