"""The endpoints of events."""

from collections.abc import Iterator
from http.client import OK

from sensu.backend.api.errors import created, deleted, found, listed
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, IN_NAMESPACE, Route
from sensu.backend.services.events import Events
from sensu.resources.event import Event
from sensu.resources.kinds import EVENT
from sensu.rules.event_links import page_of
from sensu.store.values import EventKey


def routes(events: Events, dashboard_url: str) -> Iterator[Route]:
    """The routes of events; `dashboard_url` is that of the web UI, empty if none is known."""
    endpoint = EventEndpoint(events, dashboard_url)
    collection = f"{IN_NAMESPACE}/events"
    one = f"{collection}/{{entity}}/{{check}}"
    yield Route("GET", collection, endpoint.listing, lists=EVENT)
    yield Route("POST", collection, endpoint.create, takes=Event, status=201)
    yield Route("GET", f"{collection}/{{entity}}", endpoint.listing_of_entity, lists=EVENT)
    yield Route("GET", one, endpoint.get, gives=Event)
    yield Route("PUT", one, endpoint.replace, takes=Event, status=201)
    yield Route("POST", one, endpoint.create_one, takes=Event, status=201)
    yield Route("DELETE", one, endpoint.delete, status=204)
    yield Route("GET", f"{CORE}/events", endpoint.listing_of_all, lists=EVENT)


class EventEndpoint:
    """Handles requests for events."""

    def __init__(self, events: Events, dashboard_url: str) -> None:
        self._events, self._dashboard_url = events, dashboard_url

    async def listing(self, request: Request) -> Response:
        """List the events of a namespace."""
        return listed(await self._events.listing(request.caller, request.params[0], None, request.page))

    async def listing_of_entity(self, request: Request) -> Response:
        """List the events of an entity; the list is empty if the entity does not exist."""
        namespace, entity = request.params
        return listed(await self._events.listing(request.caller, namespace, entity, request.page))

    async def listing_of_all(self, request: Request) -> Response:
        """List the events of all namespaces."""
        return listed(await self._events.listing(request.caller, None, None, request.page))

    async def get(self, request: Request) -> Response:
        """Show an event; the header `Sensu-Event-Url` is its page in the web UI, if `--dashboard-url` is set."""
        key = EventKey(*request.params)
        response = found(await self._events.get(request.caller, key))
        if self._dashboard_url and response.status == OK:
            page = page_of(self._dashboard_url, key.namespace, key.entity, key.check)
            response.headers.append((b"sensu-event-url", page.encode()))
        return response

    async def create(self, request: Request) -> Response:
        """Create an event."""
        return created(await self._events.create(request.caller, request.params[0], request.json_body))

    async def create_one(self, request: Request) -> Response:
        """Create an event for the entity and check in the path."""
        key = EventKey(*request.params)
        return created(await self._events.put(request.caller, "create", key, request.json_body))

    async def replace(self, request: Request) -> Response:
        """Update the event of the entity and check in the path."""
        key = EventKey(*request.params)
        return created(await self._events.put(request.caller, "update", key, request.json_body))

    async def delete(self, request: Request) -> Response:
        """Delete an event."""
        return deleted(await self._events.delete(request.caller, EventKey(*request.params)))
