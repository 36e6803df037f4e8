"""The topics of the live stream, and what a tick says of each."""

from collections.abc import Mapping, Sequence

import msgspec

from sensu.backend.services.deliveries import RESOURCE as DELIVERIES
from sensu.backend.services.event_rows import SeverityCounts
from sensu.resources.kinds import ALL_KINDS, ENTITY, EVENT
from sensu.rules.event_row import EventRow
from sensu.store.values import EventKey

COUNTS, EVENTS, EVENT_ROW, ENTITIES = "counts", "events", "event", "entities"
OWED, RESOURCES, SESSION = "deliveries", "resources", "session"
TOPICS_MAX = 50
TOPIC_CHARACTERS_MAX = 1000

_SEGMENTS = {kind.segment: kind.namespaced for kind in ALL_KINDS if kind.segment and kind is not EVENT}
_RIGHTS = {COUNTS: EVENT.segment, EVENTS: EVENT.segment, EVENT_ROW: EVENT.segment}
_RIGHTS |= {ENTITIES: ENTITY.segment, OWED: DELIVERIES}


class Topic(msgspec.Struct, frozen=True, cache_hash=True):
    """Something to follow: its sort (`counts`), and of what (`default`), as they stand in ticks.

    `verb` and `resource` are the right that it needs in `namespace`; no `resource` means that everybody may follow it.
    """

    sort: str
    of: str
    namespace: str
    resource: str
    verb: str = "list"
    key: EventKey | None = None

    def __str__(self) -> str:
        """The topic as clients write it."""
        return f"{self.sort}:{self.of}" if self.of else self.sort


class EventsTick(msgspec.Struct, frozen=True):
    """Events whose rows changed, and those that were deleted; with `more` there were too many: read the list again."""

    changed: Sequence[EventRow]
    gone: Sequence[tuple[str, str]]
    more: bool


class EntityName(msgspec.Struct, frozen=True):
    """An entity that changed."""

    name: str


class EntitiesTick(msgspec.Struct, frozen=True):
    """Entities that changed or whose events did; with `more` there were too many: read the list again."""

    changed: Sequence[EntityName]
    gone: Sequence[tuple[str]]
    more: bool


class DeliveriesTick(msgspec.Struct, frozen=True):
    """How many deliveries are pending, and how many are dead letters."""

    owed: int
    dead: int


class SessionTick(msgspec.Struct, frozen=True):
    """Grows when roles or bindings changed, so that the caller may have other rights."""

    rights: int


class Tick(msgspec.Struct, frozen=True):
    """What changed, by topic: the `data` of the events `tick`. A resource topic lists names, empty for too many."""

    counts: Mapping[str, SeverityCounts] | None = None
    events: Mapping[str, EventsTick] | None = None
    event: Mapping[str, EventRow | None] | None = None
    entities: Mapping[str, EntitiesTick] | None = None
    deliveries: Mapping[str, DeliveriesTick] | None = None
    resources: Mapping[str, Sequence[str]] | None = None
    session: SessionTick | None = None
    hidden: Sequence[str] | None = None


def topics_of(text: str) -> Sequence[Topic] | str:
    """The topics in a text, separated by commas and each once; or why there are none."""
    words = list(dict.fromkeys(word for word in text.split(",") if word))
    if not words:
        return "topics must name at least one topic"
    if len(words) > TOPICS_MAX:
        return f"topics must name at most {TOPICS_MAX} topics"
    topics: list[Topic] = []
    for word in words:
        topic = None if len(word) > TOPIC_CHARACTERS_MAX else _topic(word)
        if topic is None:
            return f"unknown topic {word[:TOPIC_CHARACTERS_MAX]}"
        topics.append(topic)
    return topics


def _topic(word: str) -> Topic | None:
    sort, _, of = word.partition(":")
    if sort == SESSION:
        return None if of else Topic(sort, "", "", "")
    if sort == EVENT_ROW:
        namespace, slash, names = of.partition("/")
        entity, second, check = names.partition("/")
        if not (slash and second and namespace and entity and check):
            return None
        return Topic(sort, of, namespace, EVENT.segment, "get", EventKey(namespace, entity, check))
    if sort == RESOURCES:
        segment, _, namespace = of.partition(":")
        namespaced = _SEGMENTS.get(segment)
        return Topic(sort, of, namespace, segment) if namespaced is bool(namespace) else None
    resource = _RIGHTS.get(sort)
    return Topic(sort, of, of, resource) if resource is not None and of else None
