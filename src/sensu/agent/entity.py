"""The agent's own entity: from its settings, from what the backend says of it, and from the facts about the host."""

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
    """What the agent tells of itself, now.

    The backend's word on the entity holds for the session in which it was given, unless the agent manages its entity
    itself. Source: recorded scenarios agent-entity-config, agent-entity-config-update, agent-managed.
    """

    def __init__(self, settings: AgentSettings, version: str) -> None:
        self._settings = settings
        self._version = version
        self._own = _from_settings(settings)
        self._config = self._own
        self.system = System()

    def learn(self, config: EntityConfig) -> None:
        """Take what the backend says of the entity; that it knows none yet changes nothing."""
        if config.metadata.name in (NOT_FOUND, "") or self._settings.agent_managed_entity:
            return
        self._config = config

    def forget(self) -> None:
        """A new session begins: the settings hold again until the backend speaks."""
        self._config = self._own

    def at(self, now: float) -> Entity:
        """The entity whole, secrets included, for tokens."""
        return self._entity(self._config, now)

    def as_configured_here(self, now: float) -> Entity:
        """The entity without what the backend says of it, for the filters of assets.

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
        """The entity as it leaves the host."""
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
