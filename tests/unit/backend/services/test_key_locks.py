"""Locks of writes of the same resources."""

import asyncio

from sensu.backend.services.key_locks import KeyLocks
from sensu.store.values import Key

A, B = Key("kind", "default", "a"), Key("kind", "default", "b")


async def test_those_who_share_a_key_take_turns_and_others_do_not_wait() -> None:
    """Nobody writes a key while another does; who writes other keys goes on."""
    locks = KeyLocks()
    order: list[str] = []

    async def write(name: str, *keys: Key) -> None:
        async with locks.held(keys):
            order.append(f"{name} begins")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(write("first", A, B), write("second", B, A), write("third", Key("kind", "default", "c")))
    assert order.index("first ends") < order.index("second begins")
    assert order.index("third begins") < order.index("first ends")


async def test_a_turn_ends_however_it_ends() -> None:
    """After an error or a cancellation the next one gets its turn, and nothing is remembered of it."""
    locks = KeyLocks()

    async def fail() -> None:
        async with locks.held([A]):
            raise ValueError

    async def wait() -> None:
        async with locks.held([A, B]):
            await asyncio.Event().wait()

    await asyncio.gather(fail(), return_exceptions=True)
    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), locks.held([B, A]):
        pass
    assert locks.idle


async def test_who_gives_up_is_passed_over() -> None:
    """The lock goes to the next one that still waits, also if the one before it gives up when it is that one's turn."""
    locks = KeyLocks()
    order: list[str] = []

    async def write(name: str) -> None:
        async with locks.held([A]):
            order.append(name)

    async with locks.held([A]):
        writers = [asyncio.create_task(write(name)) for name in ("early", "late", "last")]
        await asyncio.sleep(0)
        writers[0].cancel()
    writers[1].cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    assert order == ["last"]
    assert locks.idle
