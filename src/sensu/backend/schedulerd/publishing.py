"""Sends check requests to agents and reports which were sent.

A request for which no agent is connected is dropped; nothing is queued for agents that connect later.
"""

import logging
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

from sensu.backend.ports import Subscribers
from sensu.backend.schedulerd.requests import request_for
from sensu.backend.secrets.provider import NoSecret
from sensu.backend.secrets.resolver import Secrets
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.check import CheckConfig
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import CHECK
from sensu.rules.proxy_requests import on_behalf_of, splay_pause_s
from sensu.rules.round_robin import has_ring, next_agents
from sensu.rules.schedule import Timing
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Key

log = logging.getLogger("sensu.schedulerd")


class Sent(NamedTuple):
    """Requests that were sent together: the subscriptions they went to, their `issued`, and the number of agents."""

    targets: Sequence[str]
    issued: int
    agents: int


class Publisher:
    """Sends the requests of checks to `subscribers`, with round robin to agents in turn."""

    def __init__(
        self,
        cache: ResourceCache,
        secrets: Secrets,
        subscribers: Subscribers,
        clock: Clock,
        turns: Callable[[tuple[str, str]], MutableMapping[str, str]],
    ) -> None:
        """`turns` returns which agents had their turn last, by subscription, for the namespace and name of a check."""
        self._cache = cache
        self._secrets = secrets
        self._subscribers = subscribers
        self._clock = clock
        self._turns = turns

    async def to_all(self, check: CheckConfig, issued: int) -> Sent:
        """Send a request to every agent of the check's subscriptions."""
        return await self._send(check, list(dict.fromkeys(check.subscriptions)), issued)

    async def in_turn(self, key: Key, check: CheckConfig, issued: int) -> Sent:
        """Send a request to the check's subscriptions; with round robin only to the next agent of each."""
        if not check.round_robin:
            return await self.to_all(check, issued)
        subscriptions = dict.fromkeys(check.subscriptions)
        targets = [target for subscription in subscriptions for target in self._targets(key, subscription, 1)]
        return await self._send(check, targets, issued)

    async def for_entities(
        self, key: Key, when: Timing, check: CheckConfig, entities: Sequence[EntityConfig]
    ) -> AsyncIterator[Sent]:
        """Send a request on behalf of each entity, spread over the check's interval; ends early if it is deleted."""
        pause_s = splay_pause_s(check, when, self._clock.now(), len(entities))
        rings = self._rings(key, check, len(entities))
        for at, entity in enumerate(entities):
            if pause_s:
                await self._clock.sleep(pause_s)
                if self._cache.get(CHECK, key.namespace, key.name) is None:
                    return
            yield await self._for_entity(check, entity, [ring[at] for ring in rings], int(self._clock.now()))

    async def _for_entity(self, check: CheckConfig, entity: EntityConfig, targets: Sequence[str], issued: int) -> Sent:
        try:
            config = on_behalf_of(check, entity)
        except InvalidResource as err:
            place = described(check, entity=entity.metadata.name, why=str(err))
            log.error("tokens of a check failed", extra=place)
            return Sent(targets, issued, 0)
        return await self._send(config, targets, issued)

    def _rings(self, key: Key, check: CheckConfig, entities: int) -> list[list[str]]:
        """For each subscription, the target of the request for the first entity, the second, and so on."""
        subscriptions = list(dict.fromkeys(check.subscriptions))
        if not check.round_robin:
            return [[subscription] * entities for subscription in subscriptions]
        rings = [self._targets(key, subscription, entities) for subscription in subscriptions]
        return [ring for ring in rings if ring]

    def _targets(self, key: Key, subscription: str, count: int) -> list[str]:
        """The targets of the next `count` requests to a subscription; empty if it has no connected agent."""
        if not has_ring(subscription):
            return [subscription] * count
        agents = self._subscribers.agents(key.namespace, subscription)
        turns = self._turns((key.namespace, key.name))
        chosen = next_agents(agents, turns.get(subscription), count)
        if chosen:
            turns[subscription] = chosen[-1]
        return [f"entity:{agent}" for agent in chosen]

    async def _send(self, check: CheckConfig, targets: Sequence[str], issued: int) -> Sent:
        namespace = check.metadata.namespace
        request = await request_for(check, self._cache, self._secrets, issued)
        if isinstance(request, NoSecret):
            log.error("a check is not run without its secrets", extra=described(check, error=request.why))
            return Sent(targets, issued, 0)
        return Sent(targets, issued, sum(self._subscribers.publish(namespace, target, request) for target in targets))


def described(check: CheckConfig, **more: Any) -> dict[str, Any]:
    """The fields that name a check in the log, with more of them."""
    return fields(namespace=check.metadata.namespace, check=check.metadata.name, **more)
