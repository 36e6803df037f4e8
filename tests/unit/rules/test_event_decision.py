from collections.abc import Sequence

import msgspec
import pytest

from sensu.resources.check import KEEPALIVE, CheckHistory
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.silenced import Silenced
from sensu.rules.check_state import CheckState, Sender, state_of
from sensu.rules.event_decision import DecidedEvent, decide, decide_late, decide_overdue
from sensu.rules.silencing import SilenceIndex
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_silence

NOW = 1_700_000_000.0


class Reported(msgspec.Struct, frozen=True):
    event: Event
    sender: Sender | None = None
    merge: bool = True
    due_after_s: float | None = None
    entity_json: msgspec.Raw | None = None


class Backend:
    """What decisions ask about, with nothing behind it but memory."""

    def __init__(self, silences: Sequence[Silenced] = (), entities: Sequence[Entity] = (), handlers: str = "") -> None:
        self.index, self.handlers = SilenceIndex(silences), handlers.split()
        self.entities = {entity.metadata.name: entity for entity in entities}
        self.ended: list[str] = []

    def entity(self, namespace: str, name: str) -> Entity | None:
        return self.entities.get(name)

    def silences(self, namespace: str) -> SilenceIndex:
        return self.index

    def is_ended(self, namespace: str, silence: str) -> bool:
        return silence in self.ended

    def has_handler(self, namespace: str, name: str) -> bool:
        return name in self.handlers


def replayed(backend: Backend, *events: Event) -> list[DecidedEvent]:
    """The decisions about events of one check, each from the state that the one before left."""
    decided: list[DecidedEvent] = []
    for event in events:
        previous = decided[-1].state if decided else None
        decided.append(decide(Reported(event), previous, backend, NOW))
    return decided


def results(*statuses: int, **fields: object) -> list[Event]:
    return [make_event(check=make_check(status=status, executed=at, **fields)) for at, status in enumerate(statuses)]


def test_a_series_of_results_can_be_decided_without_a_backend() -> None:
    """Occurrences, changes and what handlers receive follow from the results alone."""
    found = replayed(Backend(), *results(0, 2, 2, 0, handlers=("slack",), ttl=90))

    assert [one.state.occurrences for one in found] == [1, 1, 2, 1]
    assert [one.changed for one in found] == [True, True, False, True]
    assert [one.handled is one.event for one in found] == [True] * 4
    assert [one.due_after_s for one in found] == [90] * 4


def test_a_silence_ends_with_the_result_that_resolves_the_incident() -> None:
    """The resolving event is still silenced, names the silence no longer, and says which one ends."""
    silence = make_silence(check="http", expire_on_resolve=True)
    failing, passing = replayed(Backend([silence]), *results(2, 0))

    assert failing.event.check is not None
    assert passing.event.check is not None
    assert (failing.event.check.silenced, list(failing.ended_silences)) == (("*:http",), [])
    assert (passing.event.check.silenced, passing.event.check.is_silenced) == ((), True)
    assert list(passing.ended_silences) == ["*:http"]


def test_a_silence_that_ended_before_is_not_applied_again() -> None:
    """Of events that are decided together, only those up to the resolution are silenced."""
    backend = Backend([make_silence(check="http", expire_on_resolve=True)])
    backend.ended.append("*:http")

    [found] = replayed(backend, *results(2))

    assert found.event.check is not None
    assert not found.event.check.is_silenced


def test_an_event_of_an_unknown_proxy_creates_its_entity() -> None:
    """The entity is created once: a backend that knows it has nothing to create."""
    event = make_event(check=make_check(proxy_entity_name="router"))

    [found] = replayed(Backend(), event)

    assert found.new_entity is not None
    assert found.new_entity.entity_class == PROXY_CLASS
    [again] = replayed(Backend(entities=[found.new_entity]), event)
    assert again.new_entity is None
    assert again.event.entity == found.new_entity


@pytest.mark.parametrize(("handlers", "expected"), [("", [True, False]), ("keepalive", [True, True])])
def test_a_passing_keepalive_is_handled_if_a_handler_exists(handlers: str, expected: list[bool]) -> None:
    """The first keepalive is always handled; those after it only if one of their handlers exists."""
    beat = make_event(check=make_check(KEEPALIVE, handlers=(KEEPALIVE,)))

    found = replayed(Backend(handlers=handlers), beat, beat)

    assert [one.handled is not None for one in found] == expected


def test_a_late_result_enters_the_history_and_only_its_metrics_are_handled() -> None:
    """The stored state stays, and the handlers of the check receive nothing old."""
    first, second = results(0, 2, handlers=("slack",))
    stored = replayed(Backend(), second)[-1]
    late = msgspec.structs.replace(first, metrics=make_metrics_event().metrics)

    found = decide_late(Reported(late), stored.event, stored.state, Backend(), NOW)

    assert found.event.check is not None
    assert (found.event.check.status, [one.status for one in found.event.check.history or ()]) == (2, [0, 2])
    assert found.handled is not None
    assert found.handled.check is not None
    assert found.handled.check.handlers == ()
    assert not found.changed


@pytest.mark.parametrize(
    ("keepalive", "due_after_s", "expected"),
    [
        (None, None, None),
        ((CheckHistory(status=0, executed=0),), 60.0, None),
        ((CheckHistory(status=1, executed=0),), 60.0, 90.0),
        ((CheckHistory(status=0, executed=0),), 1.0, 3.0),
    ],
    ids=["no agent", "connected", "keepalive missing", "keepalive about to be missing"],
)
def test_an_expired_ttl_is_a_failure_unless_the_agent_is_disconnected(keepalive, due_after_s, expected) -> None:
    """While the keepalive of the agent is missing, its checks are not reported as failed too."""
    stored = make_event(check=make_check(ttl=90))
    state = None if keepalive is None else CheckState(status=keepalive[-1].status, history=keepalive)

    found = decide_overdue(stored, make_entity(), state, due_after_s, NOW)

    if expected is not None:
        assert found == expected
    else:
        assert isinstance(found, Event)
        assert state_of(found).status == 1
