"""How an event that an agent sends again is recognised, and how far back what was received is looked through.

Agents send again what was not acknowledged: the same event, byte for byte, later and maybe in another order. What API
clients post is never taken for a repetition: each post is a report of its own.
"""

from hashlib import blake2b

import msgspec

from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta

RECENT_MAX = 10_000
"""How many of the last results of a check are looked through at most."""
RECENT_LEAST = 100
"""How many are looked through however old they are."""
RECENT_S = 3600
"""How much older than the newest result the others are that are looked through."""

_MASK = 2**63 - 1


def identity(event: Event, acknowledged: bool) -> int:
    """A number of 63 bits by which an agent's event is recognised; 0 if it cannot be told from a new report.

    It tells apart the results of one check of one entity, and all metrics without a check. `acknowledged` says whether
    the sender is told what is stored. Without acknowledgements nothing is sent again on purpose, so that only results
    of check requests, which carry a sequence number, are recognised.

    It is asked for every event: most of a UUID does, and the hash of a tuple of integers, which no start of the program
    makes another.
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
    """What stands for the id of an event without one: the agent's own metrics, and checks that it refused to run."""
    return _of_bytes(msgspec.json.encode((None if event.check is None else event.check.output, event.metrics)))


def _of_bytes(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def is_recent(place: int, at: int, newest_at: int) -> bool:
    """Whether a result at a place of the history, the newest being 0, is looked at."""
    return place < RECENT_LEAST or (place < RECENT_MAX and at >= newest_at - RECENT_S)
