"""The endpoints of core/v3: configurations and states of entities."""

from collections.abc import Iterator

from sensu.backend.api.entities import EntityEndpoint
from sensu.backend.api.errors import created, found, listed
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.entities import Entities
from sensu.backend.services.entity_parts import EntityPart, EntityParts
from sensu.backend.services.payload import Payload, unwrapped
from sensu.resources.entity import EntityConfig, EntityState
from sensu.resources.kind import root_of
from sensu.resources.kinds import ENTITY_CONFIG, ENTITY_STATE

CORE_V3 = root_of(ENTITY_CONFIG.api_version)


def routes(parts: EntityParts, entities: Entities) -> Iterator[Route]:
    """The routes of both parts of entities. Configurations can be changed, states can only be read."""
    whole = EntityEndpoint(entities)
    configured = EntityConfigEndpoint(entities)
    for words, part in ((ENTITY_CONFIG.segment, EntityConfig), (ENTITY_STATE.segment, EntityState)):
        endpoint = EntityPartEndpoint(parts, part)
        collection = f"{CORE_V3}/namespaces/{{namespace}}/{words}"
        yield Route("GET", f"{CORE_V3}/{words}", endpoint.listing_of_all, gives=list[part], paged=True)  # type: ignore[valid-type]
        yield Route("GET", collection, endpoint.listing, gives=list[part], paged=True)  # type: ignore[valid-type]
        yield Route("GET", f"{collection}/{{name}}", endpoint.get, gives=part)
        if part is EntityConfig:
            yield Route("POST", collection, configured.create, takes=part, status=201)
            yield Route("PUT", f"{collection}/{{name}}", configured.replace, takes=part, status=201)
            yield Route("PATCH", f"{collection}/{{name}}", whole.patch, takes=part, gives=part)
            yield Route("DELETE", f"{collection}/{{name}}", whole.delete, status=204)


class EntityPartEndpoint:
    """Handles requests that read one part of entities."""

    def __init__(self, parts: EntityParts, part: EntityPart) -> None:
        self._parts, self._part = parts, part

    async def listing(self, request: Request) -> Response:
        """List this part of the entities of a namespace."""
        return listed(await self._parts.listing(request.caller, self._part, request.params[0], request.page))

    async def listing_of_all(self, request: Request) -> Response:
        """List this part of the entities of all namespaces."""
        return listed(await self._parts.listing(request.caller, self._part, None, request.page))

    async def get(self, request: Request) -> Response:
        """Show this part of an entity."""
        return found(await self._parts.get(request.caller, self._part, *request.params))


class EntityConfigEndpoint:
    """Handles requests that change the configuration of entities."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    async def create(self, request: Request) -> Response:
        """Create an entity from its configuration."""
        return created(
            await self._entities.create(request.caller, request.params[0], _configuration(request), EntityConfig)
        )

    async def replace(self, request: Request) -> Response:
        """Create or replace the configuration of an entity."""
        namespace, name = request.params
        return created(await self._entities.configure(request.caller, namespace, name, _configuration(request)))


def _configuration(request: Request) -> Payload:
    return unwrapped(request.json_body, ENTITY_CONFIG)
