import json

import msgspec
import pytest

from sensu.backend.eventd.stored_form import kept_of
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
    kept = encode(kept_of(event))
    again = msgspec.json.decode(kept, type=Event)
    assert encode(settled(again)) == kept
    assert "metrics" not in json.loads(kept)


def test_an_event_without_empty_lists_is_stored_as_it_is() -> None:
    """Nothing is copied without need, and what must differ does not change what handlers get."""
    assert kept_of(PLAIN) is PLAIN
    event = make_event(check=make_check(env_vars=()), metrics=make_metrics_event().metrics)
    kept = kept_of(event)
    assert event.check is not None
    assert kept.check is not None
    assert (event.check.env_vars, kept.check.env_vars) == ((), None)
