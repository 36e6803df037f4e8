"""Decodes and validates agents' payloads.

Source: recorded scenarios frames-events, frames-bad.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sensu.backend.agentd.entity_memo import EntityMemo
from sensu.backend.ports import IncomingEvent
from sensu.errors import InvalidResource
from sensu.resources.event import Event, completed
from sensu.rules.check_state import Sender
from sensu.rules.kinds import event as event_rules
from sensu.transport.codec import Codec

UNKNOWN_TYPE = "unknown message type"
UNREADABLE = "unreadable payload"
INVALID = "invalid event"
FOREIGN_NAMESPACE = "foreign namespace"
FOREIGN_ENTITY = "foreign entity"


class MessageRefusal(NamedTuple):
    """Why a message is refused: the error for the counters, and the reason for the agent."""

    error: str
    why: str


def read_event(
    codec: Codec, payload: bytes, namespace: str, known: EntityMemo, sender: Sender | None = None
) -> IncomingEvent | MessageRefusal:
    """The event of an `event` message of `sender` in `namespace`; `known` is the session's memo of its entity."""
    try:
        parts = codec.decode_event_around_entity(payload)
    except InvalidResource:
        parts = None
    if parts is not None and known.recognises(parts.entity):
        event = completed(parts, known.entity)
        refusal = _refusal_beside_entity(event, namespace)
        return refusal or IncomingEvent(event, entity_json=known.json, sender=sender)
    read = _read_whole(codec, payload, namespace)
    if isinstance(read, MessageRefusal):
        return read
    if parts is not None and read.entity is not None:
        known.learn(parts.entity, read.entity)
    return IncomingEvent(read, sender=sender)


def _read_whole(codec: Codec, payload: bytes, namespace: str) -> Event | MessageRefusal:
    """The event in a payload, subscribed to `entity:<name>`.

    An agent speaks for any entity of its own namespace and of no other.
    """
    try:
        event = codec.decode_event(payload)
    except InvalidResource as err:
        return MessageRefusal(UNREADABLE, str(err))
    why = event_rules.entity_problem(event)
    if why is not None:
        return MessageRefusal(INVALID, why)
    refusal = _refusal_beside_entity(event, namespace)
    if refusal is not None:
        return refusal
    entity = event.entity
    assert entity is not None
    if entity.metadata.namespace != namespace:
        return _foreign(namespace)
    own = f"entity:{entity.metadata.name}"
    if own not in (entity.subscriptions or ()):
        entity = msgspec.structs.replace(entity, subscriptions=(*(entity.subscriptions or ()), own))
        event = msgspec.structs.replace(event, entity=entity)
    return event


def _refusal_beside_entity(event: Event, namespace: str) -> MessageRefusal | None:
    why = event_rules.problem_beside_entity(event)
    if why is not None:
        return MessageRefusal(INVALID, why)
    check = event.check
    return _foreign(namespace) if check and check.metadata.namespace not in (namespace, "") else None


def _foreign(namespace: str) -> MessageRefusal:
    return MessageRefusal(FOREIGN_NAMESPACE, f"the session is in namespace {namespace!r}")


def foreign_entity(event: Event, agent: str, is_agent: Callable[[str], bool]) -> MessageRefusal | None:
    """Why an agent with a certificate of its own may not send an event, which must be about itself or a proxy entity.

    `is_agent` says whether an entity of that name is an agent.
    """
    entity, check = event.entity, event.check
    if entity is not None and entity.metadata.name != agent:
        return MessageRefusal(
            FOREIGN_ENTITY, f"the certificate is that of agent {agent!r}, not of {entity.metadata.name!r}"
        )
    proxy = check.proxy_entity_name if check is not None else ""
    if proxy not in ("", agent) and is_agent(proxy):
        return MessageRefusal(FOREIGN_ENTITY, f"the certificate is that of agent {agent!r}, not of agent {proxy!r}")
    return None


def read_keepalive(codec: Codec, payload: bytes, namespace: str) -> Event | MessageRefusal:
    """The event of a `keepalive` message, which has a check and a timestamp."""
    event = _read_whole(codec, payload, namespace)
    if isinstance(event, MessageRefusal):
        return event
    if event.check is None:
        return MessageRefusal(INVALID, "keepalive must contain a check")
    if event.timestamp == 0:
        return MessageRefusal(INVALID, "keepalive contains invalid timestamp")
    return event
