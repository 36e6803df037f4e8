import json

import msgspec
import pytest

from sensu.backend.eventd.event_json import delivery_json, stored_json
from sensu.resources.entity import Network, NetworkInterface, System
from sensu.resources.event import Event
from sensu.resources.wire import canonical, encode
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event

PLAIN = make_event()


@pytest.mark.parametrize(
    "event",
    [
        PLAIN,
        make_event(check=make_check(duration=0.0)),
        make_event(check=make_check(env_vars=(), check_hooks=())),
        make_event(check=make_check(history=())),
        make_event(make_entity(system=System(network=Network(interfaces=())))),
        make_event(make_entity(system=System(network=Network(interfaces=(NetworkInterface(addresses=()),))))),
        make_event(make_entity(system=System(processes=()))),
        make_event(pipelines=()),
        make_event(metrics=make_metrics_event().metrics),
        make_event(check=make_check(output="0123456789", max_output_size=3)),
    ],
)
def test_the_stored_form_is_the_settled_one(event: Event) -> None:
    """Whatever empty lists an event has, what is stored reads like any stored resource and has no points."""
    kept = stored_json(event)
    again = msgspec.json.decode(kept, type=Event)
    assert encode(canonical(again)) == kept
    assert "metrics" not in json.loads(kept)


def test_what_is_stored_does_not_change_what_handlers_get() -> None:
    """Handlers get an event whole and as it was sent."""
    event = make_event(check=make_check(env_vars=(), output="long", max_output_size=1), pipelines=())
    stored_json(event)
    assert delivery_json(event) == encode(event)


def test_the_known_json_of_an_entity_is_used_as_it_is() -> None:
    """An entity whose JSON is known is not written anew, neither for the store nor for handlers."""
    assert PLAIN.entity is not None
    known = msgspec.Raw(encode(PLAIN.entity))
    assert stored_json(PLAIN, known) == stored_json(PLAIN)
    assert delivery_json(PLAIN, known) == delivery_json(PLAIN)
    assert b'"entity":{"known":1}' in stored_json(PLAIN, msgspec.Raw(b'{"known":1}'))
