"""Stand-ins for what authentication works with: records, a store for sessions, a clock set by hand."""

from collections.abc import Callable, Sequence
from typing import Any

from sensu.errors import StoreError
from sensu.resources.kinds import USER, Kind, name_of, namespace_of
from sensu.resources.user import User
from sensu.store.values import Change, Committed, DeleteResource, Key, Page, PutResource, PutState, Stored


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds

    def move(self, seconds: float) -> None:
        self._now += seconds


class FakeRecords:
    """Resources in a dictionary, with their subscribers."""

    def __init__(self, *users: User) -> None:
        self._kept: dict[tuple[str, str, str], Any] = {}
        self._subscribers: dict[str, list[Callable[..., None]]] = {}
        self.lists_read = 0
        for user in users:
            self.put(USER, user)

    def get(self, kind: Kind, namespace: str, name: str) -> Any | None:
        return self._kept.get((kind.segment, namespace, name))

    def list(self, kind: Kind, namespace: str | None) -> Sequence[Any]:
        self.lists_read += 1
        return [
            resource
            for (segment, within, _), resource in sorted(self._kept.items(), key=lambda item: item[0])
            if segment == kind.segment and namespace in (None, within)
        ]

    def subscribe(self, kind: Kind, callback: Callable[..., None]) -> Callable[[], None]:
        self._subscribers.setdefault(kind.segment, []).append(callback)
        return lambda: self._subscribers[kind.segment].remove(callback)

    def put(self, kind: Kind, resource: Any) -> None:
        self._kept[(kind.segment, namespace_of(resource), name_of(resource))] = resource
        self._tell(kind, namespace_of(resource), name_of(resource), resource)

    def remove(self, kind: Kind, namespace: str, name: str) -> None:
        del self._kept[(kind.segment, namespace, name)]
        self._tell(kind, namespace, name, None)

    def _tell(self, kind: Kind, namespace: str, name: str, resource: Any) -> None:
        for callback in self._subscribers.get(kind.segment, ()):
            callback(Key(kind.qualified_name, namespace, name), resource)


class FakeStore:
    """The part of a store that sessions and the secret need."""

    def __init__(self) -> None:
        self.bodies: dict[Key, bytes] = {}
        self.states: dict[str, bytes] = {}
        self.commits = 0
        self.broken = False
        self._listeners: list[Callable[[Sequence[Change]], None]] = []

    async def commit(self, writes: Sequence[Any]) -> Committed:
        if self.broken:
            raise StoreError("the disk is full")
        self.commits += 1
        changes = []
        for write in writes:
            if isinstance(write, PutState):
                self.states[write.name] = write.value
            elif isinstance(write, PutResource):
                self.bodies[write.key] = write.body
                changes.append(Change(self.commits, write.key, write.body))
            elif isinstance(write, DeleteResource):
                self.bodies.pop(write.key, None)
                changes.append(Change(self.commits, write.key, None))
        for listener in self._listeners:
            listener(changes)
        return Committed(self.commits)

    async def get_state(self, name: str) -> bytes | None:
        return self.states.get(name)

    async def list(
        self, kind: str, namespace: str | None, *, after: tuple[str, str] | None = None, limit: int = 0
    ) -> Page:
        keys = sorted(key for key in self.bodies if key.kind == kind)
        keys = [key for key in keys if after is None or (key.namespace, key.name) > after]
        page = keys[:limit] if limit else keys
        return Page([Stored(key, self.bodies[key], None, "", 0) for key in page], len(page) < len(keys))

    def listen(self, listener: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
