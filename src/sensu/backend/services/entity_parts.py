"""The two parts of entities: the configuration (EntityConfig) and the observed state (EntityState).

Source: docs, "Entity reference" (agent entities: configuration and state); kinds of core/v3.
"""

from collections.abc import AsyncIterator, Sequence

from sensu.backend.auth.identity import Identity
from sensu.backend.services.lists import Pages, chosen_by, place_order, resource_walk
from sensu.backend.services.outcomes import Denied, Found, Invalid, Listing, Refusal
from sensu.backend.services.pages import PageRequest, resource_position, resource_token
from sensu.backend.services.resources import Resources
from sensu.resources.entity import EntityConfig, EntityState
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode, encode
from sensu.rules.etag import etag
from sensu.rules.kinds import entity_config, entity_state
from sensu.rules.selectors.selectable import Selectable

EntityPart = type[EntityConfig] | type[EntityState]
_SELECTABLE: dict[EntityPart, Selectable] = {
    EntityConfig: entity_config.RULES.selectable,
    EntityState: entity_state.RULES.selectable,
}


class EntityParts:
    """Reads both parts; the permissions are those for entities."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def listing(
        self, caller: Identity, part: EntityPart, namespace: str | None, page: PageRequest
    ) -> Listing | Refusal:
        """One part of the entities of a namespace, or of all namespaces (None)."""
        if not self._resources.access.allows(caller, "list", ENTITY.segment, namespace=namespace or ""):
            return Denied()
        selection = chosen_by(_SELECTABLE[part], page)
        if isinstance(selection, Invalid):
            return selection
        store = self._resources.store
        total = await store.count(ENTITY.qualified_name, namespace) if selection is None else None
        pages = Pages(resource_walk(store, ENTITY, namespace, selection), place_order, selection)
        after = resource_position(namespace, page.after)
        found = await pages.listing(page, after, lambda place: resource_token(namespace, *place), total)
        return Listing(_parts(part, found.chunks), found.after, found.total)

    async def get(self, caller: Identity, part: EntityPart, namespace: str, name: str) -> Found | Refusal:
        """One part of an entity."""
        found = await self._resources.get(caller, ENTITY, namespace, name)
        if not isinstance(found, Found):
            return found
        body = _part(part, found.body)
        return Found(body, etag(body))


def _part(part: EntityPart, entity: bytes) -> bytes:
    """A part of an entity, from the JSON of the entity."""
    return encode(decode(part, entity))


async def _parts(part: EntityPart, chunks: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[Sequence[bytes]]:
    async for entities in chunks:
        yield [_part(part, entity) for entity in entities]
