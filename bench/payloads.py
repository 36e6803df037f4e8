"""The messages of the generators: events of about 2 KB in JSON, as WebSocket frames and HTTP requests.

A template is a whole message with placeholders; filling it costs about a microsecond.
"""

import struct
import uuid

from msgspec.structs import replace

from sensu.resources import wire
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.entity import DEFAULT_REDACT, Entity, Network, NetworkInterface, System
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.transport import codec, frames
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE

CODECS = {"json": JSON_TYPE, "protobuf": PROTOBUF_TYPE}
SEQUENCE_FIRST = 1_000_000_000
"""The numbers that change have a fixed number of digits (bytes in protobuf), so that messages keep their length."""
_AT, _SEQUENCE, _ID = 1_799_999_999, 1_888_888_888, "01234567-89ab-4def-8123-456789abcdef"
_INTERFACES = (
    NetworkInterface(name="lo", addresses=("127.0.0.1/8", "::1/128")),
    NetworkInterface(name="eth0", mac="02:fc:00:00:00:01", addresses=("192.0.2.2/24", "fd00::2/64", "fe80::1/64")),
    NetworkInterface(name="eth1", mac="02:fc:00:00:00:02", addresses=("198.51.100.7/24", "fe80::2/64")),
)


def agent_name(number: int) -> str:
    """The name of a simulated agent."""
    return f"bench-{number:05}"


def make_event(agent: str, check: str, handlers: tuple[str, ...] = ()) -> Event:
    """A passing result with facts about a host and 300 bytes of output, as agents send it."""
    system = System(
        hostname=agent,
        os="linux",
        platform="debian",
        platform_family="debian",
        platform_version="12.11",
        network=Network(interfaces=_INTERFACES),
        arch="amd64",
        libc_type="glibc",
        vm_role="guest",
    )
    entity = Entity(
        entity_class="agent",
        system=system,
        subscriptions=("bench", f"entity:{agent}"),
        last_seen=_AT,
        user="agent",
        redact=DEFAULT_REDACT,
        metadata=ObjectMeta(name=agent, namespace="default"),
        sensu_agent_version="6.9.2",
    )
    result = Check(
        command="check-cpu -w 75 -c 90",
        handlers=handlers,
        interval=60,
        publish=True,
        subscriptions=("bench",),
        duration=0.00129,
        executed=_AT,
        issued=_AT,
        output="OK: all is well and nothing has to be done here\n" * 6,
        metadata=ObjectMeta(name=check, namespace="default"),
        processed_by=agent,
    )
    metadata = ObjectMeta(namespace="default")
    return Event(result, entity, _ID, metadata, pipelines=(), sequence=_SEQUENCE, timestamp=_AT)


def keepalive(codec_name: str, agent: str, at: int, interval_s: int) -> bytes:
    """The frame of a keepalive."""
    event = make_event(agent, KEEPALIVE)
    check = Check(interval=interval_s, timeout=120, metadata=ObjectMeta(name=KEEPALIVE, namespace="default"))
    event = Event(check, event.entity, str(uuid.uuid4()), event.metadata, sequence=2, timestamp=at)
    encoder = codec.for_content_type(CODECS[codec_name])
    return _frame(frames.build(frames.KEEPALIVE, encoder.encode(frames.KEEPALIVE, event)))


class EventTemplate:
    """The frame of an event, with placeholders for a time, a number and an id."""

    def __init__(self, codec_name: str, agent: str, check: str, handlers: tuple[str, ...] = ()) -> None:
        self._protobuf = codec_name == "protobuf"
        encoder = codec.for_content_type(CODECS[codec_name])
        payload = encoder.encode(frames.EVENT, make_event(agent, check, handlers))
        self._template = _frame(frames.build(frames.EVENT, payload)).replace(b"%", b"%%")
        for name, mark in ((b"at", self._number(_AT)), (b"sequence", self._number(_SEQUENCE)), (b"id", self._id(_ID))):
            assert mark in self._template
            self._template = self._template.replace(mark, b"%%(%b)b" % name)

    def frame(self, at: int, number: int, event_id: str) -> bytes:
        """The frame; `number` counts from 0, `at` is in Unix seconds."""
        sequence = self._number(SEQUENCE_FIRST + number)
        return self._template % {b"at": self._number(at), b"sequence": sequence, b"id": self._id(event_id)}

    def _number(self, value: int) -> bytes:
        return _varint(value) if self._protobuf else b"%d" % value

    def _id(self, text: str) -> bytes:
        return uuid.UUID(text).bytes if self._protobuf else text.encode()


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _frame(message: bytes) -> bytes:
    """A client's binary WebSocket frame; its mask is zero, which costs the sender nothing."""
    size = len(message)
    length = struct.pack("!BH", 254, size) if size < 65536 else struct.pack("!BQ", 255, size)
    return b"\x82" + length + bytes(4) + message


def event_body(agent: str, check: str) -> bytes:
    """The JSON of an event for the API, without an id."""
    event = make_event(agent, check)
    return wire.encode(Event(event.check, event.entity, None, event.metadata)).replace(b"%d" % _AT, b"%(at)d")


def entity_body(agent: str, namespace: str) -> bytes:
    """The JSON of an agent's entity for the API."""
    entity = make_event(agent, "http").entity
    assert entity is not None
    return wire.encode(replace(entity, metadata=ObjectMeta(name=agent, namespace=namespace)))
