"""Identifies events, so that those that an agent sends again are recognised, and limits how far back to search.

Agents send unacknowledged events again: the same bytes, later and possibly in another order. Events that API clients
post are never recognised as repetitions: each post is a report of its own.
"""

from hashlib import blake2b

import msgspec

from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta

RECENT_MAX = 10_000
"""Maximum results of a check that are searched."""
RECENT_LEAST = 100
"""Results that are searched regardless of their age."""
RECENT_S = 3600
"""Maximum age, relative to the newest result, of further results that are searched."""

_MASK = 2**63 - 1


def identity(event: Event, acknowledged: bool) -> int:
    """A 63-bit number that identifies an event of an agent; 0 if it cannot be distinguished from a new report.

    It distinguishes the results of one check of one entity, and all metrics without a check. `acknowledged` says
    whether the sender receives acknowledgements. Without them agents do not send events again on purpose, so only
    results of check requests, which have a sequence number, are identified.

    It is calculated for every event: most of a UUID is enough, and the hash of a tuple of integers is the same in every
    process.
    """
    if event.sequence <= 0 and not acknowledged:
        return 0
    check, text = event.check, event.id
    if not text:
        name = _of_content(event)
    else:
        try:
            name = int(text[:8] + text[-12:], 16)
        except ValueError:
            name = _of_bytes(text.encode())
    if check is None:
        place = _of_entity(event)
        return hash((name, event.timestamp, event.sequence, place)) & _MASK or 1
    return hash((name, event.timestamp, event.sequence, check.executed, check.issued, check.status)) & _MASK or 1


def _of_entity(event: Event) -> int:
    metadata = event.entity.metadata if event.entity is not None else ObjectMeta()
    return _of_bytes(f"{metadata.namespace}/{metadata.name}".encode())


def _of_content(event: Event) -> int:
    """Replaces the id of an event without one: the agent's own metrics, and checks that it refused to run."""
    return _of_bytes(msgspec.json.encode((None if event.check is None else event.check.output, event.metrics)))


def _of_bytes(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def is_recent(place: int, at: int, newest_at: int) -> bool:
    """Whether a result is searched; `place` is its position in the history, 0 for the newest."""
    return place < RECENT_LEAST or (place < RECENT_MAX and at >= newest_at - RECENT_S)
