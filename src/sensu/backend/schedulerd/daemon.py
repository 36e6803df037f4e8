"""schedulerd: asks agents to run checks when they are due, and on demand.

`Publisher` sends the requests and returns what was sent; this daemon decides what is due, and notes the outcome of each
slot in the run ledger. Missed runs are not made up for, only counted.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

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
from sensu.rules.run_ledger import Why, slots_between
from sensu.rules.schedule import subdued, timing
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


class Schedulerd:
    """Publishes the checks of `cache` to `subscribers`; also the backend's `AdHoc`."""

    def __init__(
        self,
        cache: ResourceCache,
        secrets: Secrets,
        subscribers: Subscribers,
        counters: RequestCounters,
        clock: Clock,
        ledger: RunLedger,
    ) -> None:
        self._cache = cache
        self._publisher = Publisher(cache, secrets, subscribers, clock)
        self._counters = counters
        self._clock = clock
        self._ledger = ledger
        self._matching = EntityMatching(clock)
        self._timers = Timers()
        self._alarm = Alarm(self._timers, clock)
        self._rounds: Counter[Key] = Counter()

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
        await self._recover()
        stop = self._cache.subscribe(CHECK, self._check_changed)
        now = self._clock.now()
        for check in self._cache.list(CHECK):
            when = timing(check)
            self._timers.set(_key(check), when, now, round_robin=check.round_robin)
            if when is not None:
                self._ledger.was_down(check, when)
        self._ledger.looked(now)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ledger.keep_forever(lambda: bool(self._timers)))
                await self._publish_forever(group)
        finally:
            stop()
            self._matching.close()
            with contextlib.suppress(StoreError):
                await self._ledger.keep()

    async def _recover(self) -> None:
        """Read the open slots; nothing is scheduled before, as the ledger would be stored without them."""
        while True:
            try:
                return await self._ledger.recover()
            except StoreError as err:
                log.warning("open slots of the run ledger could not be read", extra=fields(error=str(err)))
            await self._clock.sleep(TICK_S)

    def _check_changed(self, key: Key, check: Any) -> None:
        when = None if check is None else timing(check)
        self._timers.set(key, when, self._clock.now(), round_robin=check is not None and check.round_robin)
        if check is None:
            self._ledger.forget((key.namespace, key.name))
            self._publisher.forget(key)
        self._alarm.changed()

    async def _publish_forever(self, group: asyncio.TaskGroup) -> None:
        while True:
            dues, now = await self._alarm.due()
            for at, due in enumerate(dues, 1):
                await self._run_due(due, now, group)
                if at % AT_A_TIME_MAX == 0:
                    await asyncio.sleep(0)
            self._ledger.looked(now)

    async def _run_due(self, due: Due, now: float, group: asyncio.TaskGroup) -> None:
        if due.missed:
            self._counters.missed(due.missed)
            log.warning("check was due more than once", extra=fields(check=due.key.name, missed=due.missed))
        check: CheckConfig | None = self._cache.get(CHECK, due.key.namespace, due.key.name)
        if check is None:
            return
        at = self._slot_of(due, check, now)
        why_not = self._why_not(due, check, now)
        if why_not is not None:
            self._ledger.missed(check, [at], why_not)
            return
        slot = self._ledger.begin(check, due.timing, at)
        if check.proxy_requests is not None:
            group.create_task(self._counted(due.key, self._publish_round(due, check, slot)))
        elif check.secrets:
            group.create_task(self._counted(due.key, self._publish(due, check, slot, int(now))))
        else:
            await self._publish(due, check, slot, int(now))

    def _counted(self, key: Key, publishing: Coroutine[None, None, None]) -> Coroutine[None, None, None]:
        """Counts what is published in the background, where it may wait for entities, splay or secrets."""
        self._rounds[key] += 1

        async def counted() -> None:
            try:
                await publishing
            finally:
                self._rounds[key] -= 1
                if not self._rounds[key]:
                    del self._rounds[key]

        return counted()

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
        if self._rounds[due.key] >= ROUNDS_MAX:
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


def _key(check: CheckConfig) -> Key:
    return Key(CHECK.qualified_name, check.metadata.namespace, check.metadata.name)
