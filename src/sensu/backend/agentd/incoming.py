"""Payloads of agents to events that may be offered to eventd and keepalived, or why not.

Source: recorded scenarios frames-events, frames-bad.
"""

from typing import NamedTuple

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.event import Event
from sensu.rules.validity import event as event_rules
from sensu.transport.codec import Codec

UNKNOWN_TYPE = "unknown message type"
UNREADABLE = "unreadable payload"
INVALID = "invalid event"
FOREIGN_NAMESPACE = "foreign namespace"


class Refusal(NamedTuple):
    """A message is of no use: the error that is counted, and the reason that is told."""

    error: str
    why: str


def read_event(codec: Codec, payload: bytes, namespace: str) -> Event | Refusal:
    """The event of an `event` message of an agent in `namespace`, subscribed to `entity:<name>`.

    An agent speaks for any entity of its own namespace and of no other.
    """
    try:
        event = codec.decode_event(payload)
    except InvalidResource as err:
        return Refusal(UNREADABLE, str(err))
    why = event_rules.problem(event)
    if why is not None:
        return Refusal(INVALID, why)
    entity, check = event.entity, event.check
    assert entity is not None
    if entity.metadata.namespace != namespace or (check and check.metadata.namespace not in (namespace, "")):
        return Refusal(FOREIGN_NAMESPACE, f"the session is in namespace {namespace!r}")
    own = f"entity:{entity.metadata.name}"
    if own not in (entity.subscriptions or ()):
        entity = msgspec.structs.replace(entity, subscriptions=(*(entity.subscriptions or ()), own))
        event = msgspec.structs.replace(event, entity=entity)
    return event


def read_keepalive(codec: Codec, payload: bytes, namespace: str) -> Event | Refusal:
    """The event of a `keepalive` message, which has a check and a timestamp."""
    event = read_event(codec, payload, namespace)
    if isinstance(event, Refusal):
        return event
    if event.check is None:
        return Refusal(INVALID, "keepalive must contain a check")
    if event.timestamp == 0:
        return Refusal(INVALID, "keepalive contains invalid timestamp")
    return event
