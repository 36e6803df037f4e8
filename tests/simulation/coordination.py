"""How simulated processes that share a database agree who owns what: the protocol `Coordination` over tables."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.rules.share import ALL_SLOTS
from sensu.rules.signs_of_life import valid_until
from sensu.store.coordination import PROTOCOL, Contact, LivingSeat, SeatLost, SlotRow, View
from sensu.store.values import DeliveriesSize, EventKey
from tests.simulation.chain import Chain
from tests.simulation.database import Connection, Lost, SimDatabase
from tests.simulation.loop import PROCESS
from tests.simulation.tables import BeatRow, SeatRow, Tables

T = TypeVar("T")

if TYPE_CHECKING:
    from tests.simulation.store import SimStore


class SimCoordination:
    """The seat of a simulated process among those of others; signs of life have a connection of their own."""

    own_host = "127.0.0.1"

    def __init__(self, store: "SimStore", database: SimDatabase, chain: Chain, clock: Clock) -> None:
        self._store, self._database, self._chain, self._clock = store, database, chain, clock
        self._connection: Connection | None = None
        self._changed = 0
        self.known: Callable[[int], Awaitable[None]] | None = None

    @property
    def seat(self) -> int:
        """The number of this process's seat."""
        return self._chain.seat

    def problem(self) -> str:
        """Why this process must not act now."""
        return self._store.feed.problem()

    async def fence_ended(self) -> None:
        """End the seats of this member's processes that were killed, which a process on the same host can know."""
        seats = await self._run(lambda tables: dict(tables.seats))
        for seat in [number for number, row in seats.items() if self._has_ended(row)]:
            await self.fence(seat, "ended")

    def _has_ended(self, row: SeatRow) -> bool:
        same_host = row.process.rpartition(".")[0] == PROCESS.get().rpartition(".")[0]
        return not row.gone and same_host and self._database.loop.is_killed(row.process)

    async def join(self, contact: Contact) -> None:
        """Take part."""
        await self._store.in_turn(lambda tables: self._change_seat(tables, contact=contact))
        self._store.slots = frozenset()
        self._store.drop_owed(ALL_SLOTS)

    async def take_slots(self, takes: bool) -> None:
        """Say whether slots are planned for this seat."""
        await self._store.in_turn(lambda tables: self._change_seat(tables, takes_slots=takes))

    def _change_seat(self, tables: Tables, **fields: object) -> None:
        tables.put(tables.seats, self.seat, msgspec.structs.replace(tables.seats[self.seat], **fields))

    async def beat(self, unreached: Collection[int] = ()) -> View:
        """Give a sign of life, and read those of the others; raises StoreError."""
        sent_at, feed, owed = self._clock.monotonic(), self._store.feed, self._store.deliveries_size()
        told = (feed.read_to, owed, frozenset(unreached))

        def give(tables: Tables) -> View:
            before = tables.beats.get(self.seat)
            number = 1 if before is None else before.beat + 1
            tables.put(tables.beats, self.seat, BeatRow(number, *told))
            seats = {
                seat: _living(seat, tables)
                for seat, row in tables.seats.items()
                if not row.gone and seat in tables.beats
            }
            return View(seats, tables.numbers["logged"], tables.numbers["map"], self._database.now())

        view = await self._run(give)
        if self.seat not in view.seats:
            self._store.lose(f"seat {self.seat} was taken away")
            raise SeatLost("the seat was taken away")
        if view.revision < self._changed:
            self._store.lose("the database has lost changes that were read")
            raise SeatLost("the database has lost changes that were read")
        self._changed = view.revision
        feed.valid_until = valid_until(sent_at)
        await feed.read(view.revision)
        return view

    async def slots(self) -> Sequence[SlotRow]:
        """The table of slots, in order."""
        return await self._run(
            lambda tables: [
                SlotRow(slot, row.seat, row.wanted_by, row.epoch) for slot, row in sorted(tables.slots.items())
            ]
        )

    async def claim(self, slots: Collection[int]) -> Sequence[SlotRow]:
        """Claim slots; returns those that belong to this seat now."""

        def take(tables: Tables) -> None:
            for slot in sorted(slots):
                if tables.slots[slot].seat is None:
                    tables.give_slot(slot, self.seat)
            tables.next_number("map")

        if self._chain.claims_in_turn:
            await self._store.in_turn(take)
        else:
            await self._run(take)
        await self._store.continue_others()
        claimed = [row for row in await self.slots() if row.seat == self.seat and row.slot in slots]
        await self._store.take_up(frozenset(row.slot for row in claimed))
        return claimed

    async def free(self, slots: Mapping[int, int | None]) -> None:
        """Give up slots of this seat."""

        def give(tables: Tables) -> None:
            for slot, wanted_by in slots.items():
                if tables.slots[slot].seat == self.seat:
                    tables.give_slot(slot, None, wanted_by)
            tables.next_number("map")

        lost = frozenset(slots)
        self._store.slots = (self._store.slots or frozenset()) - lost
        await self._store.in_turn(give)
        self._store.drop_owed(lost)

    async def fence(self, seat: int, why: str) -> None:
        """End a seat and free its slots."""

        def end(tables: Tables) -> None:
            row = tables.seats.get(seat)
            if row is not None and not row.gone:
                tables.put(tables.seats, seat, msgspec.structs.replace(row, gone=why))
            for slot, owned in list(tables.slots.items()):
                if owned.seat == seat:
                    tables.give_slot(slot, None)
            tables.next_number("map")

        await self._run(end)

    async def ask_to_leave(self, seat: int) -> None:
        """Ask a living member to end."""
        row = await self._run(lambda tables: tables.seats[seat])
        leaving = msgspec.structs.replace(row, leaving=True)
        await self._run(lambda tables: tables.put(tables.seats, seat, leaving))

    async def leave(self) -> None:
        """End this seat."""
        await self.fence(self.seat, "left")

    def answer_after(self, known: Callable[[int], Awaitable[None]]) -> None:
        """Await `known` with the revision of a commit before the commit returns."""
        self.known = known

    async def read_changes(self, revision: int) -> None:
        """Return when listeners know all changes of resources up to a revision."""
        await self._store.feed.read(revision)

    def hear_events(self, changes: Sequence[tuple[EventKey, bytes | None]]) -> None:
        """Nobody watches the events of others."""

    async def trim_log(self, read_to: int) -> None:
        """Nothing is trimmed: a run is short."""

    async def _run(self, work: Callable[[Tables], T]) -> T:
        try:
            if self._connection is None or not self._connection.alive:
                self._connection = await self._database.connect()
            return await self._connection.run(work)
        except Lost as err:
            raise StoreError("the database does not answer") from err


def _living(seat: int, tables: Tables) -> LivingSeat:
    row, beat = tables.seats[seat], tables.beats[seat]
    contact = row.contact or Contact(row.member, "", b"")
    owed: DeliveriesSize = beat.owed
    return LivingSeat(
        seat,
        contact,
        beat.beat,
        beat.read_to,
        owed,
        beat.unreached,
        (PROTOCOL, PROTOCOL),
        row.contact is not None,
        row.takes_slots,
        row.leaving,
    )
