import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.resources import wire
from sensu.resources.entity import EntityConfig
from sensu.resources.event import Event
from sensu.transport import protobuf
from sensu.transport.codec import SHAPES
from sensu.transport.protobuf_schema import MESSAGES

FULL_EVENT: dict[str, Any] = {
    "timestamp": 1700000000,
    "id": "e18740bc-8657-4ba5-a6fb-962ba412dca4",
    "sequence": 3,
    "metadata": {"namespace": "default", "labels": {"sensu.io/x": "1"}},
    "pipelines": [{"name": "p", "type": "Pipeline", "api_version": "core/v2"}],
    "entity": {
        "entity_class": "agent",
        "metadata": {"name": "a1", "namespace": "default", "annotations": {"k": "v"}, "created_by": "admin"},
        "system": {
            "hostname": "h",
            "network": {"interfaces": [{"name": "lo", "mac": "0", "addresses": ["127.0.0.1/8"]}]},
            "arm_version": 7,
            "libc_type": "glibc",
            "processes": [{"name": "init"}],
        },
        "subscriptions": ["linux", "entity:a1"],
        "deregistration": {"handler": "h"},
        "deregister": True,
        "redact": ["password"],
        "keepalive_handlers": ["k"],
        "last_seen": 5,
    },
    "check": {
        "metadata": {"name": "c", "namespace": "default"},
        "command": "true",
        "check_hooks": [{"non-zero": ["h1", "h2"]}, {"0": ["h3"]}],
        "duration": 0.25,
        "history": [{"status": 1, "executed": 5}],
        "status": 4294967295,
        "ttl": -1,
        "hooks": [
            {
                "metadata": {"name": "h1", "namespace": "default"},
                "command": "ps",
                "timeout": 5,
                "duration": 1.5,
                "output": "x",
                "status": 2,
                "executed": 7,
            }
        ],
        "proxy_requests": {"entity_attributes": ["true"], "splay": True, "splay_coverage": 90},
        "subdue": {"days": {"monday": [{"begin": "1PM", "end": "2PM"}]}},
        "subdues": [{"begin": "a", "end": "b", "repeat": ["daily"]}],
        "secrets": [{"name": "S", "secret": "x"}],
        "output_metric_tags": [{"name": "t", "value": "v"}],
        "output_metric_thresholds": [
            {"name": "m", "tags": [{"name": "x", "value": "y"}], "thresholds": [{"min": "1", "max": "", "status": 1}]}
        ],
        "is_silenced": True,
        "silenced": ["s"],
        "processed_by": "a1",
        "pipelines": [{"name": "p", "type": "Pipeline", "api_version": "core/v2"}],
    },
    "metrics": {
        "handlers": ["h"],
        "points": [{"name": "m", "value": 1.5, "timestamp": 9, "tags": [{"name": "a", "value": "b"}]}],
    },
}

FULL_REQUEST: dict[str, Any] = {
    "config": {"metadata": {"name": "c", "namespace": "default"}, "command": "true", "interval": 10, "stdin": True},
    "assets": [{"metadata": {"name": "as"}, "builds": [{"url": "u", "sha512": "s", "headers": {"X": "y"}}]}],
    "hooks": [{"metadata": {"name": "h"}, "command": "ps", "runtime_assets": ["as"]}],
    "issued": 1700000000,
    "hook_assets": {"h": {"assets": [{"url": "u", "filters": ["true"], "headers": {"a": "b"}}]}},
    "secrets": ["A=1"],
}


@pytest.mark.parametrize(
    ("message_type", "value"), [("event", FULL_EVENT), ("keepalive", FULL_EVENT), ("check_request", FULL_REQUEST)]
)
def test_every_field_survives(message_type: str, value: dict[str, Any]) -> None:
    """What is sent in protobuf is received as it would be in JSON, in every field that both forms have."""
    there = protobuf.decode(message_type, protobuf.encode(message_type, value))
    shape: Any = SHAPES[message_type]
    assert msgspec.convert(there, shape) == msgspec.convert(value, shape)


def test_the_sentinel_is_encoded_as_recorded() -> None:
    """The configuration for an unknown agent has the bytes that agents know."""
    value = {
        "metadata": {"name": "not found", "namespace": "default"},
        "entity_class": "agent",
        "subscriptions": None,
        "deregister": False,
        "deregistration": {},
    }
    encoded = protobuf.encode("entity_config", value)
    assert base64.b64encode(encoded) == b"ChQKCW5vdCBmb3VuZBIHZGVmYXVsdBIFYWdlbnQyAA=="
    config = msgspec.convert(protobuf.decode("entity_config", encoded), EntityConfig)
    assert json.loads(wire.encode(config)) == value


def test_output_that_is_no_text_does_not_cost_the_event() -> None:
    """Bytes in texts that are not UTF-8 are replaced, and everything else arrives."""
    encoded = protobuf.encode(
        "event", {"check": {"output": "XY", "env_vars": ["XY"], "metadata": {"labels": {"XY": "XY"}}}}
    )
    check = protobuf.decode("event", encoded.replace(b"XY", b"\xff\xfe"))["check"]
    broken = "��"
    assert (check["output"], check["env_vars"], check["metadata"]["labels"]) == (broken, [broken], {broken: broken})


def test_an_id_that_is_none_is_left_out() -> None:
    """An id of the wrong length is no id, and no reason to lose the event."""
    assert protobuf.decode("event", b"\x32\x03abc") == {"id": None}


def test_unknown_fields_are_skipped() -> None:
    """A field of a newer version is ignored."""
    assert protobuf.decode("event", b"\x08\x05" + b"\xfa\x3f\x02hi") == {"timestamp": 5}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever an agent sends is an event or an InvalidResource, never another error."""
    try:
        value = protobuf.decode("event", data)
    except InvalidResource:
        return
    assert isinstance(value, dict)


@pytest.mark.parametrize("value", [{"timestamp": "x"}, {"check": {"status": -1}}, {"entity": 5}, {"id": "no uuid"}])
def test_a_value_that_does_not_fit_is_refused(value: dict[str, Any]) -> None:
    """A value that the wire has no room for is an InvalidResource."""
    with pytest.raises(InvalidResource):
        protobuf.encode("event", value)


def test_numbers_are_unique_in_each_message() -> None:
    """No two fields of a message share a number or a name."""
    for name in MESSAGES:
        fields = protobuf._fields(name)
        assert len({field.number for field in fields}) == len(fields) == len({field.name for field in fields})


def test_field_names_are_those_of_the_structs() -> None:
    """Every field of the schema is one of the struct that it is read into."""
    known = {field.encode_name for field in msgspec.structs.fields(Event)}
    assert {field.name for field in protobuf._fields("Event")} == known
