"""The messages of the agent protocol: `<type>\\n<payload>`, one to a WebSocket message.

Agents send `event` and `keepalive` (an Event), backends `entity_config` (an EntityConfig) and `check_request` (a
CheckRequest). `extensions` and `ack` are ours, and only sent to those who know them (see
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
"""The largest message that a side takes; a longer one ends the session with close code 1009."""

TYPE_BYTES_MAX = 64


class Message(NamedTuple):
    """A message taken apart."""

    type: str
    payload: bytes


def build(message_type: str, payload: bytes) -> bytes:
    """The message as it is sent."""
    return b"%b\n%b" % (message_type.encode(), payload)


def parse(data: bytes) -> Message | None:
    """The parts of a message, or None where there is no newline, which ends the session.

    A type that no side knows, however odd, is returned as it is: it ends nothing.
    """
    head, newline, payload = data.partition(b"\n")
    if not newline:
        return None
    return Message(head[:TYPE_BYTES_MAX].decode("utf-8", "replace"), payload)
