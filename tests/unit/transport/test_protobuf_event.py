"""Events in protobuf, of which what repeats is decoded once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.resources.event import EventAroundEntity
from sensu.transport import protobuf, protobuf_event
from tests.unit.transport.test_protobuf import FULL_EVENT

EVENT = {key: value for key, value in FULL_EVENT.items() if key != "metrics"}
CHECK: dict[str, Any] = EVENT["check"]


def some_of(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sets(st.sampled_from(sorted(fields))).map(lambda names: {name: fields[name] for name in names})


RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.integers(0, 2**32 - 1),
        "executed": st.integers(-(2**63), 2**63 - 1),
        "issued": st.integers(0, 5),
        "duration": st.floats(0, 1e9),
        "output": st.text(),
        "processed_by": st.text(),
    },
)


def whole(payload: bytes) -> EventAroundEntity:
    """The event as it is read without memory."""
    return protobuf_event.decoded(EventAroundEntity, "EventAroundEntity", payload)


@given(some_of(FULL_EVENT), some_of(CHECK), st.lists(RESULTS, max_size=3))
def test_an_event_is_read_as_without_memory(around: dict[str, Any], check: dict[str, Any], results: list[Any]) -> None:
    """Any event, and any further result of its check, is read as if nothing were remembered."""
    for result in ({}, *results):
        payload = protobuf.encode("event", {**around, "check": {**check, **result}})
        assert protobuf_event.decode_event_around_entity(payload) == whole(payload)


def test_output_that_is_no_text() -> None:
    """Bytes that are not UTF-8 are replaced in output and in names, also where the check is known."""
    payload = protobuf.encode("event", {"check": {"output": "<>", "processed_by": "[]"}})
    payload = payload.replace(b"<>", b"\xff\xfe").replace(b"[]", b"\xfd\xfc")
    for _ in range(2):
        event = protobuf_event.decode_event_around_entity(payload)
        assert event == whole(payload)
        assert event.check is not None
        assert event.check.output == "\ufffd\ufffd"


def test_a_large_configuration_is_not_remembered() -> None:
    """A check whose configuration is larger than what is remembered is read as it was sent."""
    payload = protobuf.encode("event", {"check": {**CHECK, "command": "x" * 10_000}})
    before = protobuf_event._remembered.cache_info().currsize
    assert protobuf_event.decode_event_around_entity(payload) == whole(payload)
    assert protobuf_event._remembered.cache_info().currsize <= before + 1


def test_what_is_no_event_is_refused() -> None:
    """Bytes that are no event are refused."""
    with pytest.raises(InvalidResource):
        protobuf_event.decode_event_around_entity(b"{bad json")
