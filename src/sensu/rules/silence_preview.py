"""Previews a silence: the present events that it matches."""

from bisect import insort
from collections.abc import Collection, Mapping, Sequence

import msgspec

from sensu.resources.silenced import Silenced
from sensu.resources.wire import Wire, always_int, always_list, always_str, encode
from sensu.rules.event_row import EventRow, listed_body, row_of, subject_of
from sensu.rules.handling import UNKNOWN
from sensu.rules.severity import WORDS, severity_of
from sensu.rules.silencing import ANY, SilenceIndex, SilenceSubject, overlap, silences, subscriptions_that_silence

ROWS_MAX = 20
"""The maximum number of events shown."""


class SilencePreview(Wire, frozen=True):
    """The counts of the events that a silence matches; `rows` shows the first of them, failing ones first.

    `already` is the number of them that another silence applies to now; `overlaps` names the silences that
    match one of them during the time of this one.
    """

    name: str = always_str()
    events: int = always_int()
    critical: int = always_int()
    warning: int = always_int()
    unknown: int = always_int()
    passing: int = always_int()
    entities: int = always_int()
    already: int = always_int()
    overlaps: tuple[str, ...] = always_list()
    rows: tuple[EventRow, ...] = always_list()


class _Named(msgspec.Struct, frozen=True, gc=False):
    name: str = ""


class _Check(msgspec.Struct, frozen=True, gc=False):
    metadata: _Named = _Named()
    subscriptions: tuple[str, ...] = ()
    proxy_entity_name: str = ""
    status: int = 0


class _Entity(msgspec.Struct, frozen=True, gc=False):
    metadata: _Named = _Named()
    subscriptions: tuple[str, ...] | None = None


class _Parts(msgspec.Struct, frozen=True, gc=False):
    """The parts of an event that silences are compared with; skipping the rest is ten times as fast."""

    check: _Check | None = None
    entity: _Entity | None = None


_parts_of = msgspec.json.Decoder(_Parts).decode


class Counting:
    """Counts the events that a silence matches, one by one."""

    def __init__(self, silence: Silenced, all_silences: Collection[Silenced], now: float) -> None:
        """`all_silences` are those of the namespace that have not expired, with or without this one."""
        self._silence, self._now = silence, now
        self._marker = encode(silence.subscription)
        others = [one for one in all_silences if one.metadata.name != silence.metadata.name]
        self._all = SilenceIndex(all_silences)
        self._others = SilenceIndex(others)
        self._at_the_same_time = SilenceIndex([one for one in others if overlap(one, silence)])
        self._counts = [0] * len(WORDS)
        self._entities: set[str] = set()
        self._already = 0
        self._overlaps: set[str] = set()
        self._first: list[tuple[int, str, str, bytes]] = []

    def add(self, entity: str, body: bytes) -> None:
        """Count the event of an entity, given its stored JSON, if the silence matches it."""
        if not self._may_match(entity, body):
            return
        try:
            parts = _parts_of(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        check = parts.check
        if check is None or not silences(self._silence, subject := _subject(entity, check, parts.entity)):
            return
        severity = severity_of(check.status)
        self._counts[severity] += 1
        self._entities.add(entity)
        self._already += bool(self._others.matching_subject(subject, self._now))
        self._overlaps.update(one.metadata.name for one in self._at_the_same_time.about(subject))
        place = (severity, entity, subject.check, body)
        if len(self._first) < ROWS_MAX or place < self._first[-1]:
            insort(self._first, place)
            del self._first[ROWS_MAX:]

    def _may_match(self, entity: str, body: bytes) -> bool:
        """Whether the event's JSON or the entity's name contains the subscription, which is faster than decoding it."""
        subscription = self._silence.subscription
        return subscription in ("", ANY) or self._marker in body or subscription == f"entity:{entity}"

    @property
    def shown(self) -> Sequence[tuple[str, str]]:
        """Entity and check of the events that are shown."""
        return [(entity, check) for _, entity, check, _ in self._first]

    def result(self, handled: Mapping[tuple[str, str], str]) -> SilencePreview:
        """The counts; `handled` says how the events that are shown were handled."""
        critical, warning, unknown, passing = self._counts
        return SilencePreview(
            name=self._silence.metadata.name,
            events=sum(self._counts),
            critical=critical,
            warning=warning,
            unknown=unknown,
            passing=passing,
            entities=len(self._entities),
            already=self._already,
            overlaps=tuple(sorted(self._overlaps)),
            rows=tuple(
                self._row(body, handled.get((entity, check), UNKNOWN)) for _, entity, check, body in self._first
            ),
        )

    def _row(self, body: bytes, handled: str) -> EventRow:
        parts = listed_body(body)
        matching = self._all.matching_subject(subject_of(parts), self._now)
        return row_of(parts, silenced=tuple(one.metadata.name for one in matching), handled=handled)


def _subject(name: str, check: _Check, entity: _Entity | None) -> SilenceSubject:
    of_entity = () if entity is None else entity.subscriptions or ()
    of_check = None if check.proxy_entity_name else check.subscriptions
    return SilenceSubject(check.metadata.name, subscriptions_that_silence(name, of_entity, of_check))
