"""The life of a member: whom it ends, and what it owns, over a database that others use too."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensu.backend.members.barrier import Barrier
from sensu.backend.members.database_clock import DatabaseClock
from sensu.backend.members.seat import OwnSeat
from sensu.rules.share import SLOTS, Slots
from sensu.store.coordination import Contact, LivingSeat, SeatLost
from sensu.store.database_url import target_of
from sensu.store.postgres.connection import SynchronousCommit
from sensu.store.postgres.store import PostgresStore
from sensu.store.values import Committed
from sensu.testing.virtual_clock import VirtualClock
from tests import postgres_server
from tests.store.conftest import commit, put


class NoBus:
    """A bus that reaches nobody."""

    def on(self, *_: Any) -> None:
        """No messages."""

    def on_coming(self, *_: Any) -> None:
        """No members."""

    def tell_all(self, *_: Any) -> None:
        """Nobody hears."""


class Member:
    """A member without agents; `gained` and `lost` are the slots in the order in which they came and went."""

    def __init__(self, store: PostgresStore, clock: VirtualClock) -> None:
        self.store, self.clock = store, clock
        self.seat = OwnSeat(store.coordination, DatabaseClock(clock), self)
        self.barrier = Barrier(NoBus(), store.coordination.read_changes)  # type: ignore[arg-type]
        store.coordination.answer_after(self.barrier.known)
        self.gained: list[int] = []
        self.lost: list[int] = []
        self.gone_members: list[int] = []
        self.cut_from: Collection[int] = ()
        self.seat.on_gain(self._gain)
        self.seat.on_loss(self._lose)
        self.running: asyncio.Task[None] | None = None

    async def _gain(self, slots: Slots) -> None:
        assert not slots & self.seat.owned
        self.gained += sorted(slots)

    async def _lose(self, slots: Slots) -> None:
        assert not slots & self.seat.owned
        self.lost += sorted(slots)

    def members_changed(self, others: Mapping[int, LivingSeat]) -> None:
        self.barrier.members({member: seat.read_to for member, seat in others.items()})

    async def gone(self, member: int) -> None:
        self.gone_members.append(member)

    def owners_changed(self) -> None:
        """Nothing is under way."""

    def announce(self) -> None:
        """Others see it with their next sign of life."""

    def unreached(self) -> Collection[int]:
        return self.cut_from

    def start(self) -> None:
        self.running = asyncio.create_task(self.seat.run())

    async def freeze(self) -> None:
        """Do nothing any more."""
        for task in (self.running, self.seat._beating, self.seat._fencing):
            if task is not None:
                task.cancel()
        await asyncio.sleep(0)


class Ground:
    """Members of one database, with one virtual clock."""

    def __init__(self) -> None:
        self.url = postgres_server.shared().new_schema()
        self.clock = VirtualClock()
        self.members: list[Member] = []

    async def member(self, *, runs: bool = True) -> Member:
        """A member that has joined, and runs."""
        store = PostgresStore(target_of(self.url), SynchronousCommit.NORMAL, clock=self.clock)
        await store.open()
        await store.coordination.join(Contact(f"m{len(self.members)}", "nowhere:1", b""))
        made = Member(store, self.clock)
        self.members.append(made)
        await made.seat.begin()
        if runs:
            made.start()
        return made

    async def until(self, condition: Any, within_s: float = 60) -> float:
        """Let time pass until the condition holds; how long that took, about."""
        started = self.clock.monotonic()
        while not condition():
            assert self.clock.monotonic() - started < within_s
            await self.clock.advance(0.25)
            await asyncio.sleep(0.01)
        return self.clock.monotonic() - started

    def spread(self) -> list[int]:
        return sorted(len(member.seat.owned) for member in self.members)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """No members at first."""
    made = Ground()
    try:
        yield made
    finally:
        for member in made.members:
            await member.freeze()
        for member in made.members:
            await member.store.close()


async def test_a_member_that_is_alone_owns_all_slots_at_once() -> None:
    """It needs not wait for anybody."""
    async with ground() as here:
        one = await here.member(runs=False)
        assert len(one.seat.owned) == SLOTS


async def test_slots_spread_over_those_who_come() -> None:
    """Each member gets its part, and each slot is given up by one before the other has it."""
    async with ground() as here:
        one, two = await here.member(), await here.member()
        await here.until(lambda: here.spread() == [32, 32])
        assert one.lost == two.gained == list(range(32, 64))
        await here.member()
        await here.until(lambda: here.spread() == [21, 21, 22])


async def test_slots_of_a_member_that_is_silent_move() -> None:
    """A member that gives no sign of life is ended after ten seconds, and the others own its slots."""
    async with ground() as here:
        one, two = await here.member(), await here.member()
        await here.until(lambda: here.spread() == [32, 32])
        await two.freeze()
        took_s = await here.until(lambda: len(one.seat.owned) == SLOTS)
        assert 9 <= took_s < 13
        assert one.gone_members == [two.seat.id]
        with pytest.raises(SeatLost):
            await commit(two.store, put("a"))


async def test_a_member_that_starts_ends_a_silent_one_before_it_serves() -> None:
    """A change is answered when the silent member is gone, also if there is no other member to end it."""
    async with ground() as here:
        one = await here.member()
        await one.freeze()
        two = await here.member(runs=False)
        assert two.seat.owned == frozenset()
        committing = asyncio.create_task(commit(two.store, put("a")))
        took_s = await here.until(committing.done)
        assert isinstance(committing.result(), Committed)
        assert 9 <= took_s < 13
        two.start()
        await here.until(lambda: len(two.seat.owned) == SLOTS)


async def test_a_member_that_the_others_cannot_reach_ends() -> None:
    """Of three, the one that both others do not reach ends itself with a reason."""
    async with ground() as here:
        one, two, third = [await here.member() for _ in range(3)]
        one.cut_from = two.cut_from = (third.seat.id,)
        assert third.running is not None
        await here.until(third.running.done)
        with pytest.raises(ExceptionGroup) as caught:
            await third.running
        assert caught.group_contains(SeatLost, match="cannot reach this one")
        assert one.running is not None
        assert not one.running.done()
