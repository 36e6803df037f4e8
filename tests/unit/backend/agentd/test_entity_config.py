from sensu.backend.agentd.entity_config import config_for_agent, not_found, subscriptions_of
from sensu.resources.entity import Deregistration, Entity, EntityConfig
from sensu.resources.metadata import ObjectMeta


def test_an_entity_gives_its_configuration() -> None:
    """Of a whole entity the agent is sent what people configure, and nothing that was observed."""
    meta = ObjectMeta(name="a1", namespace="default", labels={"x": "1"})
    entity = Entity(
        metadata=meta,
        entity_class="agent",
        user="agent",
        subscriptions=("linux",),
        deregister=True,
        deregistration=Deregistration(handler="h"),
        keepalive_handlers=("k",),
        redact=("password",),
        last_seen=5,
    )
    assert config_for_agent(entity) == EntityConfig(
        metadata=meta,
        entity_class="agent",
        user="agent",
        subscriptions=("linux",),
        deregister=True,
        deregistration=Deregistration(handler="h"),
        keepalive_handlers=("k",),
        redact=("password",),
    )


def test_the_mark_of_agent_management_is_left_out() -> None:
    """Only the mark goes; other labels stay, and so does an entity that is not marked."""
    marked = EntityConfig(metadata=ObjectMeta(name="a1", labels={"sensu.io/managed_by": "sensu-agent", "x": "1"}))
    plain = EntityConfig(
        metadata=ObjectMeta(name="a1", labels={"sensu.io/managed_by": "sensuctl"}), entity_class="agent"
    )
    assert config_for_agent(marked).metadata.labels == {"x": "1"}
    assert config_for_agent(plain) is plain


def test_an_agent_is_always_subscribed_to_itself() -> None:
    """An agent with an entity is reachable by name even where its subscriptions leave that out; one without is not."""
    config = EntityConfig(metadata=ObjectMeta(name="a1"), subscriptions=None)
    assert subscriptions_of(config) == {"entity:a1"}
    assert subscriptions_of(None) == frozenset()


def test_the_sentinel_names_no_entity() -> None:
    """An agent without an entity is told `not found` in its own namespace."""
    config = not_found("ns2")
    assert (config.metadata.name, config.metadata.namespace, config.entity_class) == ("not found", "ns2", "agent")
