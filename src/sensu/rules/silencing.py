"""Finds the silenced entries that apply to an event.

Source: docs, silencing reference; recorded scenarios silence-*.
"""

from collections.abc import Iterable

from sensu.resources.event import Event
from sensu.resources.silenced import Silenced

ANY = "*"


def in_force(entry: Silenced, now: float) -> bool:
    """Whether a silenced entry has begun and not expired at `now` (Unix seconds)."""
    return entry.begin <= now and (entry.expire_at <= 0 or now < entry.expire_at)


def silences(entry: Silenced, event: Event) -> bool:
    """Whether a silenced entry matches an event, regardless of time; events without a check are never silenced."""
    check = event.check
    if check is None or entry.check not in ("", ANY, check.metadata.name):
        return False
    return entry.subscription in ("", ANY) or entry.subscription in subscriptions_that_silence(event)


def subscriptions_that_silence(event: Event) -> set[str]:
    """The subscriptions by which an event can be silenced.

    These are the subscription of its entity and those that check and entity have in common; for a check on behalf of a
    proxy entity, all subscriptions of the entity.
    """
    entity, check = event.entity, event.check
    assert entity is not None
    assert check is not None
    found = set(entity.subscriptions or ())
    if not check.proxy_entity_name:
        found.intersection_update(check.subscriptions)
    found.add(f"entity:{entity.metadata.name}")
    return found


class SilenceIndex:
    """The silenced entries of one namespace, indexed by check and subscription."""

    def __init__(self, entries: Iterable[Silenced]) -> None:
        self._found: dict[tuple[str, str], list[Silenced]] = {}
        for entry in entries:
            at = (entry.check or ANY, entry.subscription or ANY)
            self._found.setdefault(at, []).append(entry)

    def __bool__(self) -> bool:
        return bool(self._found)

    def matching(self, event: Event, now: float) -> list[Silenced]:
        """The entries in force that match an event, sorted by name."""
        if not self._found or event.check is None:
            return []
        subscriptions = subscriptions_that_silence(event)
        subscriptions.add(ANY)
        matches = [
            entry
            for check in {ANY, event.check.metadata.name}
            for subscription in subscriptions
            for entry in self._found.get((check, subscription), ())
            if in_force(entry, now)
        ]
        return sorted(matches, key=lambda entry: entry.metadata.name)


def ended_by_resolution(matching: Iterable[Silenced], status_before: int, status: int) -> list[Silenced]:
    """The matching entries with `expire_on_resolve`, if the event resolves its incident."""
    if status_before == 0 or status != 0:
        return []
    return [entry for entry in matching if entry.expire_on_resolve]
