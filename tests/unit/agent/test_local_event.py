import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.agent.local_event import USED_IDS_MAX, Incomplete, UsedIds, completed, from_check_result
from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import Metrics

OWN = Entity(entity_class="agent", metadata=ObjectMeta(name="web1", namespace="ops"))


def event(check: Check | None = None, entity: str = "", **fields: object) -> Event:
    about = Entity(metadata=ObjectMeta(name=entity)) if entity else None
    return Event(check=check, entity=about, **fields)  # type: ignore[arg-type]


def named(name: str = "c", **fields: object) -> Check:
    return Check(metadata=ObjectMeta(name=name), **fields)  # type: ignore[arg-type]


def test_what_the_agent_fills_in() -> None:
    """An event gets the agent's entity, an id, times, an interval and the namespace."""
    done = completed(event(named()), OWN, 100.5)
    assert done.check is not None
    assert (done.check.interval, done.check.executed, done.check.processed_by) == (1, 100, "web1")
    assert (done.check.metadata.namespace, done.metadata.namespace, done.timestamp) == ("ops", "ops", 100)
    assert done.entity is OWN
    assert done.id


def test_what_the_sender_says_is_kept() -> None:
    """Times and interval of the sender stand."""
    done = completed(event(named(interval=30, executed=5), timestamp=7), OWN, 100)
    assert done.check is not None
    assert (done.check.interval, done.check.executed, done.timestamp) == (30, 5, 7)


def test_events_about_other_entities() -> None:
    """Another entity's name makes the check one of that proxy entity."""
    done = completed(event(named(proxy_entity_name="else"), entity="router"), OWN, 0)
    own = completed(event(named(), entity="web1"), OWN, 0)
    assert done.check is not None
    assert own.check is not None
    assert (done.check.proxy_entity_name, own.check.proxy_entity_name) == ("router", "")


@pytest.mark.parametrize(
    ("given_event", "why"),
    [
        (event(), "at least check or metrics need to be instantiated for this event"),
        (event(Check()), "check name must not be empty"),
        (event(named(ttl=3)), "minimum ttl is 5 seconds"),
        (event(named(ttl=20, interval=30)), "ttl must be greater than check interval"),
    ],
)
def test_refused_events(given_event: Event, why: str) -> None:
    """An event that breaks a rule is refused in the recorded words."""
    with pytest.raises(InvalidResource) as caught:
        completed(given_event, OWN, 0)
    assert str(caught.value) == why


def test_metrics_alone_are_an_event() -> None:
    """An event may hold metrics and no check."""
    assert completed(event(metrics=Metrics()), OWN, 0).check is None


def test_check_results_of_old_clients() -> None:
    """A check result of a Sensu 1.x client becomes an event, `handlers` before `handler`, `source` a proxy entity."""
    done = from_check_result(
        b'{"name":"a","output":"o","status":1,"handler":"x","handlers":["y"],"source":"r","subscribers":["s"]}', OWN, 9
    )
    assert done.check is not None
    assert (done.check.status, done.check.handlers, done.check.subscriptions) == (1, ("y",), ("s",))
    assert (done.check.proxy_entity_name, done.check.executed) == ("r", 9)


@pytest.mark.parametrize("text", [b'{"output":"o"}', b'{"name":"a"}', b'{"name":"a b","output":"o"}', b"null"])
def test_results_that_lack_something(text: bytes) -> None:
    """A result without name or output, or with a bad name, is told apart from what is no result."""
    with pytest.raises(Incomplete):
        from_check_result(text, OWN, 0)


@pytest.mark.parametrize("more", [',"status":-1}', ',"interval":4294967296}', "} {}", "", ',"handler":[]}'])
def test_what_is_no_result(more: str) -> None:
    """What cannot be read as one result, with numbers that a check may hold, is none."""
    for text in ('{"name":"a","output":"o"' + more, "[]"):
        with pytest.raises(InvalidResource) as caught:
            from_check_result(text.encode(), OWN, 0)
        assert not isinstance(caught.value, Incomplete)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_datagram_is_survived(data: bytes) -> None:
    """Whatever comes in is an event or is refused."""
    try:
        done = from_check_result(data, OWN, 0)
    except InvalidResource:
        return
    assert done.check is not None


def test_an_id_that_is_used_again_is_replaced() -> None:
    """Each post is a report of its own, also with the id of an earlier one, so that a backend counts it."""
    ids, chosen = UsedIds(), "7B0C1F52-3c58-4d8e-9f0e-1f4b6a9d2c11"
    done = [completed(ids.unused(event(named(), id=text)), OWN, 0).id for text in (chosen, chosen, chosen.lower())]
    assert done[0] == chosen
    assert len({*done}) == 3


def test_so_many_ids_are_remembered() -> None:
    """The ids that programs choose do not take ever more memory."""
    ids = UsedIds()
    for number in range(USED_IDS_MAX + 10):
        ids.unused(event(named(), id=f"{number:032x}"))
    assert len(ids._used) == USED_IDS_MAX
