import json

import msgspec
import pytest

from sensu.backend.eventd.stored_form import bodies
from sensu.resources.entity import Network, NetworkInterface, System
from sensu.resources.event import Event
from sensu.resources.wire import encode, settled
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
    _, kept = bodies(event)
    again = msgspec.json.decode(kept, type=Event)
    assert encode(settled(again)) == kept
    assert "metrics" not in json.loads(kept)


def test_handlers_get_the_event_as_it_came() -> None:
    """Handlers see points and empty lists as the sender wrote them; nothing is encoded twice without need."""
    event = make_event(check=make_check(env_vars=()), metrics=make_metrics_event().metrics)
    whole, kept = bodies(event)
    assert whole == encode(event)
    assert json.loads(whole)["check"]["env_vars"] == []
    assert json.loads(kept)["check"]["env_vars"] is None
    plain_whole, plain_kept = bodies(PLAIN)
    assert plain_whole is plain_kept
