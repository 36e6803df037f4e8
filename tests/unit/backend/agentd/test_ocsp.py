"""The status of certificates, from a real responder."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from sensu.backend.agentd.ocsp import AWAY_S, REVOKED, Responders
from sensu.backend.agentd.revocation import read_authorities
from sensu.clock import SystemClock
from tests.flows.certificate_authority import DAY, Authority
from tests.flows.ocsp_responder import OCSPResponder, ocsp_responder
from tests.moved_clock import MovedClock

SIGNS_ANSWERS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def responder(authority: Authority) -> AsyncIterator[OCSPResponder]:
    async with ocsp_responder(authority) as running:
        yield running


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def responders(authority: Authority, clock: MovedClock) -> Responders:
    return Responders(read_authorities(authority.file), clock)


async def test_a_revoked_certificate_is_refused(responder: OCSPResponder, responders: Responders) -> None:
    """The authority's answer decides, and is asked for once until the next one is due."""
    good, bad = responder.issue("good"), responder.issue("bad")
    responder.revoke(bad)
    for _ in range(3):
        assert await responders.problem(good.der) is None
        assert await responders.problem(bad.der) == REVOKED
    assert responder.asked == 2


async def test_an_answer_counts_until_the_next_one_is_due(
    responder: OCSPResponder, responders: Responders, clock: MovedClock
) -> None:
    """A certificate that is revoked later is refused when the answer is no longer valid."""
    pair = responder.issue("web1")
    assert await responders.problem(pair.der) is None
    responder.revoke(pair)
    clock.moved_s = 86_000
    assert await responders.problem(pair.der) is None
    clock.moved_s = 86_500
    responder.age = -datetime.timedelta(seconds=86_500)
    assert await responders.problem(pair.der) == REVOKED


async def test_a_certified_responder_may_sign(
    authority: Authority, responder: OCSPResponder, responders: Responders, clock: MovedClock
) -> None:
    """A certificate of the authority signs answers only if it is meant for that."""
    bad = responder.issue("bad")
    responder.revoke(bad)
    responder.signer = authority.issue("no-responder")
    assert await responders.problem(bad.der) is None
    clock.moved_s = AWAY_S + 1
    responder.signer = authority.issue("responder", more=[SIGNS_ANSWERS])
    assert await responders.problem(bad.der) == REVOKED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"age": 3 * DAY}, "too old, or from the future"),
        ({"age": -DAY}, "too old, or from the future"),
        ({"status": ocsp.OCSPCertStatus.UNKNOWN}, "does not know the certificate"),
        ({"body": b"garbage"}, "cannot be read"),
        ({"body": b"x" * 70_000}, "larger than 65536 bytes"),
        ({"http_status": 500}, "status 500"),
    ],
)
async def test_an_answer_that_does_not_count_refuses_nobody(
    responder: OCSPResponder,
    authority: Authority,
    responders: Responders,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, object],
    why: str,
) -> None:
    """The reason is logged, and nobody is held up by asking again at once; other certificates are asked for."""
    pair, other = responder.issue("web1"), responder.issue("web2")
    responder.revoke(other)
    for name, value in changes.items():
        setattr(responder, name, value)
    assert await responders.problem(pair.der) is None
    assert await responders.problem(pair.der) is None
    assert [why in repr(vars(record)) for record in caplog.records] == [True]
    for name in changes:
        setattr(responder, name, getattr(OCSPResponder(authority), name))
    refused = await responders.problem(other.der)
    assert (refused, responder.asked) == ((None, 1) if why == "status 500" else (REVOKED, 2))


async def test_a_forged_answer_does_not_count(
    tmp_path: Path, responder: OCSPResponder, responders: Responders, clock: MovedClock
) -> None:
    """An answer of a stranger, or one about another certificate, says nothing."""
    good, bad = responder.issue("good"), responder.issue("bad")
    responder.revoke(good)
    responder.signer = Authority(tmp_path, "stranger").issue("responder", more=[SIGNS_ANSWERS])
    assert await responders.problem(good.der) is None
    clock.moved_s = AWAY_S + 1
    responder.signer, responder.about = Authority(tmp_path).root, bad
    assert await responders.problem(good.der) is None
    assert responder.asked == 2


async def test_only_certificates_of_trusted_authorities_have_somebody_asked(
    tmp_path: Path, authority: Authority, responder: OCSPResponder, responders: Responders
) -> None:
    """A certificate that names no responder, or that a stranger issued, causes no request."""
    assert await responders.problem(authority.issue("plain").der) is None
    stranger = OCSPResponder(Authority(tmp_path, "stranger"))
    stranger.url = responder.url
    assert await responders.problem(stranger.issue("web1").der) is None
    assert await Responders((), SystemClock()).problem(responder.issue("web2").der) is None
    assert responder.asked == 0
