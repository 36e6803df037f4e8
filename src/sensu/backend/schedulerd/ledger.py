"""The run ledger: the outcome of the last scheduled runs ("slots") of each check.

schedulerd reports the requests that it sent and did not send, eventd the results that arrived, agentd the agents that
disconnected; the outcome of each slot follows from these. Open slots survive a restart of the backend, and the slots
of the downtime are entered as missed.

A member keeps the slots of the checks that it schedules; they are stored by parts (`kept_runs.py`), and move with them.
"""

import heapq
import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from itertools import count
from typing import Protocol

from sensu.backend.schedulerd.kept_runs import KeptPart, KeptSlot, KeptTurn, kept_parts, write_of
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.check import CheckConfig
from sensu.rules import run_ledger as rules
from sensu.rules.run_ledger import LastRun, Slot, SlotOutcome, SlotTrouble, Why
from sensu.rules.schedule import Timing
from sensu.rules.share import slot_of
from sensu.store.contract import Store

log = logging.getLogger("sensu.run_ledger")

KEEP_EVERY_S = 5.0
SLOTS_MAX = 20
"""How many slots of each check are kept."""
KEPT_OF_PART_MAX = 500
"""Maximum slots of a part that are stored, the newest ones."""
DEPARTURES_MAX = 50_000
"""Maximum subscriptions whose latest disconnect is remembered; the oldest entries are dropped first."""

CheckKey = tuple[str, str]
"""The namespace and name of a check."""


class SlotCounters(Protocol):
    """What the ledger counts."""

    def slots(self, outcome: SlotOutcome, why: Why, number: int) -> None:
        """Count slots that have ended."""
        ...


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
    """The slots and totals of one check, and the agents of its subscriptions that had their turn last."""

    __slots__ = ("entries", "totals", "turns")

    def __init__(self) -> None:
        self.entries: deque[LedgerEntry] = deque()
        self.totals: Counter[SlotOutcome] = Counter()
        self.turns: dict[str, str] = {}


class _Part:
    """The checks of one part."""

    __slots__ = ("accounts", "mark", "open", "since")

    def __init__(self, mark: float | None, since: float) -> None:
        """All slots up to `mark` were entered before; totals are counted since `since`."""
        self.mark, self.since = mark, since
        self.accounts: dict[CheckKey, _Account] = {}
        self.open: dict[LedgerEntry, None] = {}


class RunLedger:
    """Keeps the last slots of every check of some parts; each slot is counted once, when it ends."""

    def __init__(self, store: Store, counters: SlotCounters, clock: Clock, slots_max: int = SLOTS_MAX) -> None:
        self._store = store
        self._counters = counters
        self._clock = clock
        self._slots_max = slots_max
        self._parts: dict[int, _Part] = {}
        self._awaited: dict[tuple[str, str, int], list[LedgerEntry]] = {}
        self._closing: list[tuple[float, int, LedgerEntry]] = []
        self._order = count()
        self._left_at: dict[CheckKey, float] = {}
        self._looked_until: float | None = None
        self._started_at = clock.now()

    # Parts

    async def recover(self, parts: Collection[int]) -> None:
        """Read what their last owner stored of these parts, which are this member's from now on; raises StoreError."""
        kept = await kept_parts(self._store, parts)
        now = self._clock.now()
        self._drop(parts)
        for part in parts:
            stored = kept.get(part)
            self._parts[part] = _Part(None if stored is None else stored.entered_to, now)
            if stored is not None:
                self._restore(stored)

    def _restore(self, stored: KeptPart) -> None:
        for one in sorted(stored.slots, key=lambda each: each.slot.at):
            entry = LedgerEntry((one.namespace, one.name), one.slot, restored=one.slot.asking or not stored.given_up)
            entry.targets = frozenset(one.targets)
            self._add(entry)
            if one.slot.outcome is SlotOutcome.REQUESTED:
                self._open(entry, one.issued)
        for turn in stored.turns:
            self._account((turn.namespace, turn.name)).turns[turn.subscription] = turn.agent

    def resumes_at(self, part: int) -> float:
        """From when on the checks of a part may be published."""
        return rules.resumes_at(self._parts[part].mark, self._clock.now())

    async def mark(self, parts: Iterable[int], until: float) -> None:
        """Store that all slots of these parts up to a time are entered, so that nobody publishes them again."""
        for part in parts:
            self._parts[part].mark = until
        await self._store.commit([write_of(part, self._kept(part)) for part in parts])

    async def give_up(self, parts: Collection[int]) -> None:
        """Store these parts with all their slots for the next owner, and forget them; raises StoreError."""
        known = sorted(self._parts.keys() & parts)
        if known:
            await self._store.commit([write_of(part, self._kept(part, whole=True)) for part in known])
        self._drop(parts)

    def _drop(self, parts: Iterable[int]) -> None:
        for part in parts:
            dropped = self._parts.pop(part, None)
            for entry in dropped.open if dropped else ():
                self._await_no_longer(entry)

    def _kept(self, part: int, *, whole: bool = False) -> KeptPart:
        """A part as it is stored: its open slots, or (`whole`) all that are known."""
        known = self._parts[part]
        entries = [each for one in known.accounts.values() for each in one.entries] if whole else list(known.open)
        return KeptPart(
            entered_to=self._entered_to(known),
            slots=tuple(
                KeptSlot(
                    namespace=each.place[0],
                    name=each.place[1],
                    slot=each.slot,
                    issued=each.issued,
                    targets=tuple(sorted(each.targets)),
                )
                for each in sorted(entries, key=lambda each: each.slot.at)[-KEPT_OF_PART_MAX:]
            ),
            turns=tuple(
                KeptTurn(namespace=namespace, name=name, subscription=subscription, agent=agent)
                for (namespace, name), account in known.accounts.items()
                for subscription, agent in account.turns.items()
            ),
            given_up=whole,
        )

    def _entered_to(self, part: _Part) -> float:
        now = self._clock.now()
        looked = now if self._looked_until is None else min(now, self._looked_until)
        return max(looked, rules.resumes_at(part.mark, looked))

    async def keep(self, parts: Collection[int]) -> None:
        """Store the open slots of these parts, and the time up to which slots were entered; raises StoreError."""
        known = sorted(self._parts.keys() & parts)
        if known:
            await self._store.commit([write_of(part, self._kept(part)) for part in known])

    def looked(self, until: float) -> None:
        """Note that everything that was due until a time has been entered; a later slot is missed if this process ends.

        Time passes between a slot and its entry, most of all if the process was suspended.
        """
        self._looked_until = until

    async def keep_forever(self, active: Callable[[], Collection[int]]) -> None:
        """Store the open slots of parts with scheduled checks, and close overdue ones, until cancelled."""
        while True:
            self.close_due()
            try:
                await self.keep(active())
            except StoreError as err:
                log.warning("the run ledger could not be stored", extra=fields(error=str(err)))
            await self._clock.sleep(KEEP_EVERY_S)

    def turns(self, place: CheckKey) -> MutableMapping[str, str]:
        """The agent that had its turn last, by the subscription of a check."""
        return self._account(place).turns

    # Slots

    def begin(self, check: CheckConfig, when: Timing, at: float, issued: int) -> LedgerEntry:
        """Open a slot whose first requests are about to be sent with `issued`.

        Calls of `asked`, then one of `asked_all`, must follow.
        """
        entry = LedgerEntry(_place(check), rules.begun(check, when, at, self._clock.now()))
        self._add(entry)
        self._open(entry, (issued,))
        return entry

    def asked(self, entry: LedgerEntry, targets: Iterable[str], issued: int, sent: int) -> None:
        """Note that a request of the slot was sent to `sent` agents of the subscriptions `targets`."""
        entry.slot = rules.asked(entry.slot, sent, self._clock.now())
        if not sent or not self._is_open(entry):
            return
        entry.targets = entry.targets.union(targets)
        if issued not in entry.issued:
            self._await(entry, issued)

    def asked_all(self, entry: LedgerEntry, if_none_sent: Why = Why.NO_SUBSCRIBER) -> None:
        """Note that all requests of the slot are sent; `if_none_sent` is the reason if there were none."""
        if not self._is_open(entry):
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

    def was_down(self, check: CheckConfig, when: Timing, since: float) -> None:
        """Enter the slots of a check from the time up to which its part was entered until `since` as missed."""
        mark = self._parts[_part_of(_place(check))].mark
        if mark is None:
            return
        known = [slot.at for slot in self.slots(*_place(check))]
        times, more = rules.slots_between(check.metadata.name, when, mark, since, max(1, self._slots_max - len(known)))
        unknown = [at for at in times if not any(abs(at - one) < rules.SAME_S for one in known)]
        self.missed(check, unknown, Why.BACKEND_DOWN, more)

    def forget(self, place: CheckKey) -> None:
        """Drop the slots of a check that was deleted."""
        part = self._parts.get(_part_of(place))
        account = None if part is None else part.accounts.pop(place, None)
        for entry in account.entries if account else ():
            self._close_no_more(entry)

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
            if not self._is_open(entry):
                continue
            if entry.slot.closes_at > now:
                self._close_later(entry)
            else:
                self._close(entry)

    # What is known

    def slots(self, namespace: str, check: str) -> list[Slot]:
        """The last slots of a check, newest first."""
        account = self._known((namespace, check))
        return rules.in_order([entry.slot for entry in account.entries])[::-1] if account else []

    def trouble(self, since: float) -> dict[str, SlotTrouble]:
        """The late checks of each namespace, and the slots that were missed since a time."""
        found: dict[str, SlotTrouble] = {}
        now = self._clock.now()
        for (namespace, _), account in self._accounts():
            slots = [entry.slot for entry in account.entries]
            so_far = found.get(namespace, rules.NO_TROUBLE)
            late = so_far.late + (bool(slots) and rules.is_late(slots[-1], now))
            missed = sum(
                slot.at >= since and slot.outcome in (SlotOutcome.MISSED, SlotOutcome.PARTLY) for slot in slots
            )
            found[namespace] = SlotTrouble(late, so_far.missed + missed)
        return found

    def last_runs(self, namespace: str) -> dict[str, LastRun]:
        """The last slot of each check of a namespace that was due."""
        found: dict[str, LastRun] = {}
        for (place, check), account in self._accounts():
            slots = self.slots(place, check) if place == namespace and account.entries else ()
            if slots:
                ran = any(slot.asked and slot.outcome is not SlotOutcome.REQUESTED for slot in slots)
                found[check] = LastRun(slots[0], ran)
        return found

    def totals(self, namespace: str, check: str) -> dict[SlotOutcome, int]:
        """The number of slots of a check by outcome."""
        account = self._known((namespace, check))
        return dict(account.totals) if account else {}

    def counted_since(self, namespace: str, check: str) -> float:
        """The start of the totals, in Unix seconds: when the backend started, or when this member took the check up."""
        part = self._parts.get(_part_of((namespace, check)))
        return self._started_at if part is None else part.since

    # Accounts and entries

    def _accounts(self) -> Iterator[tuple[CheckKey, _Account]]:
        for part in self._parts.values():
            yield from part.accounts.items()

    def _known(self, place: CheckKey) -> _Account | None:
        part = self._parts.get(_part_of(place))
        return None if part is None else part.accounts.get(place)

    def _account(self, place: CheckKey) -> _Account:
        return self._parts[_part_of(place)].accounts.setdefault(place, _Account())

    def _add(self, entry: LedgerEntry) -> None:
        entries = self._account(entry.place).entries
        entries.append(entry)
        if len(entries) > self._slots_max:
            oldest = entries.popleft()
            if self._is_open(oldest):
                self._close(oldest)

    def _open(self, entry: LedgerEntry, issued: Iterable[int]) -> None:
        self._parts[_part_of(entry.place)].open[entry] = None
        for one in issued:
            self._await(entry, one)
        self._close_later(entry)

    def _is_open(self, entry: LedgerEntry) -> bool:
        part = self._parts.get(_part_of(entry.place))
        return part is not None and entry in part.open

    def _close_no_more(self, entry: LedgerEntry) -> None:
        """The entry is not open any more."""
        self._await_no_longer(entry)
        part = self._parts.get(_part_of(entry.place))
        if part is not None:
            part.open.pop(entry, None)

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
        self._close_no_more(entry)
        self._count(entry.place, entry.slot.outcome, entry.slot.why, 1)

    def _count(self, place: CheckKey, outcome: SlotOutcome, why: Why, number: int) -> None:
        account = self._known(place)
        if account is not None:
            account.totals[outcome] += number
        self._counters.slots(outcome, why, number)


def _place(check: CheckConfig) -> CheckKey:
    return (check.metadata.namespace, check.metadata.name)


def _part_of(place: CheckKey) -> int:
    return slot_of(*place)
