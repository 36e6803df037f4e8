"""Explains why a check runs or not: its next runs, the agents that run it, and the outcomes of its last slots."""

import asyncio
from collections.abc import Iterable, Sequence

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.ports import SlotLedger, Subscribers
from sensu.backend.services.outcomes import Found, Refusal
from sensu.backend.services.resources import Resources
from sensu.clock import Clock
from sensu.resources.check import KEEPALIVE, CheckConfig
from sensu.resources.entity import AGENT_CLASS, EntityConfig
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, ENTITY
from sensu.resources.wire import Wire, always_bool, always_int, always_list, always_str, decode, encode
from sensu.rules.run_ledger import Slot, next_runs
from sensu.rules.schedule import subdued, timing
from sensu.rules.severity import PASSING
from sensu.store.values import EventKey

NEXT_RUNS = 5
AGENTS_MAX = 100
"""The maximum number of agents listed; `agents_total` counts all of them."""
AWAY_MAX = 20
"""The maximum number of agents listed that are not connected; `away_total` counts all of them."""
LOOKED_AT_ONCE = 2000
"""After this number of entities, other work goes first."""


class NextRun(Wire, frozen=True):
    """A time at which the check is due, in Unix seconds; it is not run then if it is `subdued`."""

    at: float = always_int()
    subdued: bool = always_bool()


class AskedAgent(Wire, frozen=True):
    """A connected agent that runs the check, and the time and status of its last result (time 0: no result)."""

    name: str = always_str()
    executed: int = always_int()
    status: int = always_int()


class AwayAgent(Wire, frozen=True):
    """An agent that has a subscription and is not connected, and since when its keepalives are missing (0: unknown)."""

    name: str = always_str()
    since: int = always_int()


class ShownSlot(Wire, frozen=True):
    """A scheduled run: its outcome, the reason if not every agent ran it, and the numbers of requests and results.

    `answered` includes results that came `late`.
    """

    at: float = always_int()
    outcome: str = always_str()
    why: str = ""
    asked: int = always_int()
    answered: int = always_int()
    late: int = always_int()


class CheckExplanation(Wire, frozen=True):
    """The schedule of a check.

    `idle` is the reason why it is never scheduled, empty if it is. Totals count slots by outcome since `since` (Unix
    seconds), when the backend started or took the check over from another one.
    """

    namespace: str = always_str()
    check: str = always_str()
    schedule: str = always_str()
    idle: str = ""
    subdued: bool = always_bool()
    round_robin: bool = always_bool()
    next_runs: tuple[NextRun, ...] = always_list()
    subscriptions: tuple[str, ...] = always_list()
    agents: tuple[AskedAgent, ...] = always_list()
    agents_total: int = always_int()
    away: tuple[AwayAgent, ...] = always_list()
    away_total: int = always_int()
    slots: tuple[ShownSlot, ...] = always_list()
    totals: dict[str, int] = {}
    since: float = always_int()


class CheckExplanations:
    """Explains checks to callers who may read them."""

    def __init__(
        self, resources: Resources, records: Records, subscribers: Subscribers, ledger: SlotLedger, clock: Clock
    ) -> None:
        self._resources = resources
        self._records = records
        self._subscribers = subscribers
        self._ledger = ledger
        self._clock = clock

    async def explain(self, caller: Identity, namespace: str, name: str) -> Found | Refusal:
        """The `CheckExplanation` of a check."""
        found = await self._resources.get(caller, CHECK, namespace, name)
        if not isinstance(found, Found):
            return found
        check = decode(CheckConfig, found.body)
        names = self._agents_of(check)
        away = await self._away(check, names)
        totals = {outcome.value: number for outcome, number in self._ledger.totals(namespace, name).items()}
        explanation = CheckExplanation(
            namespace=namespace,
            check=name,
            schedule=schedule_of(check),
            idle=idle_because(check, self._clock.now()),
            subdued=subdued(check, self._clock.now()),
            round_robin=check.round_robin,
            next_runs=tuple(self._next_runs(check)),
            subscriptions=tuple(check.subscriptions),
            agents=tuple(await self._asked(namespace, name, names[:AGENTS_MAX])),
            agents_total=len(names),
            away=tuple(await self._away_since(namespace, away[:AWAY_MAX])),
            away_total=len(away),
            slots=tuple(_shown(slot) for slot in self._ledger.slots(namespace, name)),
            totals=totals,
            since=self._ledger.counted_since(namespace, name),
        )
        return Found(encode(explanation))

    def _agents_of(self, check: CheckConfig) -> list[str]:
        agents: set[str] = set()
        for subscription in check.subscriptions:
            agents.update(self._subscribers.agents(check.metadata.namespace, subscription))
        return sorted(agents)

    async def _away(self, check: CheckConfig, connected: Sequence[str]) -> list[str]:
        """The names of the agents with a subscription of the check that are not connected."""
        wanted, there = set(check.subscriptions), set(connected)
        entities: Sequence[EntityConfig] = self._records.list(ENTITY, check.metadata.namespace)
        away: list[str] = []
        for number, entity in enumerate(entities):
            name = entity.metadata.name
            if entity.entity_class == AGENT_CLASS and name not in there and wanted & set(entity.subscriptions or ()):
                away.append(name)
            if number % LOOKED_AT_ONCE == LOOKED_AT_ONCE - 1:
                await asyncio.sleep(0)
        return away

    async def _away_since(self, namespace: str, agents: Sequence[str]) -> list[AwayAgent]:
        keys = [EventKey(namespace, agent, KEEPALIVE) for agent in agents]
        events = {event.key.entity: event.state for event in await self._resources.store.events_of_keys(keys)}
        failing = {name: state.since for name, state in events.items() if state.severity != PASSING}
        return [AwayAgent(name=agent, since=failing.get(agent, 0)) for agent in agents]

    def _next_runs(self, check: CheckConfig) -> Iterable[NextRun]:
        when = timing(check)
        if when is not None:
            for at, quiet in next_runs(check, when, self._clock.now(), NEXT_RUNS):
                yield NextRun(at=at, subdued=quiet)

    async def _asked(self, namespace: str, name: str, agents: Sequence[str]) -> list[AskedAgent]:
        """The agents with their last results, which they do not have if the check is run for proxy entities."""
        stored = await self._resources.store.get_events([EventKey(namespace, agent, name) for agent in agents])
        results = {key.entity: decode(Event, one.body).check for key, one in stored.items()}
        asked = []
        for agent in agents:
            result = results.get(agent)
            asked.append(
                AskedAgent(name=agent)
                if result is None
                else AskedAgent(name=agent, executed=result.executed, status=result.status)
            )
        return asked


def schedule_of(check: CheckConfig) -> str:
    """`every 60 s`, or the cron line."""
    if check.cron:
        return check.cron
    when = timing(check)
    interval_s = check.interval if when is None else when.interval_s
    return f"every {interval_s:g} s" if interval_s else ""


def idle_because(check: CheckConfig, now: float) -> str:
    """Why a check is never scheduled; empty if it is."""
    if not check.publish:
        return "not published"
    when = timing(check)
    if when is None:
        return "no interval and no cron line"
    return "" if next_runs(check, when, now, 1) else "the cron line is never due"


def _shown(slot: Slot) -> ShownSlot:
    return ShownSlot(
        at=slot.at,
        outcome=slot.outcome.value,
        why=slot.why.value,
        asked=slot.asked,
        answered=slot.answered,
        late=slot.late,
    )
