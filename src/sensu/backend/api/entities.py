"""The endpoints of entities."""

from collections.abc import Iterator

from sensu.backend.api.errors import deleted, shown
from sensu.backend.api.request import Request
from sensu.backend.api.resources import ResourceEndpoint, collection_path
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, Route
from sensu.backend.services.entities import Entities
from sensu.backend.services.resources import Resources
from sensu.resources.entity import Entity, EntityConfig
from sensu.resources.kinds import ENTITY


def routes(resources: Resources, entities: Entities) -> Iterator[Route]:
    """The routes of entities."""
    endpoint = EntityEndpoint(entities)
    reading = ResourceEndpoint(resources, ENTITY)
    collection = collection_path(ENTITY)
    one = f"{collection}/{{name}}"
    yield Route("GET", collection, reading.listing, lists=ENTITY)
    yield Route("POST", collection, endpoint.create, takes=Entity, gives=Entity)
    yield Route("GET", one, reading.get, gives=Entity)
    yield Route("PUT", one, endpoint.replace, takes=Entity, gives=Entity)
    yield Route("PATCH", one, endpoint.patch, takes=EntityConfig, gives=EntityConfig)
    yield Route("DELETE", one, endpoint.delete, status=204)
    yield Route("GET", f"{CORE}/{ENTITY.segment}", reading.listing_of_all, lists=ENTITY)


class EntityEndpoint:
    """Handles requests that change entities; responses contain the entity."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    async def create(self, request: Request) -> Response:
        """Create an entity."""
        return shown(await self._entities.create(request.caller, request.params[0], request.json_body))

    async def replace(self, request: Request) -> Response:
        """Create or replace an entity."""
        namespace, name = request.params
        return shown(await self._entities.replace(request.caller, namespace, name, request.json_body))

    async def patch(self, request: Request) -> Response:
        """Update the configuration of an entity with a merge patch."""
        namespace, name = request.params
        payload, conditions = request.merge_patch_body, request.conditions
        return shown(await self._entities.patch(request.caller, namespace, name, payload, conditions))

    async def delete(self, request: Request) -> Response:
        """Delete an entity and its events."""
        namespace, name = request.params
        return deleted(await self._entities.delete(request.caller, namespace, name))
