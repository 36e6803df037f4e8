"""Fields read straight from an event's JSON are those of the whole scope."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.entity import Network, NetworkInterface, System
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import encode
from sensu.rules.expression_scope import event_scope, fields_at
from sensu.rules.scope_excerpt import excerpt
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event

NOTED = ObjectMeta(name="http", namespace="default", annotations={"password": "shown"})
EVENTS = (
    make_event(make_entity("web1"), make_check("http", status=2, output="down", state="failing", duration=0.5)),
    make_event(make_entity("web1"), make_check("http"), id="01020304-0506-4708-890a-0b0c0d0e0f10"),
    make_event(
        make_entity(
            "web1",
            labels={"region": "eu", "Pass-Word": "x", "pin": "1"},
            system=System(hostname="h", os="linux", network=Network(interfaces=(NetworkInterface(name="lo"),))),
        ),
        msgspec.structs.replace(make_check("http"), metadata=NOTED),
    ),
    make_event(make_entity("web1", labels={"password": "shown", "pin": "1"}, redact=("PIN",)), make_check("http")),
    make_metrics_event(),
    Event(entity=make_entity("web1"), metadata=ObjectMeta(namespace="default", labels={"a": "b"}), timestamp=7),
)
SCOPES = [event_scope(msgspec.json.decode(encode(event))) for event in EVENTS]
KNOWN = sorted({(part, name) for scope in SCOPES for part in ("check", "entity") for name in scope.get(part, {})})
ONES = sorted({(name,) for scope in SCOPES for name in scope})
PATHS = st.frozensets(
    st.sampled_from([*KNOWN, *ONES, ("check", "nosuch"), ("check", "metadata"), ("entity", "metadata")]), max_size=4
)


@given(st.sampled_from(range(len(EVENTS))), PATHS)
def test_an_excerpt_is_what_the_scope_has(number: int, paths: frozenset[Any]) -> None:
    """Whatever fields are asked of whatever event, an excerpt holds what the scope holds, or there is none."""
    found = excerpt(encode(EVENTS[number]), paths)
    assert found is None or msgspec.json.decode(found) == fields_at(SCOPES[number], paths)


def test_the_usual_fields_are_read_directly() -> None:
    """Status, output, class and names need no more than a look into the JSON."""
    paths = frozenset({("check", "status"), ("check", "name"), ("entity", "entity_class")})
    found = excerpt(encode(EVENTS[0]), paths)
    assert found is not None
    assert msgspec.json.decode(found)["check"] == {"status": 2, "name": "http"}


def test_labels_and_systems_are_read_directly() -> None:
    """Labels, with secrets hidden, and facts about the host are read without the rest of the event."""
    paths = frozenset({("entity", "labels"), ("entity", "system"), ("check", "annotations")})
    found = excerpt(encode(EVENTS[2]), paths)
    assert found is not None
    read = msgspec.json.decode(found)
    assert read["entity"]["labels"] == {"region": "eu", "Pass-Word": "REDACTED", "pin": "1"}
    assert (read["entity"]["system"]["os"], read["entity"]["system"]["arm_version"]) == ("linux", 0)
    assert read["check"]["annotations"] == {"password": "shown"}
