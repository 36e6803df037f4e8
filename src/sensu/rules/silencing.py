"""Finds the silenced entries that apply to an event.

Source: docs, silencing reference; recorded scenarios silence-*.
"""

from collections.abc import Collection, Iterable, Iterator

import msgspec

from sensu.resources.event import Event
from sensu.resources.silenced import Silenced

ANY = "*"
_OF_ENTITY = "entity:"


def in_force(entry: Silenced, now: float) -> bool:
    """Whether a silenced entry has begun and not expired at `now` (Unix seconds)."""
    return entry.begin <= now and (entry.expire_at <= 0 or now < entry.expire_at)


def expired(entry: Silenced, now: float) -> bool:
    """Whether a silenced entry has ended at `now` (Unix seconds)."""
    return 0 < entry.expire_at <= now


class SilenceReach(msgspec.Struct, frozen=True):
    """What a silenced entry applies to: an entity, or those with a subscription, and a check; empty for any."""

    entity: str = ""
    subscription: str = ""
    check: str = ""


def reach_of(entry: Silenced) -> SilenceReach:
    """The reach of a silenced entry."""
    check = "" if entry.check == ANY else entry.check
    if entry.subscription.startswith(_OF_ENTITY):
        return SilenceReach(entity=entry.subscription.removeprefix(_OF_ENTITY), check=check)
    return SilenceReach(subscription="" if entry.subscription == ANY else entry.subscription, check=check)


class SilenceSubject(msgspec.Struct, frozen=True):
    """What silences are compared with: a check, and the subscriptions by which its event can be silenced."""

    check: str
    subscriptions: Collection[str]


def subject_of(event: Event) -> SilenceSubject | None:
    """The subject of an event; None for an event without a check, which is never silenced."""
    entity, check = event.entity, event.check
    if check is None or entity is None:
        return None
    found = subscriptions_that_silence(
        entity.metadata.name, entity.subscriptions or (), None if check.proxy_entity_name else check.subscriptions
    )
    return SilenceSubject(check.metadata.name, found)


def overlap(entry: Silenced, other: Silenced) -> bool:
    """Whether two silenced entries are in force at the same time, now or later."""
    return _ends_after(entry, other.begin) and _ends_after(other, entry.begin)


def _ends_after(entry: Silenced, time: int) -> bool:
    return entry.expire_at <= 0 or entry.expire_at > time


def silences(entry: Silenced, subject: SilenceSubject) -> bool:
    """Whether a silenced entry matches, regardless of time."""
    if entry.check not in ("", ANY, subject.check):
        return False
    return entry.subscription in ("", ANY) or entry.subscription in subject.subscriptions


def subscriptions_that_silence(
    entity: str, of_entity: Iterable[str], of_check: Collection[str] | None
) -> Collection[str]:
    """The subscriptions by which an event can be silenced.

    These are the subscription of its entity and those that check and entity have in common; for a check on behalf of a
    proxy entity (`of_check` is None), all subscriptions of the entity.
    """
    found = set(of_entity)
    if of_check is not None:
        found.intersection_update(of_check)
    found.add(f"entity:{entity}")
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
        if not self._found or (subject := subject_of(event)) is None:
            return []
        return self.matching_subject(subject, now)

    def matching_subject(self, subject: SilenceSubject, now: float) -> list[Silenced]:
        """The entries in force that match a subject, sorted by name."""
        matches = [entry for entry in self.about(subject) if in_force(entry, now)]
        return sorted(matches, key=lambda entry: entry.metadata.name)

    def about(self, subject: SilenceSubject) -> Iterator[Silenced]:
        """The entries that match a subject, regardless of time."""
        for check in {ANY, subject.check}:
            for subscription in {ANY, *subject.subscriptions}:
                yield from self._found.get((check, subscription), ())


def ended_by_resolution(matching: Iterable[Silenced], status_before: int, status: int) -> list[Silenced]:
    """The matching entries with `expire_on_resolve`, if the event resolves its incident."""
    if status_before == 0 or status != 0:
        return []
    return [entry for entry in matching if entry.expire_on_resolve]
