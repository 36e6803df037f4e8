"""Payloads of the agent protocol to structs and back, in the two forms that sides agree on.

Source: recorded scenarios frames-events, frames-bad, protobuf.
"""

from importlib import import_module
from typing import Any, Protocol, TypeVar

import msgspec

from sensu.errors import InvalidResource
from sensu.resources import wire
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import EntityConfig
from sensu.resources.event import Event, EventAroundEntity
from sensu.transport import frames
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE

T = TypeVar("T")

_DIGITS_MAX = 18
_ZERO = ord("0")

SHAPES: dict[str, type[Event] | type[CheckRequest] | type[EntityConfig]] = {
    frames.EVENT: Event,
    frames.KEEPALIVE: Event,
    frames.CHECK_REQUEST: CheckRequest,
    frames.ENTITY_CONFIG: EntityConfig,
}
"""What the payload of each message type holds."""


class Codec(Protocol):
    """One form of payloads."""

    content_type: str

    def decode_event(self, payload: bytes) -> Event:
        """The event in an `event` or `keepalive` message; raises InvalidResource."""
        ...

    def decode_event_around_entity(self, payload: bytes) -> EventAroundEntity:
        """The event with its entity left as bytes; raises InvalidResource, also where only `decode_event` can tell."""
        ...

    def last_seen(self, value: int) -> tuple[bytes, bytes]:
        """How `last_seen` stands in an entity's bytes: its key and its value."""
        ...

    def read_last_seen(self, value: bytes) -> int | None:
        """The value of `last_seen` from its bytes, None where they are no such value."""
        ...

    def decode_check_request(self, payload: bytes) -> CheckRequest:
        """The request in a `check_request` message; raises InvalidResource."""
        ...

    def decode_entity_config(self, payload: bytes) -> EntityConfig:
        """The configuration in an `entity_config` message; raises InvalidResource."""
        ...

    def encode(self, message_type: str, value: Event | CheckRequest | EntityConfig) -> bytes:
        """The payload of a message of that type."""
        ...


class _JSONCodec:
    """Read strictly, which is quick, and leniently where that fails."""

    content_type = JSON_TYPE

    def decode_event(self, payload: bytes) -> Event:
        return _from_json(Event, payload)

    def decode_event_around_entity(self, payload: bytes) -> EventAroundEntity:
        return wire.decode(EventAroundEntity, payload)

    def last_seen(self, value: int) -> tuple[bytes, bytes]:
        return b'"last_seen":', b"%d" % value

    def read_last_seen(self, value: bytes) -> int | None:
        plain = value.isdigit() and len(value) <= _DIGITS_MAX and (value[0] != _ZERO or len(value) == 1)
        return int(value) if plain else None

    def decode_check_request(self, payload: bytes) -> CheckRequest:
        return _from_json(CheckRequest, payload)

    def decode_entity_config(self, payload: bytes) -> EntityConfig:
        return _from_json(EntityConfig, payload)

    def encode(self, message_type: str, value: Event | CheckRequest | EntityConfig) -> bytes:
        return wire.encode(value)


def _from_json(shape: type[T], payload: bytes) -> T:
    try:
        return wire.decode(shape, payload)
    except InvalidResource:
        return wire.decode_client(shape, payload)


class _ProtobufCodec:
    """Through `sensu.transport.protobuf`, which is loaded with the first payload."""

    content_type = PROTOBUF_TYPE

    def decode_event(self, payload: bytes) -> Event:
        return _from_protobuf(Event, "Event", payload)

    def decode_event_around_entity(self, payload: bytes) -> EventAroundEntity:
        return _from_protobuf(EventAroundEntity, "EventAroundEntity", payload)

    def last_seen(self, value: int) -> tuple[bytes, bytes]:
        found: tuple[bytes, bytes] = _protobuf().number("Entity", "last_seen", value)
        return found

    def read_last_seen(self, value: bytes) -> int | None:
        found: int | None = _protobuf().read_number(value)
        return found

    def decode_check_request(self, payload: bytes) -> CheckRequest:
        return _from_protobuf(CheckRequest, "CheckRequest", payload)

    def decode_entity_config(self, payload: bytes) -> EntityConfig:
        return _from_protobuf(EntityConfig, "EntityConfig", payload)

    def encode(self, message_type: str, value: Event | CheckRequest | EntityConfig) -> bytes:
        encoded: bytes = _protobuf().encode(message_type, msgspec.to_builtins(value))
        return encoded


def _protobuf() -> Any:
    return import_module("sensu.transport.protobuf")


def _from_protobuf(shape: type[T], message: str, data: bytes | msgspec.Raw) -> T:
    try:
        return msgspec.convert(_protobuf().decode_message(message, data), shape)
    except msgspec.ValidationError as err:
        raise InvalidResource(wire.explain(err)) from err


JSON: Codec = _JSONCodec()
PROTOBUF: Codec = _ProtobufCodec()


def for_content_type(content_type: str) -> Codec:
    """The codec that an agreement names."""
    return PROTOBUF if content_type == PROTOBUF_TYPE else JSON
