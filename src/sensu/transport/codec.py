"""Encodes and decodes payloads of the agent protocol, as JSON and as protobuf.

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
"""The struct in the payload of each message type."""


class Codec(Protocol):
    """An encoding of payloads."""

    content_type: str

    def decode_event(self, payload: bytes) -> Event:
        """The event in an `event` or `keepalive` message; raises InvalidResource."""
        ...

    def decode_event_around_entity(self, payload: bytes) -> EventAroundEntity:
        """The event with its entity as undecoded bytes; raises InvalidResource, also if it needs `decode_event`."""
        ...

    def last_seen(self, value: int) -> tuple[bytes, bytes]:
        """The encoded key and value of `last_seen` in an entity."""
        ...

    def read_last_seen(self, value: bytes) -> int | None:
        """The value of `last_seen` from its bytes, or None if they are not a valid value."""
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
    """JSON: decodes strictly, which is fast, and leniently if that fails."""

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
    """Protobuf; `sensu.transport.protobuf` is imported for the first payload."""

    content_type = PROTOBUF_TYPE

    def decode_event(self, payload: bytes) -> Event:
        return _from_protobuf(Event, "Event", payload)

    def decode_event_around_entity(self, payload: bytes) -> EventAroundEntity:
        event: EventAroundEntity = _protobuf_event().decode_event_around_entity(payload)
        return event

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


def _protobuf_event() -> Any:
    return import_module("sensu.transport.protobuf_event")


def _from_protobuf(shape: type[T], message: str, data: bytes | msgspec.Raw) -> T:
    decoded: T = _protobuf_event().decoded(shape, message, data)
    return decoded


JSON: Codec = _JSONCodec()
PROTOBUF: Codec = _ProtobufCodec()


def for_content_type(content_type: str) -> Codec:
    """The codec for a media type."""
    return PROTOBUF if content_type == PROTOBUF_TYPE else JSON
