"""Entities. Clients write whole entities, but the state of an agent's entity is written by its agent only.

Source: docs, "Entities API"; recorded scenarios entities-agent-class, entities-proxy-lifecycle, entities-invalid.
"""

from typing import Any

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.ports import Intake, Subscribers
from sensu.backend.services import merging
from sensu.backend.services.outcomes import Deleted, Denied, Exists, Invalid, NotFound, Refusal, Written
from sensu.backend.services.payload import Conditions, Payload, decoded, merge_patch_of
from sensu.backend.services.resources import Resources, mismatch
from sensu.backend.stored_form import delete, key_of, put
from sensu.resources.entity import AGENT_CLASS, MANAGED_BY_LABEL, PROXY_CLASS, Entity, EntityConfig
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode, encode
from sensu.rules.redaction import shows_redacted, with_secrets_of
from sensu.store.values import Must, Stored

AGENT_MANAGED = Exists("entity is managed by its agent")
EntityShape = type[Entity] | type[EntityConfig]
_CONFIGURED = frozenset(field.name for field in msgspec.structs.fields(EntityConfig))


class Entities:
    """Creates, replaces, patches and deletes entities. They are read like any resource."""

    def __init__(self, resources: Resources, intake: Intake, subscribers: Subscribers) -> None:
        self._resources = resources
        self._intake = intake
        self._subscribers = subscribers

    async def create(
        self, caller: Identity, namespace: str, payload: Payload, shape: EntityShape = Entity
    ) -> Written | Refusal:
        """Create an entity, or complete one that has only a configuration. The outcome contains what was sent."""
        if not self._resources.access.allows(caller, "create", ENTITY.segment, namespace=namespace):
            return Denied()
        entity = await self._incoming(caller, namespace, None, payload, shape)
        if isinstance(entity, Invalid):
            return entity
        return echoed(await self._resources.write(caller, put(ENTITY, entity, must=Must.BE_ABSENT)), entity)

    async def replace(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Written | Refusal:
        """Create or replace an entity. If it exists and is not a proxy entity, only its configuration is replaced."""
        if not self._resources.access.allows(caller, "update", ENTITY.segment, name=name, namespace=namespace):
            return Denied()
        entity = await self._incoming(caller, namespace, name, payload)
        if isinstance(entity, Invalid):
            return entity
        if is_agent_managed(entity):
            return AGENT_MANAGED
        if entity.entity_class == PROXY_CLASS:
            whole = await self._with_secrets_kept(entity)
            return echoed(await self._resources.write(caller, put(ENTITY, self._of_its_class(whole))), entity)
        return await self._reconfigure(caller, entity)

    async def configure(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Written | Refusal:
        """Create or replace the configuration of an entity, and keep its state."""
        if not self._resources.access.allows(caller, "update", ENTITY.segment, name=name, namespace=namespace):
            return Denied()
        entity = await self._incoming(caller, namespace, name, payload, EntityConfig)
        if isinstance(entity, Invalid):
            return entity
        return (
            AGENT_MANAGED if is_agent_managed(entity) else await self._reconfigure(caller, self._of_its_class(entity))
        )

    async def _reconfigure(self, caller: Identity, entity: Entity) -> Written | Refusal:
        meta = entity.metadata
        stored = await self._resources.store.get(key_of(ENTITY, meta.namespace, meta.name))
        if stored is None:
            return echoed(await self._resources.write(caller, put(ENTITY, entity, must=Must.BE_ABSENT)), entity)
        if is_agent_managed(decode(Entity, stored.body)):
            return AGENT_MANAGED

        def reconfigured(before: Stored) -> Entity:
            known = decode(Entity, before.body)
            return with_own_subscription(with_state_of(known, with_secrets_of(known, entity)))

        return echoed(await self._resources.amend(caller, ENTITY, meta.namespace, meta.name, reconfigured), entity)

    async def _with_secrets_kept(self, entity: Entity) -> Entity:
        """The entity, with redacted values replaced by the stored ones."""
        if not shows_redacted(entity):
            return entity
        stored = await self._resources.store.get(key_of(ENTITY, entity.metadata.namespace, entity.metadata.name))
        return entity if stored is None else with_secrets_of(decode(Entity, stored.body), entity)

    async def patch(
        self, caller: Identity, namespace: str, name: str, payload: Payload, conditions: Conditions
    ) -> Written | Refusal:
        """Apply a merge patch to the configuration of an entity; its state cannot be patched."""
        if not self._resources.access.allows(caller, "update", ENTITY.segment, name=name, namespace=namespace):
            return Denied()
        patch = await merge_patch_of(ENTITY, payload)
        if isinstance(patch, Invalid):
            return patch
        problem = merging.problem_of_identity(patch, namespace, name)
        if problem:
            return Invalid(problem)
        configuration = {key: value for key, value in patch.items() if key in _CONFIGURED}
        echoed = b""

        def merge(stored: Stored) -> Entity | Invalid:
            nonlocal echoed
            merged = merging.merged(ENTITY, msgspec.json.decode(stored.body), configuration, namespace, name)
            if isinstance(merged, Invalid):
                return merged
            entity = self._resources.validated(caller, ENTITY, with_own_subscription(merged))
            if not isinstance(entity, Invalid):
                echoed = encode(configuration_of(entity))
                entity = self._of_its_class(with_secrets_of(decode(Entity, stored.body), entity))
            return entity

        where = f"/sensu.io/entity_configs/{namespace}/{name}"
        outcome = await self._resources.amend(
            caller, ENTITY, namespace, name, merge, conditions=conditions, where=where
        )
        return Written(echoed, outcome.etag) if isinstance(outcome, Written) else outcome

    async def delete(self, caller: Identity, namespace: str, name: str) -> Deleted | Refusal:
        """Delete an entity and its events, and disconnect its agent."""
        if not self._resources.access.allows(caller, "delete", ENTITY.segment, name=name, namespace=namespace):
            return Denied()
        store = self._resources.store
        if await store.get(key_of(ENTITY, namespace, name)) is None:
            return NotFound()
        for event in (await store.list_events(namespace, name)).items:
            await self._intake.remove(event.key)
        outcome = await self._resources.write(caller, delete(ENTITY, namespace, name))
        self._subscribers.disconnect(namespace, name)
        return Deleted() if isinstance(outcome, Written) else outcome

    def _of_its_class(self, entity: Entity) -> Entity:
        """The entity; its class is always `agent` while its agent is connected.

        Source: recorded scenario session-entity-update.
        """
        meta = entity.metadata
        if meta.name not in self._subscribers.agents(meta.namespace, f"entity:{meta.name}"):
            return entity
        return msgspec.structs.replace(entity, entity_class=AGENT_CLASS)

    async def _incoming(
        self, caller: Identity, namespace: str, name: str | None, payload: Payload, shape: EntityShape = Entity
    ) -> Entity | Invalid:
        sent = await decoded(shape, payload)
        whole = Entity(**_configured(sent)) if isinstance(sent, EntityConfig) else sent
        entity: Any = whole if isinstance(whole, Invalid) else self._resources.validated(caller, ENTITY, whole)
        if isinstance(entity, Invalid):
            return entity
        problem = mismatch(ENTITY, entity, namespace, name)
        return Invalid(problem) if problem else entity


def echoed(outcome: Written | Refusal, entity: Entity) -> Written | Refusal:
    """The outcome with the entity as it was sent, instead of as it will be read."""
    return Written(encode(entity)) if isinstance(outcome, Written) else outcome


def is_agent_managed(entity: Entity) -> bool:
    """Whether the agent manages the configuration of its entity."""
    return entity.metadata.labels.get(MANAGED_BY_LABEL) == "sensu-agent"


def with_state_of(before: Entity, entity: Entity) -> Entity:
    """The entity with the state that it had before."""
    return msgspec.structs.replace(
        entity, system=before.system, last_seen=before.last_seen, sensu_agent_version=before.sensu_agent_version
    )


def with_own_subscription(entity: Entity) -> Entity:
    """The entity, subscribed to `entity:NAME`."""
    own = f"entity:{entity.metadata.name}"
    subscriptions = entity.subscriptions or ()
    return entity if own in subscriptions else msgspec.structs.replace(entity, subscriptions=(*subscriptions, own))


def configuration_of(entity: Entity) -> EntityConfig:
    """The configuration of an entity."""
    return EntityConfig(**_configured(entity))


def _configured(part: Entity | EntityConfig) -> dict[str, Any]:
    return {name: getattr(part, name) for name in _CONFIGURED}
