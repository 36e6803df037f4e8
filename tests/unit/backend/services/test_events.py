"""What an event that a client sends is completed with."""

import uuid

import pytest

from sensu.backend.services.events import completed
from sensu.backend.services.outcomes import Invalid
from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import Metrics
from sensu.store.values import EventKey

ENTITY = Entity(metadata=ObjectMeta(name="web"))
CHECK = Check(metadata=ObjectMeta(name="cpu"), interval=10)
ANY = EventKey("ops", "", "")


def test_an_event_gets_namespace_class_author_id_and_time() -> None:
    """A client need only say which entity and check, and what was found."""
    event = completed(Event(entity=ENTITY, check=CHECK), ANY, "alice", 1600000000)
    assert isinstance(event, Event)
    assert event.entity and event.check and event.id
    assert event.entity.entity_class == "proxy"
    assert {event.entity.metadata.namespace, event.check.metadata.namespace} == {"ops"}
    assert {m.created_by for m in (event.metadata, event.entity.metadata, event.check.metadata)} == {"alice"}
    assert event.timestamp == 1600000000
    assert uuid.UUID(event.id).version == 4


def test_what_the_client_says_is_kept() -> None:
    """An id, a time and a class of the client's are not replaced."""
    sent = Event(
        entity=Entity(metadata=ObjectMeta(name="web"), entity_class="agent"),
        check=CHECK,
        id="3b1c4c1e-5a0e-4a52-9f0b-2f1f7f8d5a01",
        timestamp=5,
    )
    event = completed(sent, ANY, "alice", 1600000000)
    assert isinstance(event, Event)
    assert event.entity
    assert (event.id, event.timestamp, event.entity.entity_class) == (sent.id, 5, "agent")


def test_names_may_come_from_the_url() -> None:
    """An event put under an entity and a check is theirs without naming them."""
    sent = Event(entity=Entity(), check=Check(interval=10))
    event = completed(sent, EventKey("ops", "web", "cpu"), "alice", 1)
    assert isinstance(event, Event)
    assert event.entity and event.check
    assert (event.entity.metadata.name, event.check.metadata.name) == ("web", "cpu")


def test_metrics_alone_make_an_event() -> None:
    """An event needs no check where it has metrics."""
    event = completed(Event(entity=ENTITY, metrics=Metrics(points=())), ANY, "alice", 1)
    assert isinstance(event, Event)
    assert event.check is None


@pytest.mark.parametrize(
    ("event", "key", "why"),
    [
        (Event(check=CHECK), ANY, "event must contain an entity"),
        (Event(entity=ENTITY), ANY, "event must contain a check or metrics"),
        (
            Event(entity=Entity(metadata=ObjectMeta(name="web", namespace="default")), check=CHECK),
            ANY,
            "the namespace of the resource (default) does not match the namespace of the URI (ops)",
        ),
        (
            Event(entity=ENTITY, check=CHECK),
            EventKey("ops", "db", "cpu"),
            "the name of the resource (web) does not match the name of the URI (db)",
        ),
        (Event(entity=Entity(), check=CHECK), ANY, "entity is invalid: entity name must not be empty"),
    ],
)
def test_an_event_that_contradicts_its_url_or_a_rule_is_refused(event: Event, key: EventKey, why: str) -> None:
    """The sender is told what is wrong, in the API's words."""
    assert completed(event, key, "alice", 1) == Invalid(why)
