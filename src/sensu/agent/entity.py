"""The agent's own entity, built from its settings, the configuration that the backend sends, and system facts."""

from sensu.agent.settings import AgentSettings
from sensu.resources.entity import (
    AGENT_CLASS,
    MANAGED_BY_LABEL,
    Deregistration,
    Entity,
    EntityConfig,
    System,
)
from sensu.resources.metadata import ObjectMeta
from sensu.rules.redaction import redacted
from sensu.transport.session import NOT_FOUND

AGENT_MANAGER = "sensu-agent"


class OwnEntity:
    """The current entity of this agent.

    The configuration that the backend sends applies to the current session, unless the agent manages its entity itself.
    Source: recorded scenarios agent-entity-config, agent-entity-config-update, agent-managed.
    """

    def __init__(self, settings: AgentSettings, version: str) -> None:
        self._settings = settings
        self._version = version
        self._own = _from_settings(settings)
        self._config = self._own
        self.system = System()

    def learn(self, config: EntityConfig) -> None:
        """Apply the configuration that the backend sent; the message that it has none yet changes nothing."""
        if config.metadata.name in (NOT_FOUND, "") or self._settings.agent_managed_entity:
            return
        self._config = config

    def forget(self) -> None:
        """Discard the backend's configuration: a new session starts from the settings."""
        self._config = self._own

    def at(self, now: float) -> Entity:
        """The complete entity, unredacted, for tokens."""
        return self._entity(self._config, now)

    def as_configured_here(self, now: float) -> Entity:
        """The entity from the settings alone, without the backend's configuration, for asset filters.

        Source: recorded scenario agent-exec, case asset-filter (a label that only the backend knows does not count).
        """
        return self._entity(self._own, now)

    def _entity(self, config: EntityConfig, now: float) -> Entity:
        return Entity(
            entity_class=AGENT_CLASS,
            system=self.system,
            subscriptions=config.subscriptions,
            last_seen=int(now),
            deregister=config.deregister,
            deregistration=config.deregistration,
            user=config.user,
            redact=config.redact,
            metadata=config.metadata,
            sensu_agent_version=self._version,
            keepalive_handlers=config.keepalive_handlers,
        )

    def redacted_at(self, now: float) -> Entity:
        """The redacted entity, as it is sent."""
        return redacted(self.at(now))


def _from_settings(settings: AgentSettings) -> EntityConfig:
    labels = dict(settings.labels)
    if settings.agent_managed_entity:
        labels[MANAGED_BY_LABEL] = AGENT_MANAGER
    return EntityConfig(
        metadata=ObjectMeta(
            name=settings.name,
            namespace=settings.namespace,
            labels=labels,
            annotations=dict(settings.annotations),
        ),
        entity_class=AGENT_CLASS,
        user=settings.user,
        subscriptions=settings.subscriptions,
        deregister=settings.deregister,
        deregistration=Deregistration(handler=settings.deregistration_handler),
        keepalive_handlers=settings.keepalive_handlers,
        redact=settings.redact,
    )
