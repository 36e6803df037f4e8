"""Reads events in protobuf, most of which repeat everything but a few fields.

The configuration of a check and the metadata around it are the same in event after event, also of different agents.
What is left of a message without the fields that change is decoded once for the same bytes.
"""

from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from sensu.errors import InvalidResource
from sensu.resources import wire
from sensu.resources.check import Check
from sensu.resources.event import EventAroundEntity
from sensu.transport import protobuf

T = TypeVar("T")

REMEMBERED_MAX = 4096
REMEMBERED_BYTES_MAX = 4096
"""The maximum number and size of the messages that are remembered, without the fields that change."""

_CHANGING = ("duration", "executed", "issued", "output", "processed_by", "status")
_EVENT = "EventAroundEntity"


def decode_event_around_entity(payload: bytes) -> EventAroundEntity:
    """The event with its entity as undecoded bytes; raises InvalidResource."""
    message = protobuf.parsed(_EVENT, payload)
    if not message.HasField("check") or message.HasField("metrics"):
        return decoded(EventAroundEntity, _EVENT, payload)
    check = message.check
    result = {
        "duration": check.duration or 0,
        "executed": check.executed,
        "issued": check.issued,
        "output": protobuf.text(check.output),
        "processed_by": protobuf.text(check.processed_by),
        "status": check.status,
    }
    around = {
        "entity": msgspec.Raw(message.entity),
        "id": protobuf.uuid_text(message.id),
        "sequence": message.sequence,
        "timestamp": message.timestamp,
    }
    for name in _CHANGING:
        check.ClearField(name)
    check = msgspec.structs.replace(_rest(Check, "Check", check), **result)
    for name in ("check", *around):
        message.ClearField(name)
    return msgspec.structs.replace(_rest(EventAroundEntity, _EVENT, message), check=check, **around)


def decoded(shape: type[T], name: str, data: bytes | msgspec.Raw) -> T:
    """A struct from a message of the schema, given its name; raises InvalidResource."""
    try:
        return msgspec.convert(protobuf.decode_message(name, data), shape)
    except msgspec.ValidationError as err:
        raise InvalidResource(wire.explain(err)) from err


def _rest(shape: type[T], name: str, message: Any) -> T:
    """What a message says in the fields that are left."""
    data: bytes = message.SerializePartialToString()
    return _remembered(shape, name, data) if len(data) <= REMEMBERED_BYTES_MAX else decoded(shape, name, data)


_remembered: Any = lru_cache(REMEMBERED_MAX)(decoded)
