"""Secrets from AWS Secrets Manager: against moto, and with the signatures of AWS's own library."""

import base64
import datetime
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sensu.backend.secrets.aws import AWSSecrets
from sensu.backend.secrets.provider import NoSecret, SecretValue
from sensu.clock import SystemClock
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret_providers import AWSClient, AWSProvider
from sensu.rules import aws
from sensu.rules.aws import SecretPlace
from sensu.rules.kinds.table import problem_of
from tests.real.openldap import free_ports

REGION, START_S = "eu-central-1", 60.0
CLIENT = AWSClient(region=REGION, access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


class Moto:
    """A server of moto, which keeps secrets as AWS does, and does not check signatures."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.call("ListSecrets", {})
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def call(self, action: str, body: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        credential = f"Credential=x/20260101/{REGION}/secretsmanager/aws4_request"
        headers = {
            "X-Amz-Target": f"secretsmanager.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=x",
        }
        connection.request("POST", "/", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    server = Moto()
    try:
        server.wait()
        server.call("CreateSecret", {"Name": "team/plain", "SecretString": "s3cret"})
        server.call("CreateSecret", {"Name": "team/json", "SecretString": '{"user": "bob", "port": 5432, "no": null}'})
        binary = base64.b64encode(b"in bytes").decode()
        server.call("CreateSecret", {"Name": "team/binary", "SecretBinary": binary})
        server.call("CreateSecret", {"Name": "team/gone", "SecretString": "x"})
        server.call("DeleteSecret", {"SecretId": "team/gone"})
        yield server
    finally:
        server.stop()


def provider(url: str, **settings: Any) -> AWSSecrets:
    client = AWSClient(**{"region": REGION, "access_key": "AKID", "secret_key": "secret/key", **settings})
    made = AWSProvider(metadata=ObjectMeta(name="aws"), client=client)
    assert problem_of(made) is None
    return AWSSecrets(made, "", SystemClock(), {"AWS_ENDPOINT_URL_SECRETS_MANAGER": url})


def shown(found: SecretValue | NoSecret) -> str:
    return found.why if isinstance(found, NoSecret) else found.text.reveal()


@pytest.mark.parametrize(
    ("secret_id", "expected"),
    [
        ("team/plain", "s3cret"),
        ("team/json#user", "bob"),
        ("team/json#port", "5432"),
        ("team/binary", "in bytes"),
        ("team/json#nothing", "team/json has no key nothing in JSON"),
        ("team/json#no", "team/json has no key no in JSON"),
        ("team/plain#key", "team/plain has no key key in JSON"),
        ("team/nothing", "team/nothing does not exist"),
        ("team/gone", "AWS Secrets Manager refused the request for team/gone: InvalidRequestException"),
    ],
)
async def test_secrets_are_read(moto: Moto, secret_id: str, expected: str) -> None:
    """The id is the name of a secret, and a key of its JSON after `#`; what is missing is named."""
    assert shown(await provider(moto.url).value(secret_id)) == expected


async def test_a_secret_is_found_by_its_arn(moto: Moto) -> None:
    """An ARN can be used instead of the name."""
    arn = moto.call("DescribeSecret", {"SecretId": "team/json"})["ARN"]
    assert shown(await provider(moto.url).value(f"{arn}#user")) == "bob"


async def test_a_server_that_is_not_there_is_a_failure_of_the_provider(moto: Moto) -> None:
    """The failure names the address, and no key."""
    (port,) = free_ports(1)
    found = await provider(f"http://127.0.0.1:{port}").value("team/plain")
    assert isinstance(found, NoSecret)
    assert not found.is_missing
    assert "connection refused" in found.why
    assert "secret/key" not in found.why


@pytest.mark.parametrize("secret", ["team/plain", "ünïcode & more", "arn:aws:secretsmanager:eu-central-1:1:secret:x"])
@pytest.mark.parametrize("url", ["https://secretsmanager.eu-central-1.amazonaws.com/", "http://127.0.0.1:5000"])
def test_signatures_are_those_of_botocore(monkeypatch: pytest.MonkeyPatch, secret: str, url: str) -> None:
    """AWS's own library signs the same request at the same time in the same way."""
    now = 1_790_000_000.0
    body = json.dumps({"SecretId": secret}).encode()
    ours = aws.signed(CLIENT, url, body, now)
    request = AWSRequest("POST", url, data=body, headers={n: ours[n] for n in ("content-type", "x-amz-target")})
    at = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: at)
    SigV4Auth(Credentials(CLIENT.access_key, CLIENT.secret_key), "secretsmanager", REGION).add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]


def test_regions_have_their_endpoints() -> None:
    """The service is asked in the region of the provider, in China under its own domain."""
    assert aws.endpoint_of("eu-central-1") == "https://secretsmanager.eu-central-1.amazonaws.com/"
    assert aws.endpoint_of("cn-north-1") == "https://secretsmanager.cn-north-1.amazonaws.com.cn/"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"__type": "com.amazonaws#AccessDeniedException", "Message": "s3cret"}, "AccessDeniedException"),
        ({"__type": "s3cret and more", "message": "x"}, "status 400"),
        (None, "status 400"),
    ],
)
def test_refusals_have_only_the_name_of_the_error(document: object, expected: str) -> None:
    """The service's own words may quote the request, so they are left out."""
    found = aws.refusal(400, document, SecretPlace("team/x", ""))
    assert found == (f"AWS Secrets Manager refused the request for team/x: {expected}", False)
