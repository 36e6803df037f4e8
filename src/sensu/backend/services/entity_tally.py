"""Counts the entities of each namespace by class, following their changes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sensu.backend.auth.records import Records
from sensu.backend.ports import Subscribers
from sensu.backend.services.overview_parts import EntitiesPart
from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS
from sensu.resources.kinds import ENTITY
from sensu.store.values import Key


class EntityTally:
    """How many entities of each class a namespace has, and how many of its agents are connected."""

    def __init__(self, records: Records, subscribers: Subscribers) -> None:
        self._subscribers = subscribers
        self._classes: dict[Key, str] = {}
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._totals: Counter[str] = Counter()
        for entity in records.list(ENTITY, None):
            self._note(Key(ENTITY.qualified_name, entity.metadata.namespace, entity.metadata.name), entity)
        records.subscribe(ENTITY, self._note)

    def _note(self, key: Key, entity: Any) -> None:
        before = self._classes.pop(key, None)
        if before is not None:
            self._numbers[key.namespace, before] -= 1
            self._totals[key.namespace] -= 1
        if entity is not None:
            self._classes[key] = entity.entity_class
            self._numbers[key.namespace, entity.entity_class] += 1
            self._totals[key.namespace] += 1

    def by_class(self) -> Mapping[str, int]:
        """The numbers of all namespaces, by class."""
        return Counter(self._classes.values())

    def of(self, namespace: str) -> EntitiesPart:
        """The numbers of a namespace."""
        agents, connected = self._numbers[namespace, AGENT_CLASS], self._subscribers.connected(namespace)
        return EntitiesPart(
            self._totals[namespace],
            agents,
            self._numbers[namespace, PROXY_CLASS],
            min(connected, agents),
            max(0, agents - connected),
        )
