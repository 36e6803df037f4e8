from sensu.backend.eventd.states import States
from sensu.rules.check_state import CheckState
from sensu.store.values import EventKey


def key(number: int) -> EventKey:
    return EventKey("default", "web1", str(number))


def test_the_oldest_states_are_forgotten_first() -> None:
    """Memory holds no more than its bound, and keeps what was written last."""
    states = States(states_max=3)
    for number in (1, 2, 3, 1, 4):
        states.put(key(number), CheckState(status=number))
    assert len(states) == 3
    assert key(2) not in states
    assert [states.get(key(number)) is None for number in (1, 3, 4)] == [False] * 3


def test_an_event_that_does_not_exist_is_known_as_such() -> None:
    """No state is not the same as an unknown one."""
    states = States()
    states.put(key(1), None)
    assert key(1) in states
    assert states.get(key(1)) is None
    states.forget(key(1))
    assert key(1) not in states
