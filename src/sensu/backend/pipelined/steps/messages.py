"""Sends the messages of notify handlers, and keeps what their services know of open incidents."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

from sensu.backend.pipelined.steps.storms import Storms
from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.notify.sender_process import SenderProcess
from sensu.notify.sending import SendRequest, SendResult
from sensu.rules.notify.incidents import (
    Announced,
    Incident,
    Incidents,
    incident_of,
    packed,
    unpacked,
    with_announced,
    with_incident,
)
from sensu.rules.share import slot_of
from sensu.store.contract import Store
from sensu.store.values import PutState

log = logging.getLogger("sensu.pipelined")


class IncidentPlace(NamedTuple):
    """Where the incidents of a handler are kept that belong to the entities of a slot."""

    namespace: str
    handler: str
    slot: int

    def __str__(self) -> str:
        return f"notify/{self.namespace}/{self.handler}/{self.slot}"


def place_of(namespace: str, handler: str, entity: str) -> IncidentPlace:
    """Where the incidents of an entity are kept for a handler."""
    return IncidentPlace(namespace, handler, slot_of(namespace, entity))


class KeptIncidents:
    """Open incidents in the store. The owner of the slot of an entity reads and changes its incidents."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks: dict[IncidentPlace, tuple[asyncio.Lock, int]] = {}

    async def at(self, place: IncidentPlace) -> Incidents:
        """The open incidents at a place; none if they cannot be read. Raises StoreError."""
        try:
            return unpacked(await self._store.get_state(str(place)))
        except InvalidResource as err:
            log.error("incidents cannot be read", extra=fields(handler=place.handler, error=str(err)))
            return ()

    async def note(self, place: IncidentPlace, incident: Incident, changes: Mapping[str, Announced | None]) -> None:
        """Keep what services know of an incident. If the store fails, they may get its messages again."""
        try:
            async with self._alone(place):
                incidents = await self.at(place)
                known = incident_of(incidents, incident.entity, incident.check)
                base = known if known is not None and known.id == incident.id else incident
                kept = with_incident(incidents, with_announced(base, changes))
                await self._store.commit([PutState(str(place), packed(kept))])
        except StoreError as err:
            log.error("an incident cannot be kept", extra=fields(handler=place.handler, error=str(err)))

    @contextlib.asynccontextmanager
    async def _alone(self, place: IncidentPlace) -> AsyncIterator[None]:
        lock, users = self._locks.get(place, (asyncio.Lock(), 0))
        self._locks[place] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[place]
            if users > 1:
                self._locks[place] = (lock, users - 1)
            else:
                del self._locks[place]


class Messages:
    """Sends messages. `opened` returns a stored handler with its URLs opened.

    `incidents` are what services know, and `storms` decides what goes out in digests.
    """

    def __init__(
        self, sender: SenderProcess, store: Store, clock: Clock, opened: Callable[[Any], Any] = lambda handler: handler
    ) -> None:
        self._sender, self.opened = sender, opened
        self.incidents = KeptIncidents(store)
        self.storms = Storms(store, clock, self.send)

    def close(self) -> None:
        """Send no more digests, and end the process that sends."""
        self.storms.close()
        self._sender.close()

    async def send(self, requests: Mapping[str, SendRequest]) -> Mapping[str, SendResult]:
        """Send messages side by side; the results have the keys of the requests."""
        results = await asyncio.gather(*(self._sender.send(request) for request in requests.values()))
        return dict(zip(requests, results, strict=True))
