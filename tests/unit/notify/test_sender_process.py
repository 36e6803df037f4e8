"""The process that sends messages: it starts at the first message, and its end costs only what it was sending."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import psutil
import pytest

from sensu.notify.sender_process import ENDED, SenderProcess
from sensu.notify.sending import SendRequest
from sensu.rules.notify.message import AlertMessage
from tests.sinks import HttpSink, http_sink

MESSAGE = AlertMessage("title", "text", "text", "<p>text</p>", "critical")
IDLE_S = 0.5


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as found:
        yield found


@pytest.fixture
async def sender() -> AsyncIterator[SenderProcess]:
    found = SenderProcess(IDLE_S)
    yield found
    found.close()


def request(sink: HttpSink, path: str, timeout_s: float = 10.0) -> SendRequest:
    return SendRequest(f"json://127.0.0.1:{sink.port}/{path}", MESSAGE, timeout_s)


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [one for one in found if one.status() != psutil.STATUS_ZOMBIE and "sender_child" in " ".join(one.cmdline())]


async def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_messages_share_a_process_that_ends_when_there_are_none(sender: SenderProcess, sink: HttpSink) -> None:
    """Messages that are sent at the same time use one process, which ends after a while without any."""
    assert children() == []
    results = await asyncio.gather(*(sender.send(request(sink, f"hook{number}")) for number in range(20)))
    assert {result.why for result in results} == {""}
    assert len(children()) == 1
    assert len(sink.requests) == 20
    await until(lambda: not children())


async def test_a_long_message_is_not_cut_off_when_others_are_done(sender: SenderProcess, sink: HttpSink) -> None:
    """The process does not end while it waits for a slow service, however long no other message comes."""
    slow = asyncio.ensure_future(sender.send(request(sink, "slow")))
    assert (await sender.send(request(sink, "hook"))).why == ""
    await asyncio.sleep(2 * IDLE_S)
    sink.released.set()
    assert (await slow).why == ""


async def test_if_the_process_ends_the_next_message_starts_another(sender: SenderProcess, sink: HttpSink) -> None:
    """A message that was being sent when the process was killed has failed, and the next one is sent."""
    slow = asyncio.ensure_future(sender.send(request(sink, "slow")))
    await until(lambda: bool(sink.requests))
    children()[0].kill()
    assert (await slow).why == ENDED
    assert (await sender.send(request(sink, "hook"))).why == ""
