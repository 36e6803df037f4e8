"""What the writer knows of the database, so that most groups of commits are checked without reading anything.

Only this process writes the events of its slots, so that what is known of them stays true until a slot moves. Others
change resources too: their ETags are a guess, which a refusal is not based on, and which the statement that writes a
resource checks.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sensu.errors import StoreError
from sensu.rules.share import Slots, slot_of
from sensu.store.group import CommitGroup, asks_emptiness, resources_of
from sensu.store.pending import Pending, halve
from sensu.store.postgres import statements
from sensu.store.postgres.connection import names_without_nul
from sensu.store.postgres.group_rows import KnownEvent
from sensu.store.queries import slashed
from sensu.store.values import (
    CutHistory,
    DeleteEvent,
    DeleteResource,
    EventKey,
    Key,
    MarkSilenced,
    NoteHandling,
    PutEvent,
    Refused,
    Write,
)

EVENTS_KNOWN_MAX = 200_000
ETAGS_KNOWN_MAX = 100_000

_EVENT_IDS = statements.numbered(
    "SELECT k.number, e.id, e.last_result, e.last_change FROM unnest(?::text[], ?::text[], ?::text[]) WITH ORDINALITY"
    " AS k (namespace, entity, check_name, number) JOIN events AS e ON e.namespace = k.namespace"
    " AND e.entity = k.entity AND e.check_name = k.check_name"
)
_ETAGS = statements.numbered(
    "SELECT k.number, r.etag FROM unnest(?::text[], ?::text[], ?::text[]) WITH ORDINALITY"
    " AS k (kind, namespace, name, number) JOIN resources AS r ON r.kind = k.kind AND r.namespace = k.namespace"
    " AND r.name = k.name"
)
_IN_USE = "SELECT EXISTS (SELECT 1 FROM resources WHERE namespace = $1 AND kind = ANY($2::text[]))"
_OF_EVENTS = (PutEvent, DeleteEvent, MarkSilenced, NoteHandling, CutHistory)


class Knowledge:
    """The events and the ETags of resources that were read or written last, and the checks that use them."""

    def __init__(self) -> None:
        self.events: dict[EventKey, KnownEvent] = {}
        self._etags: dict[Key, str | None] = {}

    def forget(self) -> None:
        """Forget everything."""
        self.events.clear()
        self._etags.clear()

    def forget_etags(self, keys: Collection[Key]) -> None:
        """Forget the ETags of resources."""
        for key in keys:
            self._etags.pop(key, None)

    def forget_slots(self, slots: Slots) -> None:
        """Forget the events of slots."""
        for key in [key for key in self.events if slot_of(key.namespace, key.entity) in slots]:
            del self.events[key]

    def bound(self) -> None:
        """Forget what was not used for long, if too much is known."""
        halve(self.events, EVENTS_KNOWN_MAX)
        halve(self._etags, ETAGS_KNOWN_MAX)

    async def judged(
        self, connection: Any, commits: Sequence[Pending], revision: int, slots: Slots | None
    ) -> tuple[CommitGroup, dict[Key, str | None]]:
        """Check the commits; returns the group, and the ETags before it.

        Raises StoreError for events of slots other than `slots` (None: all slots).
        """
        writes = [pending.writes for pending in commits]
        keys = resources_of(writes)
        events = {write.key for each in writes for write in each if isinstance(write, _OF_EVENTS)}
        if slots is not None:
            _require_own(events, slots)
        guessed = any(key in self._etags for key in keys)
        group, before = await self._checked(connection, commits, (keys, events), revision)
        if guessed and any(isinstance(pending.result, Refused) for pending in commits):
            self.forget_etags(keys)
            for key in events:
                self.events.pop(key, None)
            group, before = await self._checked(connection, commits, (keys, events), revision)
        return group, before

    async def _checked(
        self, connection: Any, commits: Sequence[Pending], named: tuple[set[Key], set[EventKey]], revision: int
    ) -> tuple[CommitGroup, dict[Key, str | None]]:
        keys, events = named
        await self._learn_etags(connection, [key for key in keys if key not in self._etags])
        await self._learn_events(connection, [key for key in events if key not in self.events])
        before = {key: self._etags[key] for key in keys}
        first = commits[0].writes
        in_use = await _in_use(connection, first) if asks_emptiness(first) else {}
        group = CommitGroup(
            self._etags,
            {key: key in self.events for key in events},
            lambda namespace, kinds: in_use[namespace, tuple(kinds)],
            revision,
        )
        for pending in commits:
            pending.result, pending.changes = group.add(pending.writes)
        return group, before

    async def _learn_etags(self, connection: Any, keys: Sequence[Key]) -> None:
        if keys:
            places = statements.columns([(key.kind, slashed(key.namespace), key.name) for key in keys])
            rows = await connection.fetch(_ETAGS, *names_without_nul(places))
            found = {row[0] - 1: row[1] for row in rows}
            self._etags.update((key, found.get(number)) for number, key in enumerate(keys))

    async def _learn_events(self, connection: Any, keys: Sequence[EventKey]) -> None:
        if keys:
            places = [(slashed(key.namespace), slashed(key.entity), key.check) for key in keys]
            for row in await connection.fetch(_EVENT_IDS, *names_without_nul(statements.columns(places))):
                self.events[keys[row[0] - 1]] = KnownEvent(*row[1:])


async def _in_use(connection: Any, writes: Sequence[Write]) -> dict[tuple[str, tuple[str, ...]], bool]:
    found: dict[tuple[str, tuple[str, ...]], bool] = {}
    for write in writes:
        if isinstance(write, DeleteResource) and write.empty_of:
            args = names_without_nul((slashed(write.key.name), list(write.empty_of)))
            found[write.key.name, tuple(write.empty_of)] = await connection.fetchval(_IN_USE, *args)
    return found


def _require_own(events: Collection[EventKey], slots: Slots) -> None:
    for key in events:
        if slot_of(key.namespace, key.entity) not in slots:
            raise StoreError(f"the event {key} belongs to another backend")
