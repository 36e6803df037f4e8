"""The run ledger: the outcome of the last scheduled runs ("slots") of each check.

schedulerd reports the requests that it sent and did not send, eventd the results that arrived, agentd the agents that
disconnected; the outcome of each slot follows from these. Open slots survive a restart of the backend, and the slots
of the downtime are entered as missed.
"""

import heapq
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Protocol

from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.resources.check import CheckConfig
from sensu.resources.wire import Wire, always_str, decode, encode
from sensu.rules import run_ledger as rules
from sensu.rules.run_ledger import Slot, SlotOutcome, SlotTrouble, Why
from sensu.rules.schedule import Timing
from sensu.store.contract import Store
from sensu.store.values import PutState

log = logging.getLogger("sensu.run_ledger")

STATE = "run_ledger"
KEEP_EVERY_S = 5.0
SLOTS_MAX = 20
"""How many slots of each check are kept."""
OPEN_KEPT_MAX = 2000
"""Maximum open slots that are kept across a restart."""
DEPARTURES_MAX = 50_000
"""Maximum subscriptions whose latest disconnect is remembered; the oldest entries are dropped first."""

CheckKey = tuple[str, str]
"""The namespace and name of a check."""


class SlotCounters(Protocol):
    """What the ledger counts."""

    def slots(self, outcome: SlotOutcome, why: Why, number: int) -> None:
        """Count slots that have ended."""
        ...


class _Open(Wire, frozen=True):
    """An open slot as it is stored."""

    namespace: str = always_str()
    name: str = always_str()
    slot: Slot = Slot(at=0.0)
    issued: tuple[int, ...] = ()


class _Kept(Wire, frozen=True):
    """The open slots as they are stored; all slots up to `alive_at` (Unix seconds) were open before."""

    alive_at: float
    open: tuple[_Open, ...] = ()


class LedgerEntry:
    """One slot in the ledger: its current state, and the subscriptions (`targets`) that its requests were sent to."""

    __slots__ = ("issued", "place", "restored", "slot", "targets")

    def __init__(self, place: CheckKey, slot: Slot, restored: bool = False) -> None:
        self.place = place
        self.slot = slot
        self.restored = restored
        self.issued: tuple[int, ...] = ()
        self.targets: frozenset[str] = frozenset()


class _Account:
    """The slots and totals of one check."""

    __slots__ = ("entries", "totals")

    def __init__(self) -> None:
        self.entries: deque[LedgerEntry] = deque()
        self.totals: Counter[SlotOutcome] = Counter()


class RunLedger:
    """Keeps the last slots of every check; each slot is counted once, when it ends."""

    def __init__(self, store: Store, counters: SlotCounters, clock: Clock, slots_max: int = SLOTS_MAX) -> None:
        self._store = store
        self._counters = counters
        self._clock = clock
        self._slots_max = slots_max
        self._accounts: dict[CheckKey, _Account] = {}
        self._awaited: dict[tuple[str, str, int], list[LedgerEntry]] = {}
        self._closing: list[tuple[float, int, LedgerEntry]] = []
        self._order = count()
        self._left_at: dict[CheckKey, float] = {}
        self.alive_at: float | None = None
        self._looked_until: float | None = None
        self.since = clock.now()

    async def recover(self) -> None:
        """Read the slots that were open when the backend was last alive (`alive_at`, None if unknown)."""
        value = await self._store.get_state(STATE)
        if value is None:
            return
        try:
            kept = decode(_Kept, value)
        except InvalidResource as err:
            log.warning("the run ledger could not be read", extra=fields(error=str(err)))
            return
        now = self._clock.now()
        self.alive_at = min(now, kept.alive_at)
        for one in kept.open:
            entry = LedgerEntry((one.namespace, one.name), one.slot, restored=True)
            self._add(entry)
            for issued in one.issued:
                self._await(entry, issued)
            self._close_later(entry)

    async def keep(self) -> None:
        """Store the open slots, and the time up to which slots were opened; raises StoreError."""
        now = self._clock.now()
        alive_at = now if self._looked_until is None else min(now, self._looked_until)
        await self._store.commit([PutState(STATE, encode(_Kept(alive_at=alive_at, open=self._open())))])

    def looked(self, until: float) -> None:
        """Note that everything that was due until a time has been entered; a later slot is missed if this process ends.

        Time passes between a slot and its entry, most of all if the process was suspended.
        """
        self._looked_until = until

    def _open(self) -> tuple[_Open, ...]:
        found: dict[int, _Open] = {}
        for _, _, entry in self._closing:
            if entry.slot.outcome is SlotOutcome.REQUESTED and len(found) < OPEN_KEPT_MAX:
                namespace, name = entry.place
                found[id(entry)] = _Open(namespace=namespace, name=name, slot=entry.slot, issued=entry.issued)
        return tuple(found.values())

    async def keep_forever(self, active: Callable[[], bool]) -> None:
        """Store the open slots while checks are scheduled, and close overdue ones, until cancelled."""
        while True:
            self.close_due()
            if active():
                try:
                    await self.keep()
                except StoreError as err:
                    log.warning("the run ledger could not be stored", extra=fields(error=str(err)))
            await self._clock.sleep(KEEP_EVERY_S)

    def begin(self, check: CheckConfig, when: Timing, at: float) -> LedgerEntry:
        """Open a slot whose requests are about to be sent; calls of `asked`, then one of `asked_all`, must follow."""
        entry = LedgerEntry(_place(check), rules.begun(check, when, at, self._clock.now()))
        self._add(entry)
        self._close_later(entry)
        return entry

    def asked(self, entry: LedgerEntry, targets: Iterable[str], issued: int, sent: int) -> None:
        """Note that a request of the slot was sent to `sent` agents of the subscriptions `targets`."""
        entry.slot = rules.asked(entry.slot, sent, self._clock.now())
        if not sent:
            return
        entry.targets = entry.targets.union(targets)
        if issued not in entry.issued:
            self._await(entry, issued)

    def asked_all(self, entry: LedgerEntry, if_none_sent: Why = Why.NO_SUBSCRIBER) -> None:
        """Note that all requests of the slot are sent; `if_none_sent` is the reason if there were none."""
        if entry.slot.outcome is not SlotOutcome.REQUESTED:
            return
        entry.slot = rules.asked_all(entry.slot, if_none_sent)
        if entry.slot.outcome is not SlotOutcome.REQUESTED:
            self._ended(entry)

    def missed(self, check: CheckConfig, times: Sequence[float], why: Why, more: int = 0) -> None:
        """Note that no request was sent at these times, nor at `more` times before them."""
        for at in times:
            entry = LedgerEntry(_place(check), rules.not_requested(check, at, why))
            self._add(entry)
            self._ended(entry)
        if more:
            self._count(_place(check), SlotOutcome.MISSED, why, more)

    def was_down(self, check: CheckConfig, when: Timing) -> None:
        """Enter the slots of a check between `alive_at` and now as missed."""
        if self.alive_at is None:
            return
        known = [slot.at for slot in self.slots(*_place(check))]
        times, more = rules.slots_between(
            check.metadata.name, when, self.alive_at, self._clock.now(), max(1, self._slots_max - len(known))
        )
        unknown = [at for at in times if not any(abs(at - one) < rules.SAME_S for one in known)]
        self.missed(check, unknown, Why.BACKEND_DOWN, more)

    def forget(self, place: CheckKey) -> None:
        """Drop the slots of a check that was deleted."""
        account = self._accounts.pop(place, None)
        for entry in account.entries if account else ():
            self._await_no_longer(entry)

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """Note that the result of a request arrived and is stored."""
        entries = self._awaited.get((namespace, check, issued))
        if entries is None:
            return
        entry = next((one for one in entries if one.slot.answered < one.slot.asked), entries[0])
        entry.slot = rules.answered(entry.slot, self._clock.now())
        if entry.slot.outcome is not SlotOutcome.REQUESTED:
            self._ended(entry)

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """Note that an agent with these subscriptions disconnected."""
        now = self._clock.now()
        for subscription in subscriptions:
            self._left_at.pop((namespace, subscription), None)
            self._left_at[namespace, subscription] = now
        while len(self._left_at) > DEPARTURES_MAX:
            del self._left_at[next(iter(self._left_at))]

    def close_due(self) -> None:
        """Close the slots whose time for results has passed."""
        now = self._clock.now()
        while self._closing and self._closing[0][0] <= now:
            _, _, entry = heapq.heappop(self._closing)
            if entry.slot.outcome is not SlotOutcome.REQUESTED:
                continue
            if entry.slot.closes_at > now:
                self._close_later(entry)
            else:
                self._close(entry)

    def slots(self, namespace: str, check: str) -> list[Slot]:
        """The last slots of a check, newest first."""
        account = self._accounts.get((namespace, check))
        return rules.in_order([entry.slot for entry in account.entries])[::-1] if account else []

    def trouble(self, since: float) -> dict[str, SlotTrouble]:
        """The late checks of each namespace, and the slots that were missed since a time."""
        found: dict[str, SlotTrouble] = {}
        now = self._clock.now()
        for (namespace, _), account in self._accounts.items():
            slots = [entry.slot for entry in account.entries]
            so_far = found.get(namespace, rules.NO_TROUBLE)
            late = so_far.late + (bool(slots) and rules.is_late(slots[-1], now))
            missed = sum(
                slot.at >= since and slot.outcome in (SlotOutcome.MISSED, SlotOutcome.PARTLY) for slot in slots
            )
            found[namespace] = SlotTrouble(late, so_far.missed + missed)
        return found

    def totals(self, namespace: str, check: str) -> dict[SlotOutcome, int]:
        """The number of slots of a check by outcome, since the backend started."""
        account = self._accounts.get((namespace, check))
        return dict(account.totals) if account else {}

    def _add(self, entry: LedgerEntry) -> None:
        account = self._accounts.get(entry.place)
        if account is None:
            account = self._accounts[entry.place] = _Account()
        account.entries.append(entry)
        if len(account.entries) > self._slots_max:
            oldest = account.entries.popleft()
            if oldest.slot.outcome is SlotOutcome.REQUESTED:
                self._close(oldest)

    def _await(self, entry: LedgerEntry, issued: int) -> None:
        entry.issued += (issued,)
        self._awaited.setdefault((*entry.place, issued), []).append(entry)

    def _await_no_longer(self, entry: LedgerEntry) -> None:
        for issued in entry.issued:
            key = (*entry.place, issued)
            entries = self._awaited.get(key, [])
            if entry in entries:
                entries.remove(entry)
            if not entries:
                self._awaited.pop(key, None)

    def _close_later(self, entry: LedgerEntry) -> None:
        heapq.heappush(self._closing, (entry.slot.closes_at, next(self._order), entry))

    def _close(self, entry: LedgerEntry) -> None:
        entry.slot = rules.closed(entry.slot, self._why_unanswered(entry))
        self._ended(entry)

    def _why_unanswered(self, entry: LedgerEntry) -> Why:
        if entry.restored:
            return Why.BACKEND_DOWN
        namespace, at = entry.place[0], entry.slot.at
        if any(self._left_at.get((namespace, target), 0.0) >= at for target in entry.targets):
            return Why.AGENT_AWAY
        return Why.NO_ANSWER

    def _ended(self, entry: LedgerEntry) -> None:
        self._await_no_longer(entry)
        self._count(entry.place, entry.slot.outcome, entry.slot.why, 1)

    def _count(self, place: CheckKey, outcome: SlotOutcome, why: Why, number: int) -> None:
        account = self._accounts.get(place)
        if account is not None:
            account.totals[outcome] += number
        self._counters.slots(outcome, why, number)


def _place(check: CheckConfig) -> CheckKey:
    return (check.metadata.namespace, check.metadata.name)
