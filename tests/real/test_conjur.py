"""Secrets from CyberArk Conjur, against a server that speaks its documented protocol."""

import json
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.secrets.conjur import TOKEN_USED_S, ConjurSecrets
from sensu.backend.secrets.provider import NoSecret, SecretValue
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret_providers import ConjurClient, CyberArkProvider, ServerTLS
from sensu.rules.kinds.table import completed, problem_of
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.certificate_authority import Authority
from tests.real.conjur_protocol import ACCOUNT, API_KEY, FORBIDDEN, LOGIN
from tests.real.openldap import free_ports


@dataclass
class Conjur:
    """A server that runs."""

    url: str
    authority: Authority

    def end_tokens(self) -> int:
        """End all tokens; how often one was asked for before."""
        context = ssl.create_default_context(cafile=self.authority.file)
        request = urllib.request.Request(f"{self.url}/control", b"", method="POST")
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            return int(json.loads(answer.read()))

    def provider(self, clock: VirtualClock, **settings: Any) -> ConjurSecrets:
        client = {"account": ACCOUNT, "appliance_url": self.url, "login": LOGIN, "api_key": API_KEY, **settings}
        client.setdefault("tls", ServerTLS(ca_cert=self.authority.file))
        made: CyberArkProvider = completed(
            CyberArkProvider(metadata=ObjectMeta(name="conjur"), client=ConjurClient(**client)), username="", now=0
        )
        assert problem_of(made) is None
        return ConjurSecrets(made, "", clock)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conjur]:
    authority = Authority(tmp_path_factory.mktemp("conjur"))
    pair, (port,) = authority.issue("conjur"), free_ports(1)
    program = Path(__file__).parent / "conjur_protocol.py"
    command = [sys.executable, program, "--port", str(port), "--cert", pair.cert_file, "--key", pair.key_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield Conjur(f"https://127.0.0.1:{port}", authority)
        process.terminate()


@pytest.fixture
def conjur(started: Conjur) -> Conjur:
    started.end_tokens()
    return started


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def shown(found: SecretValue | NoSecret) -> str:
    return found.why if isinstance(found, NoSecret) else found.text.reveal()


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("Sensu/pagerDutyAPIKey", "s3cret"),
        ("Sensu/ümlaut & more?", "wörd"),
        ("Sensu/nothing", "Sensu/nothing does not exist, or has no value"),
        ("Sensu/binary", "Sensu/binary is not text in UTF-8"),
        (FORBIDDEN, f"permission denied for {FORBIDDEN}: its policy does not permit the log-in to execute it"),
    ],
)
async def test_variables_are_read(conjur: Conjur, clock: VirtualClock, variable: str, expected: str) -> None:
    """The id is that of the variable with its policies; what is missing or forbidden is named."""
    assert shown(await conjur.provider(clock).value(variable)) == expected


async def test_a_value_is_kept_for_the_ttl(conjur: Conjur, clock: VirtualClock) -> None:
    """`ttl` says how long a value is used; half a minute if it is left out."""
    for settings, keep_s in (({"ttl": "60s"}, 60), ({}, 30)):
        found = await conjur.provider(clock, **settings).value("Sensu/pagerDutyAPIKey")
        assert isinstance(found, SecretValue)
        assert found.keep_s == keep_s


async def test_a_token_is_used_until_it_is_old_or_ends(conjur: Conjur, clock: VirtualClock) -> None:
    """The backend authenticates once for five minutes, and once more when the server refuses its token."""
    secrets = conjur.provider(clock)
    for _ in range(3):
        await secrets.value("Sensu/pagerDutyAPIKey")
    assert conjur.end_tokens() == 1
    assert shown(await secrets.value("Sensu/pagerDutyAPIKey")) == "s3cret"
    await clock.advance(TOKEN_USED_S)
    assert shown(await secrets.value("Sensu/pagerDutyAPIKey")) == "s3cret"
    assert conjur.end_tokens() == 2


async def test_a_refused_log_in_is_a_failure_of_the_provider(conjur: Conjur, clock: VirtualClock) -> None:
    """The failure names the log-in, never the key."""
    found = await conjur.provider(clock, api_key="wr0ng").value("Sensu/pagerDutyAPIKey")
    assert found == NoSecret(f"the log-in of {LOGIN} was refused with status 401")
    assert conjur.end_tokens() == 1


async def test_the_certificate_of_the_server_is_checked(conjur: Conjur, clock: VirtualClock) -> None:
    """A server of an unknown authority never gets the key."""
    found = await conjur.provider(clock, tls=None).value("Sensu/pagerDutyAPIKey")
    assert isinstance(found, NoSecret)
    assert "certificate" in found.why
    assert not found.is_missing
    assert conjur.end_tokens() == 0
