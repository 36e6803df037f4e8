"""The bus between hosts: TLS with the certificates of living members, and what a writer waits for."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence

import pytest

from sensu.backend.members.barrier import Barrier
from sensu.backend.members.bus import Bus
from sensu.backend.members.lines import OwnCertificate, TlsLine, joined_address, own_address, split_address
from sensu.backend.members.messages import ChangesAvailable, Hello, MemberMessage
from sensu.clock import SystemClock
from tests.unit.backend.members.test_forwarding import until


class Host:
    """A member on a host of its own."""

    def __init__(self, member: int) -> None:
        self.member, self.certificate = member, OwnCertificate()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self.url = own_address(listener, "10.0.0.1")
        self.known: dict[int, bytes] = {}
        tls = self.certificate.server
        self.bus = Bus(member, {}, listener, SystemClock(), tls, lambda other: self.known.get(other, b""))
        self.heard: list[MemberMessage] = []
        self.bus.on(ChangesAvailable, lambda _, message, __: self.heard.append(message))
        self.revision = 0
        self.readable = asyncio.Event()
        self.readable.set()
        self.barrier = Barrier(self.bus, self._read)
        self.task: asyncio.Task[None] | None = None

    async def _read(self, revision: int) -> None:
        await self.readable.wait()
        self.revision = revision

    def meet(self, other: "Host", certificate: bytes | None = None) -> None:
        """Learn of another member."""
        self.known[other.member] = certificate or other.certificate.der
        self.certificate.accept(self.known[other.member])
        self.bus.add(other.member, TlsLine(other.url, self.known[other.member], self.certificate))

    async def start(self) -> None:
        await self.bus.open()
        self.task = asyncio.create_task(self.bus.run())

    async def stop(self) -> None:
        self.bus.close()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def hosts() -> AsyncIterator[Sequence[Host]]:
    """Three members that do not know each other yet."""
    found = [Host(member) for member in (1, 2, 3)]
    for host in found:
        await host.start()
    yield found
    for host in found:
        await host.stop()


def introduce(*hosts: Host) -> None:
    for one in hosts:
        for other in hosts:
            if one is not other:
                one.meet(other)


def are_connected(*hosts: Host) -> bool:
    return all(peer.present for host in hosts for peer in host.bus.others())


async def test_members_that_know_each_other_talk(hosts: Sequence[Host]) -> None:
    """Members accept each other by the certificates that they published, as they come."""
    introduce(*hosts[:2])
    await until(lambda: are_connected(*hosts[:2]))
    for host in hosts[:2]:
        host.meet(hosts[2])
        hosts[2].meet(host)
    await until(lambda: are_connected(*hosts))
    hosts[2].bus.tell_all(ChangesAvailable())
    await until(lambda: hosts[0].heard == hosts[1].heard == [ChangesAvailable()])


async def test_strangers_are_refused(hosts: Sequence[Host]) -> None:
    """One that no member knows is not let in, nor is a program without a certificate."""
    one, other, stranger = hosts
    introduce(one, other)
    stranger.meet(one)
    await until(lambda: are_connected(one, other))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(*split_address(one.url), ssl=context)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        assert not await reader.read()
        raise ConnectionError("closed")
    writer.close()
    assert not stranger.bus.peers[1].present


async def test_no_member_can_pass_for_another(hosts: Sequence[Host], caplog: pytest.LogCaptureFixture) -> None:
    """A greeting in the name of another member is refused, although its sender is a member."""
    one, other, third = hosts
    introduce(one, other)
    await until(lambda: are_connected(one, other))
    one.certificate.accept(third.certificate.der)
    third.bus._hello = Hello(2, "false")
    third.meet(one)
    await until(lambda: "another certificate" in caplog.text)
    assert not third.bus.peers[1].present
    assert are_connected(one, other)


async def test_a_server_with_another_certificate_is_refused(hosts: Sequence[Host]) -> None:
    """A member sends nothing to a server that is not the one in the seat."""
    one, other, third = hosts
    with pytest.raises(ssl.SSLCertVerificationError):
        await TlsLine(other.url, third.certificate.der, one.certificate).connect(asyncio.Protocol)


async def test_a_writer_waits_until_all_know_its_change(hosts: Sequence[Host]) -> None:
    """An answer follows when the last member has read the change, or reports that it has, or is gone."""
    one, other, third = hosts
    introduce(*hosts)
    await until(lambda: are_connected(*hosts))
    one.barrier.members({2: 0, 3: 0})
    other.readable.clear()
    third.readable.clear()
    waiting = asyncio.create_task(one.barrier.known(7))
    await until(lambda: other.bus._streams and third.barrier._looking)
    other.readable.set()
    await until(lambda: one.barrier._seen[2] == 7)
    assert not waiting.done()
    one.barrier.members({2: 0, 3: 7})
    await asyncio.wait_for(waiting, 5)
    waiting = asyncio.create_task(one.barrier.known(8))
    await until(lambda: one.barrier._seen[2] == 8)
    assert not waiting.done()
    one.barrier.members({2: 8})
    await asyncio.wait_for(waiting, 5)
    await one.barrier.known(8)


def test_addresses() -> None:
    """Addresses are taken apart and put together, also those of IPv6; a listener on all is named as others see it."""
    assert split_address("[::1]:8082") == ("::1", 8082)
    assert joined_address("::1", 8082) == "[::1]:8082"
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        assert own_address(listener, "10.0.0.1") == f"10.0.0.1:{port}"
