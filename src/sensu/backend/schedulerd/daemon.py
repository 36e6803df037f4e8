"""schedulerd: asks agents to run checks when they are due, and on demand.

`Publisher` sends the requests and returns what was sent; this daemon decides what is due, and notes the outcome of each
slot in the run ledger. Missed runs are not made up for, only counted.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sensu.backend.membership import ALONE, Ownership
from sensu.backend.ports import Subscribers
from sensu.backend.schedulerd.entity_matching import EntityMatching
from sensu.backend.schedulerd.ledger import LedgerEntry, RunLedger
from sensu.backend.schedulerd.publishing import Publisher, Sent, described
from sensu.backend.schedulerd.requests import for_subscriptions
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.timers import TICK_S, Alarm, Due, Timers
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK, ENTITY
from sensu.rules.run_ledger import Why, is_over, slots_between
from sensu.rules.schedule import subdued, timing
from sensu.rules.share import Slots, slot_of
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Key

log = logging.getLogger("sensu.schedulerd")

_EARLIER_S = 0.01
MISSED_SHOWN_MAX = 20
"""Maximum missed runs entered in the ledger one by one; earlier ones are only counted."""
AT_A_TIME_MAX = 100
"""How many checks are published before other tasks on the loop run."""
ROUNDS_MAX = 2
"""Maximum concurrent rounds of one check that wait for entities or secrets; further ones are counted as missed."""


class RequestCounters(Protocol):
    """What schedulerd counts."""

    def requests(self, kind: str, sent: int) -> None:
        """Count a published check of a kind (`interval`, `cron`, `ad_hoc`), and the agents it was sent to."""
        ...

    def missed(self, slots: int) -> None:
        """Count runs that were missed because this process was late or still busy with the check."""
        ...


@dataclass(frozen=True, slots=True)
class _Begun:
    """A check that is about to be published."""

    due: Due
    check: CheckConfig
    at: float
    entry: LedgerEntry


class Schedulerd:
    """Publishes the checks of `cache` to `subscribers`; also the backend's `AdHoc`.

    It schedules the checks of the parts (slots of `rules/share.py`) that this member owns. If there can be other
    members, it stores how far it has come before it publishes: nobody publishes the same slot again, whatever happens.
    """

    def __init__(
        self,
        cache: ResourceCache,
        secrets: Secrets,
        subscribers: Subscribers,
        counters: RequestCounters,
        clock: Clock,
        ledger: RunLedger,
        ownership: Ownership = ALONE,
    ) -> None:
        self._cache = cache
        self._publisher = Publisher(cache, secrets, subscribers, clock, ledger.turns)
        self._counters = counters
        self._clock = clock
        self._ledger = ledger
        self._ownership = ownership
        self._matching = EntityMatching(clock)
        self._timers = Timers()
        self._alarm = Alarm(self._timers, clock)
        self._rounds: dict[Key, set[asyncio.Task[None]]] = {}
        self._parts: Slots = frozenset()
        self._turn = asyncio.Lock()
        self._is_running = False
        ownership.on_gain(self._gained)
        ownership.on_loss(self._lost)

    def schedulers(self) -> Counter[tuple[str, str]]:
        """The number of scheduled checks, by kind (`interval`, `round_robin_cron`, …) and namespace."""
        return self._timers.counts()

    async def execute(self, namespace: str, check: str, subscriptions: Sequence[str]) -> int:
        """Publish a request for a check now, regardless of its schedule; returns `issued`.

        Raises KeyError if the check does not exist. Source: recorded scenarios request-adhoc, request-subdued,
        request-proxy-adhoc (a check with proxy requests is not published).
        """
        config: CheckConfig | None = self._cache.get(CHECK, namespace, check)
        if config is None:
            raise KeyError(check)
        issued = int(self._clock.now())
        if config.proxy_requests is not None:
            log.warning("a check with proxy requests does not run on demand", extra=described(config))
            return issued
        sent = await self._publisher.to_all(for_subscriptions(config, tuple(subscriptions)), issued)
        self._counters.requests("ad_hoc", sent.agents)
        return issued

    async def run(self) -> None:
        """Publish checks when they are due, until cancelled."""
        self._is_running = True
        stop = self._cache.subscribe(CHECK, self._check_changed)
        try:
            await self._take_up_first()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ledger.keep_forever(self._active))
                await self._publish_forever(group)
        finally:
            stop()
            self._matching.close()
            with contextlib.suppress(StoreError):
                await self._ledger.keep(self._parts)

    async def _take_up_first(self) -> None:
        """Take up the parts that are owned at the start; nothing is scheduled before what is stored of them is read."""
        self._ledger.looked(self._clock.now())
        while True:
            try:
                return await self._take_up(self._parts | self._ownership.slots)
            except StoreError as err:
                log.warning("open slots of the run ledger could not be read", extra=fields(error=str(err)))
            await self._clock.sleep(TICK_S)

    async def _take_up(self, parts: Slots) -> None:
        """Schedule the checks of some parts, from where their last owner left off; raises StoreError."""
        async with self._turn:
            await self._ledger.recover(parts)
            self._parts |= parts
            for check in self._cache.list(CHECK):
                key, when = _key(check), timing(check)
                if _part_of(key) in parts:
                    since = self._ledger.resumes_at(_part_of(key))
                    self._timers.set(key, when, since, round_robin=check.round_robin)
                    if when is not None:
                        self._ledger.was_down(check, when, since)
        self._alarm.changed()

    async def _gained(self, parts: Slots) -> None:
        if self._is_running:
            await self._take_up(parts)
        else:
            self._parts |= parts

    async def _lost(self, parts: Slots) -> None:
        """Stop scheduling the checks of some parts, and store what is known of them for their next owner."""
        async with self._turn:
            self._parts -= parts
            self._timers.drop(lambda key: _part_of(key) in parts)
            ended = [task for key, tasks in self._rounds.items() if _part_of(key) in parts for task in tasks]
            for task in ended:
                task.cancel()
            if ended:
                await asyncio.wait(ended)
            await self._ledger.give_up(parts)

    def _active(self) -> Slots:
        """The parts with scheduled checks."""
        return frozenset(map(_part_of, self._timers))

    def _check_changed(self, key: Key, check: Any) -> None:
        if _part_of(key) not in self._parts:
            return
        when = None if check is None else timing(check)
        self._timers.set(key, when, self._clock.now(), round_robin=check is not None and check.round_robin)
        if check is None:
            self._ledger.forget((key.namespace, key.name))
        self._alarm.changed()

    async def _publish_forever(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._alarm.wait()
            async with self._turn:
                dues, now = self._alarm.take()
                await self._publish_due(dues, now, group)
                self._ledger.looked(now)

    async def _publish_due(self, dues: Sequence[Due], now: float, group: asyncio.TaskGroup) -> None:
        begun: list[_Begun] = []
        parts: set[int] = set()
        for due in dues:
            parts.add(_part_of(due.key))
            begun += self._begun(due, now)
        store_is_away = False
        if parts and not self._ownership.alone:
            try:
                await self._ledger.mark(parts, now)
            except StoreError as err:
                store_is_away = True
                log.warning("checks are not published", extra=fields(checks=len(begun), error=str(err)))
        for number, one in enumerate(begun, 1):
            why_not = Why.STORE_AWAY if store_is_away else self._too_late(one)
            if why_not is not None:
                self._ledger.asked_all(one.entry, why_not)
            else:
                await self._start(one, int(now), group)
            if number % AT_A_TIME_MAX == 0:
                await asyncio.sleep(0)

    def _too_late(self, one: _Begun) -> Why | None:
        """Why a check is not published after all: storing how far this member has come took too long."""
        if not is_over(one.due.key.name, one.due.timing, one.at, self._clock.now()):
            return None
        self._counters.missed(1)
        return Why.BACKEND_STALLED

    def _begun(self, due: Due, now: float) -> Sequence[_Begun]:
        """The check that is due, if it is published now; enters what is missed."""
        if due.missed:
            self._counters.missed(due.missed)
            log.warning("check was due more than once", extra=fields(check=due.key.name, missed=due.missed))
        check: CheckConfig | None = self._cache.get(CHECK, due.key.namespace, due.key.name)
        if check is None:
            return ()
        at = self._slot_of(due, check, now)
        why_not = self._why_not(due, check, now)
        if why_not is not None:
            self._ledger.missed(check, [at], why_not)
            return ()
        return (_Begun(due, check, at, self._ledger.begin(check, due.timing, at, int(now))),)

    async def _start(self, begun: _Begun, issued: int, group: asyncio.TaskGroup) -> None:
        due, check, entry = begun.due, begun.check, begun.entry
        if check.proxy_requests is not None:
            self._in_background(due.key, self._publish_round(due, check, entry), group)
        elif check.secrets:
            self._in_background(due.key, self._publish(due, check, entry, issued), group)
        else:
            await self._publish(due, check, entry, issued)

    def _in_background(self, key: Key, publishing: Coroutine[None, None, None], group: asyncio.TaskGroup) -> None:
        """Publish something that may wait for entities, splay or secrets."""
        task = group.create_task(publishing)
        tasks = self._rounds.setdefault(key, set())
        tasks.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            tasks.discard(ended)
            if not tasks and self._rounds.get(key) is tasks:
                del self._rounds[key]

        task.add_done_callback(done)

    def _slot_of(self, due: Due, check: CheckConfig, now: float) -> float:
        """The latest slot that is due; the earlier ones, which this process was too late for, are noted as missed."""
        if not due.missed:
            return due.due_at
        earlier = due.due_at - _EARLIER_S
        times, more = slots_between(due.key.name, due.timing, earlier, now, MISSED_SHOWN_MAX)
        self._ledger.missed(check, times[:-1], Why.BACKEND_STALLED, more)
        return times[-1]

    def _why_not(self, due: Due, check: CheckConfig, now: float) -> Why | None:
        """Why a check that is due is not published, or None."""
        if subdued(check, now):
            return Why.SUBDUED
        if len(self._rounds.get(due.key, ())) >= ROUNDS_MAX:
            self._counters.missed(1)
            return Why.ROUND_UNDER_WAY
        return None

    async def _publish(self, due: Due, check: CheckConfig, slot: LedgerEntry, issued: int) -> None:
        """Publish a check once."""
        if_none_sent = Why.NO_SUBSCRIBER
        try:
            self._note(due, slot, await self._publisher.in_turn(due.key, check, issued))
        except Exception:
            log.exception("check could not be published", extra=described(check))
            if_none_sent = Why.NOT_PUBLISHED
        self._ledger.asked_all(slot, if_none_sent)

    async def _publish_round(self, due: Due, check: CheckConfig, slot: LedgerEntry) -> None:
        """Publish a check on behalf of each entity that its proxy requests select."""
        assert check.proxy_requests is not None
        key, if_none_sent = due.key, Why.NO_SUBSCRIBER
        try:
            candidates = self._cache.list(ENTITY, key.namespace)
            entities = await self._matching.matching(check.proxy_requests.entity_attributes, candidates)
            if not entities:
                if_none_sent = Why.NO_ENTITY
            async for sent in self._publisher.for_entities(key, due.timing, check, entities):
                self._note(due, slot, sent)
        except Exception:
            log.exception("proxy requests could not be published", extra=described(check))
            if_none_sent = Why.NOT_PUBLISHED
        self._ledger.asked_all(slot, if_none_sent)

    def _note(self, due: Due, slot: LedgerEntry, sent: Sent) -> None:
        """Note requests that were sent for a slot."""
        self._counters.requests(due.timing.kind, sent.agents)
        self._ledger.asked(slot, sent.targets, sent.issued, sent.agents)


def _part_of(key: Key) -> int:
    return slot_of(key.namespace, key.name)


def _key(check: CheckConfig) -> Key:
    return Key(CHECK.qualified_name, check.metadata.namespace, check.metadata.name)
