"""What a committed write survives."""

import os
import signal
import subprocess
import sys

from tests.store.conftest import Medium, commit, event, put

WRITING = """
import asyncio, sys
from sensu.store.values import EventKey, Key, OweDelivery, PutEvent, PutResource

async def write(worker):
    for n in range(100_000):
        name = f"{worker}-{n}"
        await store.commit([
            PutResource(Key("core/v2.CheckConfig", "default", name), b"{}", "e"),
            PutEvent(EventKey("default", name, "c"), b"x" * 500),
            OweDelivery(store.next_delivery_id(), "default", name.encode(), 1.0),
        ])
        print(name, flush=True)

async def main():
    await store.open()
    await asyncio.gather(*(write(worker) for worker in range(8)))

asyncio.run(main())
"""


async def test_kill_9_loses_nothing_acknowledged(medium: Medium) -> None:
    """After kill -9 in mid-work every commit that had returned is whole, and no commit is there in part."""
    process = subprocess.Popen([sys.executable, "-c", medium.source + WRITING], stdout=subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = {process.stdout.readline().decode().strip() for _ in range(300)}
    os.kill(process.pid, signal.SIGKILL)
    acknowledged |= set(process.stdout.read().decode().split("\n")[:-1])
    process.wait(30)
    process.stdout.close()

    assert "" not in acknowledged
    async with medium.opened() as store:
        checks = {item.key.name for item in (await store.list("core/v2.CheckConfig", None)).items}
        events = {item.key.entity for item in (await store.list_events(None)).items}
        owed = {delivery.event.decode() for delivery in await store.deliveries_owed(1_000_000)}
        assert acknowledged <= checks
        assert checks == events == owed
        assert store.next_delivery_id() > max(delivery.id for delivery in await store.deliveries_owed(1_000_000))
        await commit(store, put("after"), event("after", "c"))


async def test_everything_is_there_after_a_restart(medium: Medium) -> None:
    """A store that was closed and opened again holds what was committed, and takes more."""
    async with medium.opened() as store:
        await commit(store, put("a", b"1"), event("w", "c", b"2", due_at=3.5))
    async with medium.opened() as store:
        await commit(store, put("b"), event("w", "c", b"4"), event("w", "d"))
        assert [item.body for item in (await store.list("core/v2.CheckConfig", None)).items] == [b"1", b"{}"]
        assert [item.body for item in (await store.list_events(None)).items] == [b"4", b"{}"]
