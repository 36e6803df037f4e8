"""Finds the entity of an event, and builds the proxy entity if it does not exist.

Source: docs, entities (proxy entities); recorded scenarios state-proxy-created, state-proxy-entity-name.
"""

import msgspec

from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta


def looked_up(event: Event) -> str | None:
    """The name of the stored entity that the event is about; None if the entity in the event is used."""
    entity, check = event.entity, event.check
    assert entity is not None
    if check is None:
        return None
    if check.proxy_entity_name:
        return check.proxy_entity_name
    return None if entity.entity_class == AGENT_CLASS else entity.metadata.name


def made_for(event: Event, name: str) -> Entity:
    """The proxy entity that is created for an event about an unknown entity."""
    entity = event.entity
    assert entity is not None
    if event.check is not None and event.check.proxy_entity_name:
        metadata = ObjectMeta(name=name, namespace=entity.metadata.namespace, created_by=event.metadata.created_by)
        return Entity(entity_class=PROXY_CLASS, metadata=metadata, subscriptions=(f"entity:{name}",))
    created_by = event.metadata.created_by or entity.metadata.created_by
    return msgspec.structs.replace(
        entity,
        entity_class=PROXY_CLASS,
        subscriptions=with_own_subscription(entity.subscriptions, name),
        metadata=msgspec.structs.replace(entity.metadata, created_by=created_by),
    )


def with_own_subscription(subscriptions: tuple[str, ...] | None, name: str) -> tuple[str, ...]:
    """The subscriptions, including the entity's own."""
    own = f"entity:{name}"
    known = subscriptions or ()
    return known if own in known else (*known, own)
