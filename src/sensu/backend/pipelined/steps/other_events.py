"""Reads the other events that expressions of filters ask for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sensu.rules.other_events import ALL, LISTED_BYTES_MAX, LISTED_MAX
from sensu.store.values import EventKey, EventPage, StoredEvent

LookupResult = str | Mapping[str, str] | None
"""The JSON of an event or of all, an object with the text of an `error`, or None for an event that is not stored."""


class EventReader(Protocol):
    """Reads stored events."""

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The events that exist."""
        ...

    async def list_events(self, namespace: str | None, entity: str | None = None, *, limit: int = 0) -> EventPage:
        """Events in order."""
        ...


class OtherEvents:
    """Reads events of one namespace in the form of the API. Source: docs, filters, JavaScript execution functions."""

    def __init__(self, store: EventReader) -> None:
        self._store = store

    async def answers(self, namespace: str, wanted: Iterable[str], room: int) -> dict[str, LookupResult]:
        """The events that an evaluation asked for, at most `room` bytes in total."""
        found: dict[str, LookupResult] = {}
        single = {key: _key(namespace, key) for key in wanted if key != ALL}
        stored = await self._store.get_events(list(single.values())) if single else {}
        for key, place in single.items():
            event = stored.get(place)
            found[key] = None if event is None else event.body.decode()
        if ALL in wanted:
            found[ALL] = await self._all(namespace)
        return _bounded(found, room)

    async def _all(self, namespace: str) -> LookupResult:
        page = await self._store.list_events(namespace, limit=LISTED_MAX)
        if page.more:
            return {"error": f"sensu.ListEvents: the namespace has more than {LISTED_MAX} events"}
        return f"[{','.join(event.body.decode() for event in page.items)}]"


def _key(namespace: str, key: str) -> EventKey:
    entity, _, check = key.partition("/")
    return EventKey(namespace, entity, check)


def _bounded(found: Mapping[str, LookupResult], room: int) -> dict[str, LookupResult]:
    bounded: dict[str, LookupResult] = {}
    for key, answer in found.items():
        room -= len(answer) if isinstance(answer, str) else 0
        too_large: Any = {"error": f"the other events have more than {LISTED_BYTES_MAX} bytes together"}
        bounded[key] = answer if room >= 0 else too_large
    return bounded
