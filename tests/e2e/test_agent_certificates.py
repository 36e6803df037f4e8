"""Agents that log in with a certificate, with a real backend, real TLS and a real list of revoked certificates."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from sensu.agent.main import Agent
from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.backend_process import BackendProcess
from sensu.testing.fake_agent import FakeAgent
from sensu.tls import client_context
from sensu.transport import frames
from tests.faults.agent_process import until
from tests.faults.test_kill_backend import Api
from tests.flows.certificate_authority import Authority, Pair
from tests.flows.ocsp_responder import ocsp_responder
from tests.flows.test_agent_extensions import agent_of
from tests.unit.backend.agentd.test_revocation import list_server

REFUSED = "sensu_go_agent_websocket_errors"
CONNECTED = "sensu_go_agent_new_connections"


class World:
    """A backend that takes certificates of an authority, and agents that connect to it."""

    def __init__(self, folder: Path, authority: Authority, backend: BackendProcess, api: Api) -> None:
        self._folder, self._authority, self._backend = folder, authority, backend
        self.api = api
        self._agents = 0

    def agent(self, name: str, pair: Pair | None, *more: str) -> contextlib.AbstractAsyncContextManager[Agent]:
        """An agent of some name, with a certificate or without one."""
        self._agents += 1
        flags = ["--name", name, "--trusted-ca-file", self._authority.file, *more]
        if pair is not None:
            flags += ["--cert-file", str(pair.cert_file), "--key-file", str(pair.key_file)]
        url = self._backend.agent_url.replace("ws:", "wss:")
        return agent_of(url, self._folder / str(self._agents), *flags)

    async def lets_in(self, name: str, pair: Pair | None, *more: str) -> None:
        """The agent connects, and the keepalive it sends is stored."""
        async with self.agent(name, pair, *more) as agent:
            await until(lambda: agent.counters.value(CONNECTED))
            await until(lambda: self.is_known(name))

    async def turns_away(self, name: str, pair: Pair | None, why: str, *more: str) -> None:
        """The agent is refused, and the backend says why."""
        before = self.log().count(why)
        async with self.agent(name, pair, *more) as agent:
            await until(lambda: agent.counters.value(REFUSED) >= 2)
            assert agent.counters.value(CONNECTED) == 0
        assert self.log().count(why) > before or not why

    def session(self, name: str, pair: Pair) -> contextlib.AbstractAsyncContextManager[FakeAgent]:
        """A session of an agent of some name, with a certificate, that sends what the test says."""
        context = client_context(self._authority.file)
        context.load_cert_chain(pair.cert_file, pair.key_file)
        url = self._backend.agent_url.replace("ws:", "wss:")
        return FakeAgent.session(url, name, credentials=None, acknowledged=True, ssl_context=context)

    async def is_known(self, name: str) -> bool:
        return name in {event["entity"]["metadata"]["name"] for event in await self.api.events()}

    def log(self) -> str:
        return self._backend.log.read_text()


@contextlib.asynccontextmanager
async def world(folder: Path, authority: Authority, *flags: str) -> AsyncIterator[World]:
    backend, own = BackendProcess(folder / "backend"), authority.issue("127.0.0.1")
    await backend.initialise()
    auth = ["--agent-auth-cert-file", str(own.cert_file), "--agent-auth-key-file", str(own.key_file)]
    await backend.start([*auth, "--agent-auth-trusted-ca-file", authority.file, *flags])
    try:
        async with aiohttp.ClientSession() as session:
            api = Api(session, backend.api_url)
            await api.log_in(backend.api_url)
            yield World(folder, authority, backend, api)
    finally:
        await backend.kill()


async def test_who_is_let_in(tmp_path: Path) -> None:
    """A certificate of the agents' user or of the agent itself lets in, as does a password; nothing else does."""
    authority = Authority(tmp_path)

    async with world(tmp_path, authority) as backend:
        await backend.lets_in("web1", authority.issue("agent"))
        await backend.lets_in("web2", authority.issue("web2"))
        await backend.lets_in("web3", None)
        await backend.turns_away("web4", authority.issue("db1"), "the certificate is of another agent")
        await backend.turns_away("web5", None, "bad credentials", "--password", "wrong")
        await backend.turns_away("web6", Authority(tmp_path, "other").issue("agent"), "")
        assert not await backend.is_known("web4")


async def test_a_revoked_certificate(tmp_path: Path) -> None:
    """Who is on the list of revoked certificates is not let in, and others are."""
    authority = Authority(tmp_path)
    revoked = authority.issue("web1")

    async with list_server() as server:
        server.content = authority.revocation_list(revoked)
        async with world(tmp_path, authority, "--agent-auth-crl-urls", server.url) as backend:
            await backend.turns_away("web1", revoked, "the certificate is revoked")
            await backend.lets_in("web1", authority.issue("web1"))


async def test_a_certificate_that_its_authority_calls_revoked(tmp_path: Path) -> None:
    """Without any list, the responder that a certificate names decides, unless the check is turned off."""
    authority = Authority(tmp_path)

    async with ocsp_responder(authority) as responder:
        revoked, good = responder.issue("web1"), responder.issue("web2")
        responder.revoke(revoked)
        async with world(tmp_path, authority) as backend:
            await backend.turns_away("web1", revoked, "the certificate is revoked")
            await backend.lets_in("web2", good)
        async with world(tmp_path / "unchecked", authority, "--enable-cert-revocation-check=false") as backend:
            await backend.lets_in("web1", revoked)


async def test_lists_that_cannot_be_had(tmp_path: Path) -> None:
    """While the list cannot be had nobody is let in by certificate, unless the check is turned off."""
    authority = Authority(tmp_path)

    async with list_server() as server:
        urls = ("--agent-auth-crl-urls", server.url)
        async with world(tmp_path / "on", authority, *urls) as backend:
            await backend.turns_away("web1", authority.issue("web1"), "revocation list of certificates is not")
            await backend.lets_in("web2", None)
        off = (*urls, "--enable-cert-revocation-check=false")
        async with world(tmp_path / "off", authority, *off) as backend:
            await backend.lets_in("web1", authority.issue("web1"))


async def test_sessions_end_with_the_right_to_them(tmp_path: Path) -> None:
    """Disabling the user `agent` ends sessions that certificates opened, too."""
    authority = Authority(tmp_path)

    async with world(tmp_path, authority) as backend, backend.agent("web1", authority.issue("web1")) as agent:
        await until(lambda: agent.counters.value(CONNECTED))
        await backend.api.disable_user("agent")
        await until(lambda: agent.counters.value(REFUSED))


def entity(name: str) -> Entity:
    return Entity(metadata=ObjectMeta(name=name, namespace="default"), entity_class="agent")


def check_by_proxy(name: str) -> Check:
    return Check(metadata=ObjectMeta(name="ping", namespace="default"), interval=60, proxy_entity_name=name)


def by_proxy(agent: FakeAgent, name: str) -> int:
    """Send an event of the agent for another entity; returns the message's number."""
    event = Event(entity=agent.entity(), check=check_by_proxy(name), id=str(uuid.uuid4()), timestamp=1_700_000_000)
    return agent.send(frames.EVENT, event)


async def test_an_agent_with_a_certificate_of_its_own_speaks_for_itself(tmp_path: Path) -> None:
    """Its events and keepalives are its own or those of proxy entities; a certificate of a fleet may send any."""
    authority = Authority(tmp_path)

    async with world(tmp_path, authority) as backend:
        await backend.lets_in("victim", authority.issue("victim"))
        async with backend.session("web1", authority.issue("web1")) as agent:
            good = [agent.keepalive(), agent.event("own"), by_proxy(agent, "router1")]
            bad = [
                agent.event("forged", entity=entity("victim")),
                agent.event("forged", entity=entity("made-up")),
                agent.keepalive(entity=entity("victim")),
                agent.keepalive(check=check_by_proxy("router1")),
                by_proxy(agent, "victim"),
            ]
            await agent.until(lambda heard: len(heard.stored) + len(heard.refused) == len(good) + len(bad))
            assert sorted(agent.stored) == good
            assert sorted(agent.refused) == bad
        assert await backend.is_known("router1")
        assert not await backend.is_known("made-up")
        assert "the certificate is that of agent 'web1', not of 'victim'" in backend.log()
        async with backend.session("web2", authority.issue("agent")) as agent:
            number = agent.event("reported", entity=entity("victim"))
            await agent.until(lambda heard: number in heard.stored)
