"""Finds the events that service components select, without reading those that have not changed.

Each member follows the events that it owns, in the namespaces that have components. A commit only notes which events
have changed; they are looked at when a component is evaluated. After a start, a changed query or a move of slots, the
events of a namespace are read once.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from sensu.backend.membership import Ownership
from sensu.backend.ports import SelectedEvents
from sensu.resources.kinds import EVENT, SERVICE_COMPONENT
from sensu.rules.kinds.table import RULES
from sensu.rules.services.component_members import ComponentMembers, Queries, queries_of
from sensu.rules.share import Slots, slot_of
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Change, EventKey, Key

AT_ONCE = 250
"""How many events are looked at before other tasks on the loop run."""
HELD_BYTES_MAX = 16 * 1024 * 1024
"""How much JSON of changed events is held until it is looked at; of further events, the JSON is read again."""
CHANGED_MAX = 100_000
"""How many changed events of a namespace are noted; with more, all its events are read."""
WHOLE_EVENTS_MAX, WHOLE_BYTES_MAX = 10_000, 16 * 1024 * 1024
"""How many events a script gets; a component with more is not evaluated by scripts."""
ATTEMPTS = 3
"""How often finding events is begun again because slots have moved meanwhile."""
_UNREAD = b""
"""Stands for the JSON of an event that has to be read."""


class _Followed:
    """A namespace with components. `members` is None until all its events are read."""

    def __init__(self, queries: Queries) -> None:
        self.queries = queries
        self.members: ComponentMembers[EventKey] | None = None
        self.changed: dict[EventKey, bytes | None] = {}
        self.held_bytes = 0
        self.lock = asyncio.Lock()

    def restart(self) -> None:
        """Have all events read."""
        self.members = None
        self.taken()

    def taken(self) -> dict[EventKey, bytes | None]:
        """The changed events, which are noted no more."""
        changed, self.changed, self.held_bytes = self.changed, {}, 0
        return changed


class OwnSelections:
    """The events of this member that components select (`ports.Selections`)."""

    def __init__(self, store: Store, records: ResourceCache, ownership: Ownership) -> None:
        self._store, self._records, self._ownership = store, records, ownership
        self._namespaces: dict[str, _Followed] = {}
        self._stops: list[Callable[[], None]] = []
        ownership.on_gain(self._slots_moved)
        ownership.on_loss(self._slots_moved)

    def open(self) -> None:
        """Start following events and components."""
        self._stops = [
            self._store.listen(self.events_changed),
            self._records.subscribe(SERVICE_COMPONENT, self._component_changed),
        ]
        for namespace in {namespace for namespace, _ in self._records.names(SERVICE_COMPONENT)}:
            self._follow(namespace)

    def close(self) -> None:
        """Stop following them."""
        for stop in self._stops:
            stop()
        self._namespaces.clear()

    async def _slots_moved(self, slots: Slots) -> None:
        for followed in self._namespaces.values():
            followed.restart()

    def _component_changed(self, key: Key, component: object) -> None:
        self._follow(key.namespace)

    def _follow(self, namespace: str) -> None:
        """Follow the events of a namespace by the queries that its components have now."""
        queries = queries_of(self._records.list(SERVICE_COMPONENT, namespace))
        followed = self._namespaces.get(namespace)
        if not queries:
            self._namespaces.pop(namespace, None)
        elif followed is None:
            self._namespaces[namespace] = _Followed(queries)
        elif followed.queries != queries:
            followed.queries = queries
            followed.restart()

    def events_changed(self, changes: Sequence[Change]) -> None:
        """Note the events that a commit has changed."""
        for change in changes:
            key = change.key
            if type(key) is EventKey and (followed := self._namespaces.get(key.namespace)) is not None:
                self._note(followed, key, change.body)

    def _note(self, followed: _Followed, key: EventKey, body: bytes | None) -> None:
        if followed.members is None and not followed.lock.locked():
            return  # all events will be read
        if not self._is_own(key):
            return
        before = followed.changed.get(key)
        followed.held_bytes += len(body or b"") - len(before or b"")
        if followed.held_bytes > HELD_BYTES_MAX and body:
            followed.held_bytes -= len(body)
            body = _UNREAD
        followed.changed[key] = body
        if len(followed.changed) > CHANGED_MAX:
            followed.restart()

    def _is_own(self, key: EventKey) -> bool:
        return self._ownership.owns(slot_of(key.namespace, key.entity))

    async def selected(self, namespace: str, component: str, *, whole: bool) -> SelectedEvents | None:
        """What a component selects among the events of this member; raises StoreError."""
        for _ in range(ATTEMPTS):
            followed, slots = self._namespaces.get(namespace), self._ownership.slots
            if followed is None or component not in followed.queries:
                return None
            members = await self._up_to_date(followed, namespace)
            if members is None or followed.members is not members or self._ownership.slots != slots:
                continue
            numbers = members.numbers(component).by_severity
            if not whole:
                return SelectedEvents(slots, numbers)
            bodies = await self._bodies(sorted(members.selected(component)))
            return SelectedEvents(slots, numbers, bodies or (), too_many=bodies is None)
        return None

    async def _up_to_date(self, followed: _Followed, namespace: str) -> ComponentMembers[EventKey] | None:
        """The members of components now; None if the queries or slots have changed meanwhile."""
        async with followed.lock:
            members = followed.members
            try:
                if members is None:
                    members = await self._read_all(followed, namespace)
                    if members is None:
                        return None
                await self._take_changes(members, followed.taken())
            except BaseException:
                followed.restart()
                raise
            return members

    async def _read_all(self, followed: _Followed, namespace: str) -> ComponentMembers[EventKey] | None:
        """Read all events of a namespace; what changes meanwhile is noted, and looked at after them."""
        queries = followed.queries
        followed.taken()
        members = ComponentMembers[EventKey](queries, RULES[EVENT].selectable)
        slots, after, more = self._ownership.slots, None, True
        while more:
            page = await self._store.list_events(namespace, after=after, limit=AT_ONCE)
            for stored in page.items:
                if self._is_own(stored.key):
                    members.note(stored.key, stored.body)
                after = stored.key
            more = page.more
            await asyncio.sleep(0)
        if followed.queries is not queries or self._ownership.slots != slots:
            return None
        followed.members = members
        return members

    async def _take_changes(self, members: ComponentMembers[EventKey], changed: dict[EventKey, bytes | None]) -> None:
        for keys in _parts(list(changed)):
            unread = [key for key in keys if changed[key] == _UNREAD]
            read = await self._store.get_events(unread) if unread else {}
            for key in keys:
                body = changed[key]
                if body == _UNREAD:
                    body = read[key].body if key in read else None
                members.note(key, body)
            await asyncio.sleep(0)

    async def _bodies(self, keys: Sequence[EventKey]) -> list[bytes] | None:
        """The JSON of events; None if there is too much of it."""
        if len(keys) > WHOLE_EVENTS_MAX:
            return None
        bodies, size = list[bytes](), 0
        for some in _parts(keys):
            found = await self._store.get_events(some)
            bodies += [found[key].body for key in some if key in found]
            size += sum(len(stored.body) for stored in found.values())
            if size > WHOLE_BYTES_MAX:
                return None
        return bodies


def _parts(keys: Sequence[EventKey]) -> Iterator[Sequence[EventKey]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
