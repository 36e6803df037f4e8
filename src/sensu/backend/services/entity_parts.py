"""The two halves of entities by themselves: what people configure (EntityConfig) and what is observed (EntityState).

Source: docs, "Entity reference" (agent entities: configuration and state); kinds of core/v3.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.entities import AGENT_MANAGED, Entities, is_agent_managed, with_state_of
from sensu.backend.services.lists import Pages, chosen_by, place_order, resource_walk
from sensu.backend.services.outcomes import Denied, Found, Invalid, Listing, NotFound, Refusal, Written
from sensu.backend.services.pages import PageRequest, resource_position, resource_token
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources, mismatch
from sensu.backend.stored_form import key_of, put
from sensu.resources.entity import Entity, EntityConfig, EntityState
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode, encode
from sensu.rules.etag import etag
from sensu.rules.selectors.fields import ENTITY_CONFIG, ENTITY_STATE, Selectable
from sensu.store.contract import Must, Stored

Part = type[EntityConfig] | type[EntityState]
_SELECTABLE: dict[Part, Selectable] = {EntityConfig: ENTITY_CONFIG, EntityState: ENTITY_STATE}


class EntityParts:
    """Reads both halves, and writes the configured one; rights are those on entities."""

    def __init__(self, resources: Resources, entities: Entities) -> None:
        self._resources, self._entities = resources, entities

    async def listing(
        self, caller: Identity, part: Part, namespace: str | None, page: PageRequest
    ) -> Listing | Refusal:
        """That part of the entities of a namespace, or (None) of all of them."""
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

    async def get(self, caller: Identity, part: Part, namespace: str, name: str) -> Found | Refusal:
        """That part of one entity."""
        found = await self._resources.get(caller, ENTITY, namespace, name)
        if not isinstance(found, Found):
            return found
        body = _part(part, found.body)
        return Found(body, etag(body))

    async def create(self, caller: Identity, namespace: str, payload: Payload) -> Written | Refusal:
        """A new entity that nothing is known of but its configuration."""
        if not self._resources.access.allows(caller, "create", ENTITY.segment, namespace=namespace):
            return Denied()
        entity = await self._incoming(caller, namespace, None, payload)
        if isinstance(entity, Invalid):
            return entity
        return await self._resources.write(caller, put(ENTITY, entity, must=Must.BE_ABSENT))

    async def replace(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Written | Refusal:
        """The configuration as it is sent; what was observed stays."""
        if not self._resources.access.allows(caller, "update", ENTITY.segment, name=name, namespace=namespace):
            return Denied()
        entity = await self._incoming(caller, namespace, name, payload)
        if isinstance(entity, Invalid):
            return entity
        stored = await self._resources.store.get(key_of(ENTITY, namespace, name))
        if is_agent_managed(entity) or (stored is not None and is_agent_managed(decode(Entity, stored.body))):
            return AGENT_MANAGED

        def reconfigured(before: Stored) -> Entity:
            return self._entities.of_its_class(with_state_of(decode(Entity, before.body), entity))

        outcome = await self._resources.amend(caller, ENTITY, namespace, name, reconfigured)
        if isinstance(outcome, NotFound):
            return await self._resources.write(caller, put(ENTITY, entity, must=Must.BE_ABSENT))
        return outcome

    async def _incoming(self, caller: Identity, namespace: str, name: str | None, payload: Payload) -> Entity | Invalid:
        sent = await decoded(EntityConfig, payload)
        if isinstance(sent, Invalid):
            return sent
        problem = mismatch(ENTITY, sent, namespace, name)
        return Invalid(problem) if problem else self._resources.judged(caller, ENTITY, Entity(**_fields(sent)))


def _fields(config: EntityConfig) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in msgspec.structs.fields(config)}


def _part(part: Part, entity: bytes) -> bytes:
    """A part of an entity, from the JSON that readers get of it."""
    return encode(decode(part, entity))


async def _parts(part: Part, chunks: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[Sequence[bytes]]:
    async for entities in chunks:
        yield [_part(part, entity) for entity in entities]
