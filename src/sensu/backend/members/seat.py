"""The life of this member among those that share a database: signs of life, and the slots that come and go.

One task gives a sign of life every second and reads those of the others; it waits for nothing else. Another one ends
seats that are silent, also while this member is still starting, because nothing holds at all members before they are
gone. A third one claims slots and gives slots up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from sensu.backend.members.database_clock import DatabaseClock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import Held, Slots, claimable, expelled, to_give_up
from sensu.rules.signs_of_life import BEAT_EVERY_S, Sight, seen
from sensu.store.coordination import Coordination, LivingSeat, SeatLost, SlotRow, View

log = logging.getLogger("sensu.members")

CLAIM_WITHIN_S = 2.0
"""A slot that was given up for a member that does not claim it for this long goes to another one."""
TRIM_EVERY_S = 30.0
HANDED_OVER_EVERY_S = 0.05
"""How often a member that ends looks whether it still has slots."""
NOBODY = 0
"""The owner of a slot that has none; numbers of seats begin at 1."""


class Followers(Protocol):
    """What follows the members and the slots."""

    def members_changed(self, others: Mapping[int, LivingSeat]) -> None:
        """These are the other members now; called after each sign of life."""
        ...

    async def gone(self, member: int) -> None:
        """A member has ended for good; raises StoreError."""
        ...

    def owners_changed(self) -> None:
        """Slots have other owners, or may have."""
        ...

    def announce(self) -> None:
        """Tell the others that slots have moved."""
        ...

    def unreached(self) -> Collection[int]:
        """The members that were not reached for a while."""
        ...

    def asked_to_leave(self) -> None:
        """Somebody asked this member to end; called after each sign of life from then on."""
        ...


class OwnSeat:
    """The slots of this member, and who owns the others."""

    def __init__(self, coordination: Coordination, clock: DatabaseClock, followers: Followers) -> None:
        self._coordination, self._clock, self._followers = coordination, clock, followers
        self.id = coordination.seat
        self.owned: Slots = frozenset()
        self.others: Mapping[int, LivingSeat] = {}
        self._stopping = self._takes_slots = self._is_running = False
        self._rows: dict[int, SlotRow] = {}
        self._map = -1
        self._view: View | None = None
        self._sights: dict[int, Sight] = {}
        self._gone: dict[int, None] = {}
        self._free_since: dict[tuple[int, int | None], float] = {}
        self._giving_up: Slots = frozenset()
        self._giving: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._fencing: asyncio.Task[None] | None = None
        self._fences = asyncio.Event()
        self._acts = asyncio.Event()
        self._beats = asyncio.Event()
        self._trimmed_at = clock.monotonic()
        self._gained: list[Callable[[Slots], Awaitable[None]]] = []
        self._lost: list[Callable[[Slots], Awaitable[None]]] = []

    def on_gain(self, listener: Callable[[Slots], Awaitable[None]]) -> None:
        """Await `listener` with slots that this member has claimed, before it processes anything of them."""
        self._gained.append(listener)

    def on_loss(self, listener: Callable[[Slots], Awaitable[None]]) -> None:
        """Await `listener` with slots that this member gives up; when it returns, nothing of them is in progress."""
        self._lost.append(listener)

    def owner_of(self, slot: int) -> int:
        """The owner of a slot; `NOBODY` while it has none, or while this member takes it up or gives it up."""
        if slot in self.owned:
            return self.id
        row = self._rows.get(slot)
        return NOBODY if row is None or row.seat is None or row.seat == self.id else row.seat

    @property
    def now(self) -> Mapping[int, LivingSeat]:
        """The living members, this one included, as of the last sign of life."""
        own = {} if self._view is None else {self.id: self._view.seats[self.id]}
        return own | dict(self.others)

    def look_soon(self) -> None:
        """Give the next sign of life now, because what is known of the owners is out of date."""
        self._beats.set()

    async def begin(self) -> None:
        """Look at the others, claim all slots if none of them can, and give signs of life; raises StoreError."""
        await self._beat()
        loop = asyncio.get_running_loop()
        self._beating = loop.create_task(self._beat_forever(), name="signs of life")
        self._fencing = loop.create_task(self._fence_forever(), name="silent seats")
        if not any(seat.takes_slots for seat in self.others.values()):
            await self._take_slots()
            await self._act()

    async def _take_slots(self) -> None:
        await self._coordination.take_slots(True)
        self._takes_slots = True

    async def run(self) -> None:
        """Stay a member until cancelled; raises SeatLost when this process must end."""
        assert self._beating is not None
        assert self._fencing is not None
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._act_forever(), name="slots")
                await self._beating
        finally:
            self._is_running = False
            self._beating.cancel()
            self._fencing.cancel()
            if self._giving is not None:
                self._giving.cancel()

    async def hand_over(self) -> None:
        """Give all slots up while everything goes on; return when others have claimed them, or nobody can.

        Raises StoreError.
        """
        self._stopping = True
        await self._coordination.take_slots(False)
        self._acts.set()
        while self._is_running and not self._is_handed_over():
            await self._clock.sleep(HANDED_OVER_EVERY_S)

    def _is_handed_over(self) -> bool:
        heirs = {seat.id for seat in self.others.values() if seat.takes_slots}
        left = self.owned | self._giving_up | {slot for slot, row in self._rows.items() if row.wanted_by in heirs}
        return not left or not heirs

    async def _beat_forever(self) -> None:
        while True:
            started_at = self._clock.monotonic()
            try:
                await self._beat()
            except SeatLost:
                raise
            except StoreError as err:
                log.debug("no sign of life", extra=fields(error=str(err)))
            await self._wait(max(0.0, started_at + BEAT_EVERY_S - self._clock.monotonic()))

    async def _wait(self, seconds: float) -> None:
        """Return after a time, or when a sign of life is due earlier."""
        self._beats.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(self._beats.wait())
        try:
            await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()

    async def _beat(self) -> None:
        sent_at = self._clock.monotonic()
        view = await self._coordination.beat(self._followers.unreached())
        self._clock.measured(view.now, sent_at)
        others = {seat.id: seat for seat in view.seats.values() if seat.id != self.id}
        self._sights = seen(self._sights, [(s.id, s.beat) for s in others.values()], self._clock.monotonic())
        self._gone |= dict.fromkeys(self.others.keys() - others.keys())
        self._view, self.others = view, {one: seat for one, seat in others.items() if seat.joined}
        self._followers.members_changed(self.others)
        if view.seats[self.id].leaving:
            self._followers.asked_to_leave()
        self._require_reached(view)
        self._acts.set()
        if any(sight.is_silent for sight in self._sights.values()):
            self._fences.set()

    def _require_reached(self, view: View) -> None:
        members = [self.id, *self.others]
        if self.id in expelled(members, {one: view.seats[one].unreached for one in members}):
            raise SeatLost("the other backends cannot reach this one: start it again")

    async def _fence_forever(self) -> None:
        while True:
            await self._fences.wait()
            self._fences.clear()
            for seat in [seat for seat, sight in self._sights.items() if sight.is_silent]:
                try:
                    await self._coordination.fence(seat, f"no sign of life was seen by seat {self.id}")
                except StoreError as err:
                    log.warning("a silent backend cannot be ended now", extra=fields(seat=seat, error=str(err)))
                else:
                    self._sights.pop(seat, None)
                    self.look_soon()

    async def _act_forever(self) -> None:
        if not self._takes_slots:
            await self._take_slots()
        while True:
            await self._acts.wait()
            self._acts.clear()
            try:
                await self._act()
            except SeatLost:
                raise
            except StoreError as err:
                log.warning("slots cannot be moved now", extra=fields(error=str(err)))

    async def _act(self) -> None:
        assert self._view is not None
        view = self._view
        for seat in list(self._gone):
            await self._followers.gone(seat)
            self._gone.pop(seat)
        if view.map != self._map:
            await self._read_slots(view.map)
        self._followers.owners_changed()
        members = [seat.id for seat in self.others.values() if seat.takes_slots]
        if self._stopping:
            self._give_up(members)
            return
        members.append(self.id)
        await self._claim(members)
        self._give_up(members)
        await self._trim(view)

    async def _read_slots(self, map_number: int) -> None:
        self._rows = {row.slot: row for row in await self._coordination.slots()}
        self._map = map_number
        now = self._clock.monotonic()
        free = [(row.slot, row.wanted_by) for row in self._rows.values() if row.seat is None]
        self._free_since = {one: self._free_since.get(one, now) for one in free}

    def _held(self) -> dict[int, Held]:
        return {slot: Held(row.seat, row.wanted_by) for slot, row in self._rows.items()}

    async def _claim(self, members: Collection[int]) -> None:
        now = self._clock.monotonic()
        overdue = {slot for (slot, _), since in self._free_since.items() if now - since > CLAIM_WITHIN_S}
        wanted = set(claimable(self.id, self._held(), members, overdue))
        wanted |= {s for s, row in self._rows.items() if row.seat == self.id and s not in self.owned | self._giving_up}
        if not wanted:
            return
        gained = frozenset(row.slot for row in await self._coordination.claim(wanted))
        await self._read_slots(-1)
        for listener in self._gained:
            await listener(gained)
        self.owned |= gained
        self._followers.announce()
        log.info("slots were claimed", extra=fields(slots=len(gained), owned=len(self.owned)))
        self._followers.owners_changed()

    def _give_up(self, members: Collection[int]) -> None:
        if self._giving is not None and not self._giving.done():
            return
        given = to_give_up(self.id, self._held(), members)
        given = {slot: member for slot, member in given.items() if slot in self.owned}
        if given:
            self._giving = asyncio.get_running_loop().create_task(self._give(given), name="slots given up")

    async def _give(self, given: Mapping[int, int]) -> None:
        """Give slots up for others; events of them wait meanwhile."""
        lost = self._giving_up = frozenset(given)
        self.owned -= lost
        self._followers.owners_changed()
        try:
            for listener in self._lost:
                await listener(lost)
            await self._coordination.free(given)
            self._followers.announce()
            await self._read_slots(-1)
            log.info("slots were given up", extra=fields(slots=len(lost), owned=len(self.owned)))
        except StoreError as err:
            log.warning("slots cannot be given up now", extra=fields(error=str(err)))
        finally:
            self._giving_up = frozenset()
            self._followers.owners_changed()

    async def _trim(self, view: View) -> None:
        """Let the owner of the first slot forget changes that all know."""
        now = self._clock.monotonic()
        if 0 in self.owned and now - self._trimmed_at >= TRIM_EVERY_S:
            self._trimmed_at = now
            await self._coordination.trim_log(min(seat.read_to for seat in view.seats.values() if seat.joined))
