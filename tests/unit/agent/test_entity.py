from typing import Any

from sensu.agent.entity import OwnEntity
from sensu.agent.keepalive import keepalive
from sensu.agent.settings import AgentSettings
from sensu.resources.entity import EntityConfig
from sensu.resources.metadata import ObjectMeta


def own(**settings: Any) -> OwnEntity:
    return OwnEntity(AgentSettings(name="web1", subscriptions=("linux",), **settings), "1.0")


def config(name: str = "web1", **fields: Any) -> EntityConfig:
    return EntityConfig(metadata=ObjectMeta(name=name, namespace="default", labels={"color": "red"}), **fields)


def test_entity_before_the_backend_spoke() -> None:
    """An agent describes itself by its settings, without a subscription for itself."""
    entity = own(labels={"a": "b"}).at(7.9)
    assert entity.metadata.labels == {"a": "b"}
    assert (entity.subscriptions, entity.last_seen, entity.user) == (("linux",), 7, "agent")


def test_what_the_backend_says_replaces_the_settings() -> None:
    """Labels, subscriptions and handlers are the backend's once it sent them, until the session ends."""
    entity = own(labels={"a": "b"})
    entity.learn(config(subscriptions=("x",), user="agent"))
    assert entity.at(0).metadata.labels == {"color": "red"}
    assert entity.at(0).subscriptions == ("x",)
    assert entity.as_configured_here(0).metadata.labels == {"a": "b"}
    entity.forget()
    assert entity.at(0).metadata.labels == {"a": "b"}


def test_a_backend_that_knows_nothing_changes_nothing() -> None:
    """The sentinel that the entity is unknown leaves the settings in force."""
    entity = own()
    entity.learn(config("not found"))
    assert entity.at(0).metadata.name == "web1"


def test_an_agent_that_manages_its_entity() -> None:
    """An agent that manages its entity marks it so, and listens to nobody about it."""
    entity = own(agent_managed_entity=True)
    entity.learn(config())
    metadata = entity.at(0).metadata
    assert metadata.labels == {"sensu.io/managed_by": "sensu-agent"}
    assert metadata.created_by == ""
    told = keepalive(AgentSettings(agent_managed_entity=True), entity.at(0), 1, 0).entity
    assert told is not None
    assert told.metadata.created_by == "agent"


def test_secrets_do_not_leave_the_host() -> None:
    """A label that is to be redacted is hidden in what is sent, and readable for tokens."""
    entity = own(labels={"password": "pw"}, redact=("password",))
    assert entity.redacted_at(0).metadata.labels == {"password": "REDACTED"}
    assert entity.at(0).metadata.labels == {"password": "pw"}
