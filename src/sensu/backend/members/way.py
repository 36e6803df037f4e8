"""The way to one other member: what was handed over, until the results are known."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection

from sensu.backend.members.bus import Peer, Unasked
from sensu.backend.members.entities import EntitiesSent
from sensu.backend.members.handed import Handed
from sensu.backend.members.messages import EventResult, EventsStored, NotMine, Reply, TookBack
from sensu.backend.ports import EventStored
from sensu.log import fields

log = logging.getLogger("sensu.members")

UNDER_WAY_MAX = 1000
"""The maximum number of events in transit to another member; beyond it, agents are not read and API calls wait."""
ROOM_AT = UNDER_WAY_MAX // 2


class Way:
    """The events in transit to one other member, in order; `slots` has how many there are of each slot."""

    def __init__(self, peer: Peer, settled: Callable[[int], None], bounced: "Callable[[Way, Handed], None]") -> None:
        """`settled` is called with a slot when nothing of it is in transit any more, `bounced` with what is refused."""
        self.peer = peer
        self.slots: Counter[int] = Counter()
        self.refusing: dict[int, int] = {}
        """The slots of which an event was refused, with its number, and later ones are in transit: they will be too."""
        self._slot_settled, self._bounced = settled, bounced
        self._under_way: dict[int, Handed] = {}
        self._entities = EntitiesSent()
        self._room = asyncio.Event()
        self._arrived = asyncio.Event()
        self._is_gone = False
        peer.hear(self._hear)
        peer.tell_presence(self._again)

    @property
    def full(self) -> bool:
        """Whether there is no room for another event."""
        return len(self._under_way) >= UNDER_WAY_MAX

    def hand_over(self, handed: Handed) -> None:
        """Send something, now or when the member is connected."""
        number = self.peer.next_number()
        self._under_way[number] = handed
        self.slots[handed.slot] += 1
        if self.peer.present:
            self.peer.tell(handed.message(number, self._entities))

    def take_back(self, handed: Handed) -> None:
        """Do not send something again."""
        for number in [number for number, one in self._under_way.items() if one is handed]:
            self._pop(number)

    async def wait_for_room(self) -> None:
        """Return when there is room for several more events."""
        if self.full:
            self._room.clear()
            await self._room.wait()

    async def arrived(self) -> None:
        """Return when the results of all events are known."""
        while self._under_way:
            self._arrived.clear()
            await self._arrived.wait()

    def _pop(self, number: int) -> Handed | None:
        handed = self._under_way.pop(number, None)
        if handed is not None:
            slot = handed.slot
            self.slots[slot] -= 1
            if not self.slots[slot]:
                del self.slots[slot]
            if self._ends_refusing(slot) or slot not in self.slots:
                self._slot_settled(slot)
        return handed

    def _ends_refusing(self, slot: int) -> bool:
        """Whether what was just taken off was the last that followed a refused event of its slot."""
        if slot not in self.refusing:
            return False
        if any(one.slot == slot and self._follows(number, one) for number, one in self._under_way.items()):
            return False
        del self.refusing[slot]
        return True

    def _follows(self, number: int, handed: Handed) -> bool:
        """Whether something follows what was refused of its slot."""
        return number > self.refusing.get(handed.slot, number)

    def _hear(self, told: Unasked) -> None:
        if isinstance(told, NotMine):
            self._bounce(told)
        elif isinstance(told, EventsStored):
            for number in told.ids:
                self._settle(number, None)
        else:
            self._settle(told.id, told)
            if isinstance(told, EventResult) and not isinstance(told.outcome, EventStored):
                self.peer.tell(TookBack(told.id))
        self._wake()

    def _wake(self) -> None:
        if len(self._under_way) <= ROOM_AT:
            self._room.set()
        if not self._under_way:
            self._arrived.set()

    def _bounce(self, told: NotMine) -> None:
        handed = self._under_way.get(told.id)
        if handed is not None:
            self._take_refused(told.id, handed)
        self.peer.tell(TookBack(told.id))

    def _take_refused(self, number: int, handed: Handed) -> None:
        self.refusing.setdefault(handed.slot, number)
        self._bounced(self, handed)
        self._pop(number)

    def _settle(self, number: int, told: Reply | None) -> None:
        handed = self._pop(number)
        if handed is None:
            return
        if handed.done is not None:
            handed.done(told or EventResult(number, EventStored()))
        elif isinstance(told, EventResult) and not isinstance(told.outcome, EventStored):
            log.warning("event not stored", extra=fields(worker=self.peer.member, why=told.outcome.why))

    def _again(self, present: bool) -> None:
        """Send again what the other member has not stored, unless it follows something that was refused."""
        if present and not self._is_gone:
            self._entities = EntitiesSent()
            welcome = self.peer.welcome
            self._settle_stored(welcome.stored, welcome.but)
            for number, handed in list(self._under_way.items()):
                if self._follows(number, handed):
                    self._take_refused(number, handed)
            for number in welcome.but:
                if number not in self._under_way:
                    self.peer.tell(TookBack(number))
            for number, handed in self._under_way.items():
                self.peer.tell(handed.message(number, self._entities))

    def _settle_stored(self, last: int, but: Collection[int]) -> None:
        for number, handed in list(self._under_way.items()):
            if number <= last and number not in but and not handed.is_removal:
                self._settle(number, None)

    def given_up(self, last: int, but: Collection[int]) -> list[Handed]:
        """The member is gone: everything that it had not stored, in order; `last` and `but` are as in `Welcome`."""
        self._is_gone = True
        self._settle_stored(last, but)
        left, self._under_way = list(self._under_way.values()), {}
        self.slots.clear()
        self.refusing.clear()
        self._wake()
        return left
