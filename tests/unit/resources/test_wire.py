"""How resources stand in JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.resources.check import Check, CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import STORED_TYPES
from sensu.resources.metadata import PipelineReference
from sensu.resources.wire import (
    canonical,
    convert_client,
    decode,
    decode_client,
    encode,
    explain_unknown_fields,
    parse_json,
    parse_whole_json,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


def as_json(value: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(encode(value))
    return found


def test_an_empty_check_shows_what_is_always_shown_and_nothing_else() -> None:
    """Fields that clients rely on are there even when empty; optional ones are not."""
    shown = as_json(CheckConfig())
    assert shown["handlers"] == []
    assert shown["runtime_assets"] is None
    assert (shown["interval"], shown["publish"], shown["proxy_entity_name"]) == (0, False, "")
    assert not {"command", "cron", "subdues", "max_output_size", "discard_output", "proxy_requests"} & shown.keys()


def test_an_empty_entity_shows_its_nested_empties() -> None:
    """An entity without facts still has its system and network."""
    assert as_json(Entity())["system"] == {
        "network": {"interfaces": None},
        "libc_type": "",
        "vm_system": "",
        "vm_role": "",
        "cloud_provider": "",
        "processes": None,
    }


def test_clients_may_write_keys_in_any_case_and_nulls_and_unknown_keys() -> None:
    """What a client sends is read as leniently as the reference reads it: the last of equal keys counts."""
    body = (
        b'{"Interval": 5, "interval": 6, "HANDLERS": null, "nosuch": 1, "metadata": {"Name": "c", "labels": null}} tail'
    )
    check = decode_client(CheckConfig, body)
    assert (check.interval, check.handlers, check.metadata.name, check.metadata.labels) == (6, (), "c", {})


def test_null_in_a_list_or_a_map_stands_for_an_empty_item() -> None:
    """Clients that send null for an empty text or object within a list or map are understood."""
    body = b'{"handlers": [null, "h"], "pipelines": [null], "metadata": {"labels": {"a": null}}}'
    check = decode_client(CheckConfig, body)
    assert (check.handlers, check.pipelines, check.metadata.labels) == (("", "h"), (PipelineReference(),), {"a": ""})


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (rb'{"command": "a\ud800b"}', "a\ufffdb"),
        (rb'{"command": "\udc00\ud83d\ude00"}', "\ufffd\U0001f600"),
        (rb'{"command": "\\ud800"}', "\\ud800"),
        (b'{"command": "caf\xe9"}', "caf\ufffd"),
    ],
)
def test_what_is_no_character_becomes_the_replacement_character(body: bytes, command: str) -> None:
    """Half a surrogate pair or a byte that is no UTF-8 spoils one character, not the request or the store."""
    check = decode_client(CheckConfig, body)
    assert check.command == command
    assert decode(CheckConfig, encode(check)) == check


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"interval": "x"}', "interval: expected int, got str"),
        (b'{"interval": -1}', "interval: expected int >= 0"),
        (b'{"interval": 1.5}', "interval: expected int, got float"),
        (b'{"interval": 4294967296}', "interval: expected int <= 4294967295"),
        (b'{"metadata": {"labels": {"a": 1}}}', "metadata.labels[...]: expected str, got int"),
        (b"[]", "the body must be a JSON object, not a list"),
        (b"null", "the body must be a JSON object, not null"),
        (b"", "EOF"),
        (b"{", "the body is not valid JSON"),
        (b'{"a": NaN}', "the body is not valid JSON"),
        (b"[" * 100_000, "the body is not valid JSON"),
        (b"\xff", "the body is not valid JSON"),
    ],
)
def test_a_bad_body_is_refused_with_the_field_and_the_rule(body: bytes, message: str) -> None:
    """Whoever sends nonsense reads which field is wrong and why."""
    with pytest.raises(InvalidResource) as raised:
        decode_client(CheckConfig, body)
    assert str(raised.value).startswith(message)


@given(JSON, st.sampled_from([kind.shape for kind in STORED_TYPES]))
def test_no_body_crashes_the_reader(value: object, shape: type) -> None:
    """Any JSON is read as a resource that survives being stored and read again, or refused with a reason."""
    try:
        resource = convert_client(shape, value)
    except InvalidResource as err:
        assert str(err)
        return
    kept = canonical(resource)
    assert canonical(kept) == kept
    assert decode(shape, encode(kept)) == kept


def test_a_pipeline_named_in_a_check_is_completed() -> None:
    """A check may name a pipeline by its name alone."""
    check = decode_client(CheckConfig, b'{"pipelines": [{"name": "p"}]}')
    assert as_json(check)["pipelines"] == [{"name": "p", "type": "Pipeline", "api_version": "core/v2"}]


def test_a_store_keeps_null_for_an_empty_list_that_may_be_null() -> None:
    """An empty list that a client sends is null when it is read again, at every depth; other lists stay lists."""
    body = b'{"env_vars": [], "handlers": [], "proxy_requests": {"entity_attributes": []}, "check_hooks": []}'
    kept = as_json(canonical(decode_client(CheckConfig, body)))
    assert (kept["env_vars"], kept["handlers"], kept["check_hooks"]) == (None, [], None)
    assert kept["proxy_requests"] == {"entity_attributes": None, "splay": False, "splay_coverage": 0}


def test_a_window_of_time_without_days_shows_its_empty_days() -> None:
    """A filter's window always says which days it has, even none."""
    assert as_json(decode_client(EventFilter, b'{"when": {}}'))["when"] == {"days": {}}


def test_a_duration_of_nought_is_left_out_however_it_is_written() -> None:
    """0 and 0.0 seconds are both no duration."""
    for body in (b'{"duration": 0}', b'{"duration": 0.0}'):
        assert "duration" not in as_json(canonical(decode_client(Check, body)))


def test_a_canonical_resource_is_not_copied() -> None:
    """An event that is canonical already is the same object afterwards."""
    event = decode(Event, b'{"check": {"handlers": ["h"]}, "entity": {"subscriptions": ["a"]}}')
    assert canonical(event) is event


def test_unknown_fields_are_named() -> None:
    """Whoever mistypes a field is told which one is unknown."""
    assert explain_unknown_fields(CheckConfig, {"Command": "x", "intervall": 5}) == ["intervall"]


def test_unknown_fields_within_objects_and_lists_are_named_with_their_path() -> None:
    """A mistake deep in a resource is found as well as one on its first level."""
    sent = {
        "proxy_requests": {"splay": True, "splay_cover": 9},
        "pipelines": [{"name": "a"}, {"nmae": "b"}],
        "metadata": {"labels": {"any": "thing"}, "owner": "x"},
        "check_hooks": [{"critical": ["h"]}],
    }
    found = explain_unknown_fields(CheckConfig, sent)
    assert found == ["proxy_requests.splay_cover", "pipelines[1].nmae", "metadata.owner"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"a\xff\xfeb"', "a\ufffd\ufffdb"),
        (b'{"\\ud800": ["\\udc00x", "\\ud83d\\ude00"]}', {"\ufffd": ["\ufffdx", "\U0001f600"]}),
        (b'"a" "b"', "a"),
    ],
)
def test_json_that_is_not_quite_right(data: bytes, value: object) -> None:
    """Text that is no Unicode is read as far as it is; what follows the first value does not count."""
    assert parse_json(data) == value
    encode(parse_json(data))


@pytest.mark.parametrize("data", [b"1e400", b"NaN", b"", b"{", b"[" * 100_000])
def test_json_that_is_none(data: bytes) -> None:
    """A number that no field can hold, and what is cut off, is refused."""
    with pytest.raises(InvalidResource):
        parse_json(data)


def test_a_value_and_nothing_else() -> None:
    """Where a document is to be one value, anything behind it is refused."""
    assert parse_whole_json(b" {} \n") == {}
    with pytest.raises(InvalidResource):
        parse_whole_json(b"{} {}")
