"""An agent and backends behind TLS."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sensu.agent.main import Agent
from sensu.backend.auth.certificates import common_name
from sensu.tls import accept_client_certificates, server_context
from sensu.transport import frames
from sensu.transport.codec import PROTOBUF
from tests.faults.agent_process import until
from tests.flows.certificate_authority import Authority
from tests.flows.test_agent_extensions import ProtobufBackend, agent_of


@contextlib.asynccontextmanager
async def tls_backend(
    authority: Authority, *, asks_for_certificate: bool = False
) -> AsyncIterator[tuple[ProtobufBackend, str]]:
    """A backend with a certificate of the authority, which may demand one from agents."""
    own = authority.issue("backend")
    context = server_context(str(own.cert_file), str(own.key_file))
    if asks_for_certificate:
        accept_client_certificates(context, authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
    backend = ProtobufBackend()
    await backend.listener.start("127.0.0.1", 0, context)
    try:
        yield backend, f"wss://127.0.0.1:{backend.listener.port}"
    finally:
        await backend.listener.stop()


def header_names(backend: ProtobufBackend) -> set[str]:
    return {key for key, _ in backend.requests[0].headers}


async def refused_twice(agent: Agent) -> None:
    """Two attempts of the agent to connect have failed."""
    await until(lambda: agent.counters.value("sensu_go_agent_websocket_errors") >= 2)


async def test_an_own_authority(tmp_path: Path) -> None:
    """With the backend's authority trusted the agent connects, and logs in with its user and password."""
    authority = Authority(tmp_path)
    async with (
        tls_backend(authority) as (backend, url),
        agent_of(url, tmp_path, "--trusted-ca-file", authority.file),
    ):
        first = await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)
        assert first.entity is not None
        assert first.entity.metadata.name == "a1"
        assert {"authorization", "sensu-user"} <= header_names(backend)


@pytest.mark.parametrize("trusts_another", [True, False])
async def test_a_backend_that_is_not_trusted(tmp_path: Path, trusts_another: bool) -> None:
    """Without trust in the backend's certificate nothing is sent, the password least of all; unless told so."""
    authority = Authority(tmp_path)
    flags = ["--trusted-ca-file", Authority(tmp_path, "another").file] if trusts_another else []
    async with tls_backend(authority) as (backend, url):
        async with agent_of(url, tmp_path, *flags) as agent:
            await refused_twice(agent)
            assert backend.requests == []
        async with agent_of(url, tmp_path, *flags, "--insecure-skip-tls-verify"):
            await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)


async def test_a_certificate_instead_of_a_password(tmp_path: Path) -> None:
    """An agent with a certificate logs in with that, and sends neither user nor password."""
    authority = Authority(tmp_path)
    own = authority.issue("a1")
    flags = ["--trusted-ca-file", authority.file, "--cert-file", str(own.cert_file)]
    flags += ["--key-file", str(own.key_file), "--password", "hunter2", "--user", "someone"]
    async with tls_backend(authority, asks_for_certificate=True) as (backend, url):
        async with agent_of(url, tmp_path, *flags):
            await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)
            assert not {"authorization", "sensu-user"} & header_names(backend)
            assert "sensu-agentname" in header_names(backend)


async def test_no_certificate_where_one_is_asked_for(tmp_path: Path) -> None:
    """A backend that demands a certificate never sees an agent without one."""
    authority = Authority(tmp_path)
    async with tls_backend(authority, asks_for_certificate=True) as (backend, url):
        async with agent_of(url, tmp_path, "--trusted-ca-file", authority.file) as agent:
            await refused_twice(agent)
            assert backend.requests == []


async def test_a_session_ends_in_time(tmp_path: Path) -> None:
    """With a longest session length the agent closes in time and connects again."""
    authority = Authority(tmp_path)
    flags = ["--trusted-ca-file", authority.file, "--max-session-length", "2s"]
    async with tls_backend(authority) as (backend, url), agent_of(url, tmp_path, *flags):
        for _ in range(2):
            assert (await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)).sequence == 1
        assert len(backend.requests) == 2


async def test_a_certificate_is_renewed(tmp_path: Path) -> None:
    """The next session is opened with the certificate that is in the files then; one that is broken is tried again."""
    authority = Authority(tmp_path)
    old, new = authority.issue("old"), authority.issue("new")
    flags = ["--trusted-ca-file", authority.file, "--max-session-length", "1s", "--retry-max", "60ms"]
    flags += ["--cert-file", str(old.cert_file), "--key-file", str(old.key_file)]
    async with (
        tls_backend(authority, asks_for_certificate=True) as (backend, url),
        agent_of(url, tmp_path, *flags) as agent,
    ):
        await until(lambda: backend.requests)
        old.cert_file.write_text("half a file")
        await until(lambda: agent.counters.value("sensu_go_agent_websocket_errors"))
        new.key_file.replace(old.key_file)
        new.cert_file.replace(old.cert_file)
        await until(lambda: common_name(backend.requests[-1].certificate) == "new")
        assert common_name(backend.requests[0].certificate) == "old"


def errors_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why attempts to connect failed, as the agent's log says."""
    lines = [record for record in caplog.records if record.getMessage() == "reconnection attempt failed"]
    return [line.__dict__["fields"]["error"] for line in lines]


async def test_an_intermediate_authority_is_enough(tmp_path: Path) -> None:
    """Agent and backend trust each other when the intermediate authority alone is in their trusted files."""
    middle = Authority(tmp_path, "root").below("middle")
    own = middle.issue("a1")
    flags = ["--trusted-ca-file", middle.file, "--cert-file", str(own.cert_file), "--key-file", str(own.key_file)]
    async with tls_backend(middle, asks_for_certificate=True) as (backend, url), agent_of(url, tmp_path, *flags):
        await asyncio.wait_for(backend.heard(PROTOBUF, frames.KEEPALIVE), 10)


async def test_the_log_says_what_is_wrong_with_tls(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each mismatch of schemes, authorities, names and certificates is logged with its remedy."""

    async def failing(url: str, *flags: str) -> str:
        caplog.clear()
        async with agent_of(url, tmp_path, *flags):
            await until(lambda: errors_of(caplog))
        return errors_of(caplog)[0]

    authority = Authority(tmp_path)
    trusting = ("--trusted-ca-file", authority.file)
    other = Authority(tmp_path, "other").issue("a1")
    async with tls_backend(authority) as (_, url):
        plain = url.replace("wss:", "ws:")
        assert await failing(plain) == f"the server speaks TLS: use {url}"
        assert "x509: certificate signed by unknown authority (CN=ca): add --trusted-ca-file" in await failing(url)
        named = url.replace("127.0.0.1", "localhost")
        assert "certificate is valid for 127.0.0.1, not localhost" in await failing(named, *trusting)
    async with tls_backend(authority, asks_for_certificate=True) as (_, url):
        assert "may require a client certificate: set --cert-file" in await failing(url, *trusting)
        shown = ("--cert-file", str(other.cert_file), "--key-file", str(other.key_file))
        assert "may refuse the client certificate of --cert-file" in await failing(url, *trusting, *shown)
    backend = ProtobufBackend()
    await backend.listener.start("127.0.0.1", 0)
    quick = ("--backend-handshake-timeout", "1")
    why = await failing(f"wss://127.0.0.1:{backend.listener.port}", *trusting, *quick)
    assert why == f"the server does not speak TLS: use ws://127.0.0.1:{backend.listener.port}"
    await backend.listener.stop()
