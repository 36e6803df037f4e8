"""Builds the entity configuration that is sent to an agent.

Source: recorded scenarios session-new-agent, session-managed-by-agent, session-entity-update.
"""

import msgspec

from sensu.resources.entity import AGENT_CLASS, MANAGED_BY_LABEL, Entity, EntityConfig
from sensu.resources.metadata import ObjectMeta
from sensu.transport.session import NOT_FOUND

MANAGED_BY_AGENT = "sensu-agent"


def not_found(namespace: str) -> EntityConfig:
    """The configuration for an agent whose entity does not exist yet."""
    return EntityConfig(metadata=ObjectMeta(name=NOT_FOUND, namespace=namespace), entity_class=AGENT_CLASS)


def config_for_agent(entity: Entity | EntityConfig) -> EntityConfig:
    """The configuration of an entity, of class agent, without the label of agent-managed entities.

    An agent that stops managing its entity would keep the mark for ever otherwise.
    """
    config = entity if isinstance(entity, EntityConfig) else _config_of(entity)
    if config.entity_class != AGENT_CLASS:
        config = msgspec.structs.replace(config, entity_class=AGENT_CLASS)
    labels = config.metadata.labels
    if labels.get(MANAGED_BY_LABEL) != MANAGED_BY_AGENT:
        return config
    kept = {name: value for name, value in labels.items() if name != MANAGED_BY_LABEL}
    return msgspec.structs.replace(config, metadata=msgspec.structs.replace(config.metadata, labels=kept))


def subscriptions_of(config: EntityConfig | None) -> frozenset[str]:
    """The subscriptions of an agent: none before its entity exists, then always including its own."""
    if config is None:
        return frozenset()
    return frozenset((*(config.subscriptions or ()), f"entity:{config.metadata.name}"))


def _config_of(entity: Entity) -> EntityConfig:
    return EntityConfig(
        metadata=entity.metadata,
        entity_class=entity.entity_class,
        user=entity.user,
        subscriptions=entity.subscriptions,
        deregister=entity.deregister,
        deregistration=entity.deregistration,
        keepalive_handlers=entity.keepalive_handlers,
        redact=entity.redact,
    )
