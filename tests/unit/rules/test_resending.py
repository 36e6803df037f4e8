"""By what an event is recognised that an agent sends again."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.event import Event
from sensu.rules.resending import RECENT_LEAST, RECENT_MAX, RECENT_S, identity, is_recent
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event

ID = "01020304-0506-4708-890a-0b0c0d0e0f10"


def result(**fields: object) -> Event:
    check = make_check(**{"executed": 100, "issued": 100, "status": 1, "output": "hot", **fields})
    return make_event(check=check, id=ID, sequence=3, timestamp=101)


@pytest.mark.parametrize(
    "other",
    [
        result(executed=101),
        result(issued=101),
        result(status=2),
        msgspec.structs.replace(result(), timestamp=102),
        msgspec.structs.replace(result(), sequence=4),
        msgspec.structs.replace(result(), id=ID[:-1] + "1"),
        msgspec.structs.replace(result(), id=None),
    ],
    ids=["executed", "issued", "status", "timestamp", "sequence", "id", "no id"],
)
def test_another_event_is_not_taken_for_it(other: Event) -> None:
    """Events that differ in id, sequence number, times or status are different reports."""
    assert identity(result(), True) == identity(result(), True) != identity(other, True)


@pytest.mark.parametrize("spelling", [ID.upper(), "{" + ID + "}", "urn:uuid:" + ID, ID.replace("-", "")])
def test_an_id_may_be_spelled_in_any_way(spelling: str) -> None:
    """Whatever form of a UUID an event has, it is recognised in that form."""
    event = msgspec.structs.replace(result(), id=spelling)
    assert identity(event, True) == identity(event, True) != 0


@pytest.mark.parametrize(
    ("event", "acknowledged", "expected"),
    [
        (result(), False, True),
        (msgspec.structs.replace(result(), id=None), True, True),
        (msgspec.structs.replace(result(), sequence=0), True, True),
        (msgspec.structs.replace(result(), sequence=0), False, False),
        (msgspec.structs.replace(result(), sequence=0, id=None), True, True),
        (make_metrics_event(), True, True),
        (make_metrics_event(), False, False),
    ],
    ids=[
        "result",
        "failure without id",
        "local event",
        "local event, no acknowledgements",
        "refused check",
        "metrics",
        "metrics, no acknowledgements",
    ],
)
def test_what_cannot_be_told_from_a_new_report_is_one(event: Event, acknowledged: bool, expected: bool) -> None:
    """Without a sequence number an event is recognised only if its agent is told what is stored."""
    assert (identity(event, acknowledged) != 0) is expected


def test_metrics_are_told_apart_by_entity_and_points() -> None:
    """Metrics without an id are the same only if entity, times and values are."""
    one, other = make_metrics_event(), make_metrics_event(entity=make_entity("web2"))
    assert one.metrics
    points = msgspec.structs.replace(one.metrics, points=())
    assert len({identity(event, True) for event in (one, other, msgspec.structs.replace(one, metrics=points))}) == 3


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**63 - 1), st.uuids())
def test_it_fits_in_64_bits(at: int, sequence: int, uuid: object) -> None:
    """Whatever the numbers of an event are, eight bytes hold its identity."""
    event = make_event(check=make_check(executed=at, issued=at), id=str(uuid), sequence=sequence, timestamp=at)
    assert 0 <= identity(event, True) < 2**64


def test_how_far_back_is_looked() -> None:
    """Of a check the last hundred results are looked through, and of the hour before the newest many more."""
    assert is_recent(RECENT_LEAST - 1, 0, 10**9)
    assert not is_recent(RECENT_LEAST, 0, 10**9)
    assert is_recent(RECENT_MAX - 1, 10**9 - RECENT_S, 10**9)
    assert not is_recent(RECENT_MAX, 10**9, 10**9)
