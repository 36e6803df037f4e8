"""schedulerd: asks agents to run checks when they are due, and on demand.

Nothing is made up for: a request that nobody is connected to hear is gone, and times that this process slept through
are counted as missed.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from sensu.backend.schedulerd.entity_matching import EntityMatching
from sensu.backend.schedulerd.ledger import Entry, RunLedger
from sensu.backend.schedulerd.requests import for_subscriptions, request_for
from sensu.backend.schedulerd.timers import Due, Timers
from sensu.backend.seams import Subscribers
from sensu.backend.secrets import Secrets
from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.resources.check import CheckConfig
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import CHECK, ENTITY
from sensu.rules.proxy_requests import on_behalf_of, splay_pause_s
from sensu.rules.round_robin import has_ring, next_agents
from sensu.rules.run_ledger import Why, slots_between
from sensu.rules.schedule import Timing, subdued, timing
from sensu.store.contract import Key
from sensu.store.resource_cache import ResourceCache

log = logging.getLogger("sensu.schedulerd")

TICK_S = 1.0
SET_BACK_S = 1.0
"""A clock that goes back by more has the timers count anew."""
_EARLIER_S = 0.01
MISSED_SHOWN_MAX = 20
"""How many times that were slept through are entered in the ledger one by one."""
AT_A_TIME_MAX = 100
"""How many checks are published before others on the loop get their turn."""
PROXY_ROUNDS_MAX = 2
"""How many rounds of proxy requests of one check may be under way; more are counted as missed."""


class Counters(Protocol):
    """What schedulerd counts."""

    def requests(self, kind: str, sent: int) -> None:
        """A check of a kind (`interval`, `cron`, `ad_hoc`) was published and sent to so many agents."""
        ...

    def missed(self, slots: int) -> None:
        """A check was not run so many times, because this process was late or still busy with it."""
        ...


class Schedulerd:
    """Publishes the checks of `cache` to `subscribers`; also the backend's `AdHoc`."""

    def __init__(
        self, cache: ResourceCache, subscribers: Subscribers, counters: Counters, clock: Clock, ledger: RunLedger
    ) -> None:
        self._cache = cache
        self._secrets = Secrets(cache)
        self._subscribers = subscribers
        self._counters = counters
        self._clock = clock
        self._ledger = ledger
        self._matching = EntityMatching(clock)
        self._timers = Timers()
        self._changed = asyncio.Event()
        self._turns: dict[tuple[Key, str], str] = {}
        self._rounds: Counter[Key] = Counter()

    def schedulers(self) -> Counter[tuple[str, str]]:
        """How many checks run by themselves, by kind (`interval`, `round_robin_cron`, …) and namespace."""
        return self._timers.counts()

    async def execute(self, namespace: str, check: str, subscriptions: Sequence[str]) -> int:
        """Publish a request for a check now, whatever its schedule; returns `issued`.

        Raises KeyError where there is no such check. Source: recorded scenarios request-adhoc, request-subdued,
        request-proxy-adhoc (a check with proxy requests is not published).
        """
        config: CheckConfig | None = self._cache.get(CHECK, namespace, check)
        if config is None:
            raise KeyError(check)
        issued = int(self._clock.now())
        if config.proxy_requests is not None:
            log.warning("a check with proxy requests does not run on demand", extra=_place(config))
            return issued
        sent = self._publish(for_subscriptions(config, tuple(subscriptions)), issued)
        self._counters.requests("ad_hoc", sent)
        return issued

    async def run(self) -> None:
        """Publish checks when they are due, until cancelled."""
        await self._recover()
        stop = self._cache.subscribe(CHECK, self._hear_change)
        now = self._clock.now()
        for check in self._cache.list(CHECK):
            self._timers.set(_key(check), check, now)
            when = timing(check)
            if when is not None:
                self._ledger.was_down(check, when)
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
        try:
            await self._ledger.recover()
        except StoreError as err:
            log.warning("what was open before the start is not known", extra=fields(error=str(err)))

    def _hear_change(self, key: Key, check: Any) -> None:
        self._timers.set(key, check, self._clock.now())
        if check is None:
            self._ledger.forget((key.namespace, key.name))
            for turn in [turn for turn in self._turns if turn[0] == key]:
                del self._turns[turn]
        self._changed.set()

    async def _publish_forever(self, group: asyncio.TaskGroup) -> None:
        before = self._clock.now()
        while True:
            await self._wait(self._timers.wait_s(self._clock.now(), TICK_S))
            now = self._clock.now()
            if now < before - SET_BACK_S:
                self._timers.restart(now)
            before = now
            for at, due in enumerate(self._timers.take_due(now), 1):
                self._run_due(due, now, group)
                if at % AT_A_TIME_MAX == 0:
                    await asyncio.sleep(0)

    async def _wait(self, seconds: float) -> None:
        """Return after so many seconds, or when a check was changed."""
        self._changed.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        changing = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((sleeping, changing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            changing.cancel()

    def _run_due(self, due: Due, now: float, group: asyncio.TaskGroup) -> None:
        if due.missed:
            self._counters.missed(due.missed)
            log.warning("check was due more than once", extra=fields(check=due.key.name, missed=due.missed))
        check: CheckConfig | None = self._cache.get(CHECK, due.key.namespace, due.key.name)
        if check is None:
            return
        at = self._slot_of(due, check, now)
        if subdued(check, now):
            self._ledger.missed(check, [at], Why.SUBDUED)
        elif check.proxy_requests is not None:
            self._start_round(due, check, at, group)
        else:
            self._ask(due, check, at, int(now))

    def _slot_of(self, due: Due, check: CheckConfig, now: float) -> float:
        """The slot of this turn; those before it that were slept through are entered as missed."""
        if not due.missed:
            return due.due_at
        earlier = due.due_at - _EARLIER_S
        times, more = slots_between(due.key.name, due.timing, earlier, now, MISSED_SHOWN_MAX)
        self._ledger.missed(check, times[:-1], Why.BACKEND_STALLED, more)
        return times[-1]

    def _ask(self, due: Due, check: CheckConfig, at: float, issued: int) -> None:
        slot = self._ledger.begin(check, due.timing, at)
        try:
            targets = self._in_turn(due.key, check)
            sent = self._send(check, targets, issued)
        except Exception:
            log.exception("check could not be published", extra=_place(check))
            self._ledger.asked_all(slot, Why.NOT_PUBLISHED)
            return
        self._counters.requests(due.timing.kind, sent)
        self._ledger.asked(slot, targets, issued, sent)
        self._ledger.asked_all(slot)

    def _publish(self, check: CheckConfig, issued: int) -> int:
        """Send a request to all agents of the check's subscriptions; returns to how many."""
        return self._send(check, list(dict.fromkeys(check.subscriptions)), issued)

    def _send(self, check: CheckConfig, targets: Sequence[str], issued: int) -> int:
        request = request_for(check, self._cache, self._secrets, issued)
        return sum(self._subscribers.publish(check.metadata.namespace, target, request) for target in targets)

    def _in_turn(self, key: Key, check: CheckConfig) -> list[str]:
        """The check's subscriptions; with round robin each one's next agent alone."""
        subscriptions = list(dict.fromkeys(check.subscriptions))
        if not check.round_robin:
            return subscriptions
        return [target for subscription in subscriptions for target in self._targets(key, subscription, 1)]

    def _targets(self, key: Key, subscription: str, count: int) -> list[str]:
        """The subscriptions that `count` requests go to, one after the other; none where no agent is there."""
        if not has_ring(subscription):
            return [subscription] * count
        agents = self._subscribers.agents(key.namespace, subscription)
        chosen = next_agents(agents, self._turns.get((key, subscription)), count)
        if chosen:
            self._turns[key, subscription] = chosen[-1]
        return [f"entity:{agent}" for agent in chosen]

    def _start_round(self, due: Due, check: CheckConfig, at: float, group: asyncio.TaskGroup) -> None:
        if self._rounds[due.key] >= PROXY_ROUNDS_MAX:
            self._counters.missed(1)
            self._ledger.missed(check, [at], Why.ROUND_UNDER_WAY)
            return
        self._rounds[due.key] += 1
        group.create_task(self._round(due, check, self._ledger.begin(check, due.timing, at)))

    async def _round(self, due: Due, check: CheckConfig, slot: Entry) -> None:
        """Publish a check on behalf of each entity that it is about, spread over its interval."""
        try:
            entities = await self._publish_for_entities(due.key, due.timing, check, slot)
        except Exception:
            log.exception("proxy requests could not be published", extra=_place(check))
            self._ledger.asked_all(slot, Why.NOT_PUBLISHED)
        else:
            self._ledger.asked_all(slot, Why.NO_SUBSCRIBER if entities else Why.NO_ENTITY)
        finally:
            self._rounds[due.key] -= 1
            if not self._rounds[due.key]:
                del self._rounds[due.key]

    async def _publish_for_entities(self, key: Key, when: Timing, check: CheckConfig, slot: Entry) -> int:
        """How many entities the check is about."""
        assert check.proxy_requests is not None
        entities = await self._matching.matching(
            check.proxy_requests.entity_attributes, self._cache.list(ENTITY, key.namespace)
        )
        pause_s = splay_pause_s(check, when, self._clock.now(), len(entities))
        targets = self._rings(key, check, len(entities))
        for at, entity in enumerate(entities):
            if pause_s:
                await self._clock.sleep(pause_s)
                if self._cache.get(CHECK, key.namespace, key.name) is None:
                    break
            issued, asked = int(self._clock.now()), [ring[at] for ring in targets]
            sent = self._publish_for_entity(check, entity, asked, issued)
            self._counters.requests(when.kind, sent)
            self._ledger.asked(slot, asked, issued, sent)
        return len(entities)

    def _rings(self, key: Key, check: CheckConfig, entities: int) -> list[list[str]]:
        """For each subscription, who is asked about the first entity, the second, and so on."""
        subscriptions = list(dict.fromkeys(check.subscriptions))
        if not check.round_robin:
            return [[subscription] * entities for subscription in subscriptions]
        rings = [self._targets(key, subscription, entities) for subscription in subscriptions]
        return [ring for ring in rings if ring]

    def _publish_for_entity(self, check: CheckConfig, entity: EntityConfig, targets: Sequence[str], issued: int) -> int:
        try:
            config = on_behalf_of(check, entity)
        except InvalidResource as err:
            log.error(
                "tokens of a check failed", extra=_place(check) | fields(entity=entity.metadata.name, why=str(err))
            )
            return 0
        return self._send(config, targets, issued)


def _key(check: CheckConfig) -> Key:
    return Key(CHECK.qualified_name, check.metadata.namespace, check.metadata.name)


def _place(check: CheckConfig, **more: str) -> dict[str, Any]:
    return fields(namespace=check.metadata.namespace, check=check.metadata.name, **more)
