"""What workers tell each other arrives as it was sent."""

import msgspec
import pytest

from sensu.backend.members import messages
from sensu.backend.members.entities import NUMBERS_MAX, EntitiesHeard, EntitiesSent
from sensu.backend.members.messages import LENGTH_BYTES, Agents, ConnectedAgent, OfferEvent, RemoveEvent
from sensu.backend.metrics import Numbered
from sensu.backend.ports import ApiAnswer, EventDeferred, EventOutcome, EventRefused, EventStored, IncomingEvent
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.metrics import MetricPoint, Metrics
from sensu.store.values import AppendAudit, EventKey, PutState, TrimAudit, Write
from sensu.testing.factories import make_check_config, make_entity, make_event


def mark() -> Write:
    """What is committed with an event."""
    return PutState("mark", b"1")


def sent(message: messages.MemberMessage) -> messages.MemberMessage:
    """The message at the other side."""
    wire = messages.packed(message)
    assert int.from_bytes(wire[:LENGTH_BYTES], "big") == len(wire) - LENGTH_BYTES
    return messages.unpacked(memoryview(wire)[LENGTH_BYTES:])


def event(entity: str = "web1") -> Event:
    points = (MetricPoint(name="load", value=0.5, timestamp=1), MetricPoint(name="count", value=3, timestamp=2))
    return msgspec.structs.replace(make_event(entity=make_entity(entity)), metrics=Metrics(points=points))


@pytest.mark.parametrize(
    "message",
    [
        messages.Hello(2, "start"),
        messages.Welcome(17, (3, 5)),
        messages.NotMine(4),
        messages.TookBack(4),
        messages.Look(12),
        messages.Seen(12),
        messages.Follow(),
        messages.EventsChanged([messages.ChangedEvent("default", "web1", "http", None)]),
        messages.ChangesAvailable(),
        OfferEvent(7, event(), -1, None),
        messages.OfferKeepalive(8, event(), 1.5, "id"),
        RemoveEvent(9, EventKey("default", "web1", "cpu"), [AppendAudit(1.0, b"{}")], TrimAudit(2.0, 3)),
        messages.EventsStored([1, 2, 3]),
        messages.Removed(9, None),
        Agents([ConnectedAgent(1, "default", "web1", ["linux"])], all=True),
        messages.Publish("default", "linux", CheckRequest(config=make_check_config(), issued=5)),
        messages.ApiRequest(1, "GET", b"/a%20b", b"x=1", [(b"accept", b"*/*")], ("127.0.0.1", 5), b"{}"),
        messages.ApiResponse(1, ApiAnswer(200, [(b"etag", b"x")], b"[]")),
        messages.MetricNumbers(4, [Numbered("a", "a_sum", {"status": "0"}, 1.0)]),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_arrives_as_it_was_sent(message: messages.MemberMessage) -> None:
    """Kinds, numbers, texts and bytes of a message are the same at the other side; whole numbers stay whole."""
    assert sent(message) == message


@pytest.mark.parametrize("outcome", [EventStored(), EventRefused("why"), EventDeferred("later")])
def test_the_result_of_an_event_arrives(outcome: EventOutcome) -> None:
    """The sender of an event gets the answer that its own worker would give."""
    assert sent(messages.EventResult(1, outcome)) == messages.EventResult(1, outcome)


def over_the_bus(there: EntitiesSent, here: EntitiesHeard, incoming: IncomingEvent) -> tuple[IncomingEvent, int]:
    """The event at the other side, and how many bytes went over."""
    message = there.offer(1, incoming)
    received = sent(message)
    assert isinstance(received, OfferEvent)
    return here.incoming(received, mark), len(messages.packed(message))


def test_an_entity_goes_over_once_while_it_stays_the_same() -> None:
    """Later events of a session bring what is different only, and are whole at the other side."""
    there, here = EntitiesSent(), EntitiesHeard()
    first, second = event(), event()
    second = msgspec.structs.replace(second, entity=first.entity, sequence=2)
    json = msgspec.Raw(b'{"known":1}')
    whole, size = over_the_bus(there, here, IncomingEvent(first, entity_json=json))
    again, less = over_the_bus(there, here, IncomingEvent(second, entity_json=json))
    assert (whole.event, bytes(whole.entity_json or b"")) == (first, b'{"known":1}')
    assert (again.event, bytes(again.entity_json or b"")) == (second, b'{"known":1}')
    assert less < size


def test_an_entity_that_changed_goes_over_anew() -> None:
    """An entity that is another one than before is not taken for the one that is known."""
    there, here = EntitiesSent(), EntitiesHeard()
    for number in range(3):
        changed = event()
        changed = msgspec.structs.replace(changed, entity=make_entity("web1", labels={"n": str(number)}))
        incoming = IncomingEvent(changed, entity_json=msgspec.Raw(b"%d" % number))
        arrived, _ = over_the_bus(there, here, incoming)
        assert arrived == msgspec.structs.replace(incoming, mark=mark)


def test_the_entities_that_are_remembered_are_bounded() -> None:
    """With more entities than are remembered each event is still with its own."""
    there, here = EntitiesSent(), EntitiesHeard()
    entities = [make_entity(f"web{number}") for number in range(NUMBERS_MAX + 50)]
    plain = make_event()
    for entity in (*entities, *entities[:100], *entities[-100:]):
        incoming = IncomingEvent(msgspec.structs.replace(plain, entity=entity), entity_json=msgspec.Raw(b"{}"))
        arrived, _ = over_the_bus(there, here, incoming)
        assert arrived.event.entity == entity
