"""The event log as a file that others move, fill and take away."""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sensu.backend.event_log import EventLog
from sensu.clock import SystemClock
from sensu.errors import ConfigurationError
from tests.faults.agent_process import until


@asynccontextmanager
async def event_log(path: Path, lines_max: int = 100) -> AsyncIterator[tuple[EventLog, list[int]]]:
    """A log that is written, and the numbers of events that it drops; it is closed in the end."""
    dropped: list[int] = []
    with ThreadPoolExecutor(1) as executor:
        opened = EventLog(str(path), lines_max, executor, SystemClock(), dropped.append)
        task = asyncio.create_task(opened.run())
        yield opened, dropped
        task.cancel()
        await opened.close()


def lines(path: Path) -> list[int]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_log_that_is_moved_away(tmp_path: Path) -> None:
    """After the file is moved away and the log told of it, lines go to a new file; none is missing or there twice."""
    path, old = tmp_path / "events.log", tmp_path / "events.log.1"

    async with event_log(path) as (opened, dropped):
        for number in range(50):
            opened.add(str(number).encode())
        await until(lambda: len(lines(path)) == 50)
        path.rename(old)
        opened.add(b"50")
        opened.reopen()
        await until(path.exists)
        opened.add(b"51")
    assert sum(dropped) == 0
    assert lines(old) + lines(path) == list(range(52))
    assert path.stat().st_mode & 0o007 == 0


async def test_a_log_goes_on_where_it_was(tmp_path: Path) -> None:
    """A new start adds to the file that is there."""
    path = tmp_path / "events.log"

    for _ in range(2):
        async with event_log(path) as (opened, dropped):
            opened.add(b"1")
        assert sum(dropped) == 0
    assert lines(path) == [1, 1]


async def test_what_cannot_be_written_in_time(tmp_path: Path) -> None:
    """While nobody takes the lines as many wait as were asked for, the newest; the others are counted."""
    pipe = tmp_path / "events.pipe"
    os.mkfifo(pipe)

    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        async with event_log(pipe, lines_max=10) as (opened, dropped):
            opened.add(b" " * 200_000)  # more than a pipe holds: the writer waits
            await asyncio.sleep(0.05)
            for number in range(25):
                opened.add(str(number).encode())
            os.set_blocking(reader, True)
            found = b""
            while b"24\n" not in found:
                found += await asyncio.to_thread(os.read, reader, 65536)
            assert found.split() == [str(number).encode() for number in range(15, 25)]
        assert sum(dropped) == 15
    finally:
        os.close(reader)


async def test_a_log_that_is_closed_while_its_thread_is_busy(tmp_path: Path) -> None:
    """Lines that wait for the thread when the backend stops are written."""
    path, dropped, busy = tmp_path / "events.log", list[int](), threading.Event()
    with ThreadPoolExecutor(1) as executor:
        opened = EventLog(str(path), 100, executor, SystemClock(), dropped.append)
        writing = asyncio.create_task(opened.run())
        executor.submit(busy.wait, 30)
        opened.add(b"1")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        writing.cancel()
        closing = asyncio.create_task(opened.close())
        await asyncio.gather(writing, return_exceptions=True)
        busy.set()
        await closing
    assert (lines(path), sum(dropped)) == ([1], 0)


async def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A backend that is to write a log where it cannot does not start, and says why."""
    with pytest.raises(ConfigurationError, match="--event-log-file .* no such file or directory"):
        async with event_log(tmp_path / "missing" / "events.log"):
            raise AssertionError
