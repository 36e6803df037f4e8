"""Keeps with each state change how its events were handled; what repeats the outcome before writes nothing."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Sequence

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.backend.pipelined.queue.settlement import Settlement
from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.rules.explain import Handling, WorkflowTrace
from sensu.rules.handling import NOT_HANDLED, Handlings, handling_of, merged, packed, unhandled, unpacked
from sensu.rules.share import Slots, slot_of
from sensu.rules.workflow import Workflow
from sensu.store.contract import Store
from sensu.store.values import EventKey, NoteHandling

log = logging.getLogger("sensu.pipelined")

KNOWN_MAX = 20_000
"""State changes whose outcomes are in memory, the least recently used are read again when they are needed."""
UNREAD_MAX = 10_000
"""Outcomes that wait until those before them are read; further ones are not kept."""


class KeptHandlings:
    """The outcomes of state changes, in memory and in the store."""

    def __init__(self, store: Store, settlement: Settlement, clock: Clock) -> None:
        self._store, self._settlement, self._clock = store, settlement, clock
        self._known: OrderedDict[EventKey, tuple[int, Handlings]] = OrderedDict()
        self._unread: deque[tuple[EventKey, int, Handling]] = deque(maxlen=UNREAD_MAX)
        self._woken = asyncio.Event()

    def begin(self, pending: PendingDelivery, *, fresh: bool) -> None:
        """Call with a delivery that was read; `fresh` says that none of its workflows was tried before."""
        if fresh and pending.id == pending.change:
            self._remember(pending.key, pending.change, ())

    def note(self, pending: PendingDelivery, workflow: Workflow, trace: WorkflowTrace) -> None:
        """Keep the outcome of a workflow; call it before the delivery is settled."""
        if workflow.informs:
            self._note(pending, handling_of(trace, pending.id))

    def note_planned(self, pending: PendingDelivery, problems: Sequence[str]) -> None:
        """Keep why workflows of an event were not found, or that none informs anybody; call it once for a delivery."""
        for problem in problems:
            self._note(pending, unhandled(problem, pending.id, self._clock.now()))
        if not problems and pending.id == pending.change and not any(each.informs for each in pending.workflows):
            self._settlement.add((NoteHandling(pending.key, pending.change, NOT_HANDLED),))

    def _note(self, pending: PendingDelivery, new: Handling) -> None:
        change, known = self._known.get(pending.key, (0, ()))
        if pending.change and change == pending.change and not self._unread:
            self._keep(pending.key, change, known, new)
        else:
            self._unread.append((pending.key, pending.id, new))
            self._woken.set()

    def _keep(self, key: EventKey, change: int, known: Handlings, new: Handling) -> None:
        found = merged(known, new)
        if found is not None:
            self._remember(key, change, found)
            self._settlement.add((NoteHandling(key, change, packed(found)),))

    def _remember(self, key: EventKey, change: int, handlings: Handlings) -> None:
        self._known[key] = (change, handlings)
        self._known.move_to_end(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    def forget(self, slots: Slots) -> None:
        """Forget what is kept of slots that go to another member."""
        for key in [key for key in self._known if slot_of(key.namespace, key.entity) in slots]:
            del self._known[key]

    async def run(self) -> None:
        """Keep outcomes whose state changes are not in memory, until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self.finish()

    async def finish(self) -> None:
        """Keep the outcomes that wait, as far as the store can be read."""
        while self._unread:
            key, delivery, new = self._unread.popleft()
            try:
                await self._read_and_keep(key, delivery, new)
            except (StoreError, InvalidResource) as err:
                log.warning("the outcome of a delivery is not kept", extra=fields(delivery=delivery, error=str(err)))

    async def _read_and_keep(self, key: EventKey, delivery: int, new: Handling) -> None:
        stored = await self._store.handling(key, delivery)
        if stored is None:
            return
        change, known = self._known.get(key, (0, ()))
        if stored.change != change:
            change, known = stored.change, unpacked(stored.handled or b"")
        self._keep(key, change, known, new)
