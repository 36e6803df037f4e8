import asyncio

from sensu.testing.virtual_clock import VirtualClock


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    """Time stands still between sleepers, and each sees the time that it waited for."""
    clock, seen = VirtualClock(now=100), list[tuple[str, float]]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.now()))
        if name == "first":
            await clock.sleep(1)
            seen.append(("again", clock.now()))

    tasks = [asyncio.create_task(sleeper("last", 9)), asyncio.create_task(sleeper("first", 2))]
    await clock.advance(5)
    seen.append(("five", clock.monotonic()))
    await clock.advance(5)
    await asyncio.gather(*tasks)
    assert seen == [("first", 102), ("again", 103), ("five", 5), ("last", 109)]
