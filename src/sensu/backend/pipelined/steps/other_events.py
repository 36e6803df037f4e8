"""Reads the other events that expressions of filters ask for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.seeds import PIPELINE_NAME
from sensu.resources.kinds import EVENT
from sensu.rules.other_events import ALL, LISTED_BYTES_MAX, LISTED_MAX
from sensu.store.values import EventKey, EventPage, StoredEvent

LookupResult = str | Mapping[str, str] | None
"""The JSON of an event or of all, an object with the text of an `error`, or None for an event that is not stored."""
PIPELINE = Identity(PIPELINE_NAME, (PIPELINE_NAME,))
"""Reads the events that filters of deliveries ask for; each namespace has a role for it."""


class EventReader(Protocol):
    """Reads stored events."""

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        """The events that exist."""
        ...

    async def list_events(self, namespace: str | None, entity: str | None = None, *, limit: int = 0) -> EventPage:
        """Events in order."""
        ...


class Permissions(Protocol):
    """Knows who may read events."""

    def allows(self, who: Identity, verb: str, resource: str, *, name: str = "", namespace: str = "") -> bool:
        """Whether `who` may `verb` a resource."""
        ...


class OtherEvents:
    """Reads events of one namespace in the form of the API. Source: docs, filters, JavaScript execution functions."""

    def __init__(self, store: EventReader, access: Permissions, reader: Identity = PIPELINE) -> None:
        """`reader` must be allowed to read the events."""
        self._store, self._access, self._reader = store, access, reader

    def read_by(self, reader: Identity) -> "OtherEvents":
        """The same events, read with the rights of `reader`."""
        return OtherEvents(self._store, self._access, reader)

    async def answers(self, namespace: str, wanted: Iterable[str]) -> dict[str, LookupResult]:
        """The events that an evaluation asked for."""
        found: dict[str, LookupResult] = {}
        permitted: dict[str, EventKey] = {}
        for key in wanted:
            verb, name = ("list", "") if key == ALL else ("get", key)
            if not self._access.allows(self._reader, verb, EVENT.segment, name=name, namespace=namespace):
                found[key] = _not_permitted(self._reader, verb, namespace)
            elif key == ALL:
                found[key] = await self._all(namespace)
            else:
                permitted[key] = _key(namespace, key)
        stored = await self._store.get_events(list(permitted.values())) if permitted else {}
        for key, place in permitted.items():
            event = stored.get(place)
            found[key] = None if event is None else event.body.decode()
        return found

    async def _all(self, namespace: str) -> LookupResult:
        page = await self._store.list_events(namespace, limit=LISTED_MAX)
        if page.more:
            return {"error": f"sensu.ListEvents: the namespace has more than {LISTED_MAX} events"}
        return f"[{','.join(event.body.decode() for event in page.items)}]"


def _not_permitted(reader: Identity, verb: str, namespace: str) -> LookupResult:
    who = f"the group {PIPELINE_NAME}" if reader is PIPELINE else f"the user {reader.username}"
    return {"error": f"not permitted: {who} may not {verb} events in the namespace {namespace}"}


def _key(namespace: str, key: str) -> EventKey:
    entity, _, check = key.partition("/")
    return EventKey(namespace, entity, check)


def size_of(found: Mapping[str, LookupResult]) -> int:
    """The size of answers."""
    return sum(len(answer) for answer in found.values() if isinstance(answer, str))


def bounded(found: Mapping[str, LookupResult], room: int) -> dict[str, LookupResult]:
    """The answers, in which those that exceed `room` bytes are replaced by an error."""
    answers: dict[str, LookupResult] = {}
    for key, answer in found.items():
        room -= len(answer) if isinstance(answer, str) else 0
        too_large = {"error": f"the other events have more than {LISTED_BYTES_MAX} bytes together"}
        answers[key] = answer if room >= 0 else too_large
    return answers
