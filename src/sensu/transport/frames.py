"""The messages of the agent protocol: `<type>\\n<payload>`, each in one WebSocket message.

Agents send `event` and `keepalive` (an Event), backends `entity_config` (an EntityConfig) and `check_request` (a
CheckRequest). `extensions` and `ack` are extensions of this project, used only if both sides support them (see
`sensu.transport.acknowledgement`).
Source: recorded scenarios frames-events, frames-bad.
"""

from typing import NamedTuple

EVENT = "event"
KEEPALIVE = "keepalive"
ENTITY_CONFIG = "entity_config"
CHECK_REQUEST = "check_request"
EXTENSIONS = "extensions"
ACK = "ack"

FRAME_BYTES_MAX = 8 * 1024 * 1024
"""The largest accepted message; a longer one ends the session with close code 1009."""

TYPE_BYTES_MAX = 64


class Message(NamedTuple):
    """A parsed message."""

    type: str
    payload: bytes


def build(message_type: str, payload: bytes) -> bytes:
    """The bytes of a message."""
    return b"%b\n%b" % (message_type.encode(), payload)


def parse(data: bytes) -> Message | None:
    """The parts of a message, or None if it has no newline, which ends the session.

    Unknown types are returned unchanged: they do not end the session.
    """
    head, newline, payload = data.partition(b"\n")
    if not newline:
        return None
    return Message(head[:TYPE_BYTES_MAX].decode("utf-8", "replace"), payload)
