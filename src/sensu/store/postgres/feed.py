"""The change feed of a backend that shares its database with others (`contract.ChangeFeed`).

Listeners hear of changes of resources in the order of their revisions: of own ones as soon as they are committed, of
those of others when somebody says that there are any (a message of a member, or the next sign of life), from the change
log. A writer waits until all members know its changes (`members/barrier.py`), so that nothing has to be read when a
request comes in: it is enough that this process is still valid.

Revisions of events are taken by each process by itself. A process promises with each sign of life which revision all
its later commits exceed; `revision` is what all living processes have passed, so that nobody who read up to it misses
anything.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.signs_of_life import VALID_S, valid_until
from sensu.store.coordination import SeatLost
from sensu.store.own_changes import Listeners
from sensu.store.postgres.connection import Readers, StoreAway
from sensu.store.postgres.work import Raised
from sensu.store.postgres.writer import PostgresWriter
from sensu.store.values import Change, EventKey, Key

logger = logging.getLogger(__name__)

PAGE_ROWS = 500
READ_AGAIN_S = 0.2

_LOGGED = """
SELECT l.revision, l.kind, l.namespace, l.name, r.body, r.shown,
    (SELECT trimmed FROM revision) AS trimmed, (SELECT revision FROM revision) AS newest
FROM (SELECT 1) AS always LEFT JOIN (
    SELECT * FROM change_log WHERE revision > $1 ORDER BY revision FETCH FIRST $2 ROWS WITH TIES
) AS l ON true
LEFT JOIN resources AS r ON r.kind = l.kind AND r.namespace = l.namespace AND r.name = l.name
ORDER BY l.revision, l.part
"""


class SharedChanges:
    """The changes of all processes; `read_to` is the revision up to which listeners know those of resources."""

    def __init__(self, listeners: Listeners, clock: Clock, shown: str) -> None:
        """`shown` names the database."""
        self._listeners, self._clock, self._shown = listeners, clock, shown
        self._reading = asyncio.Lock()
        self._announce: Callable[[], None] = lambda: None
        self._readers: Readers | None = None
        self._writer: PostgresWriter | None = None
        self.read_to = 0
        self.valid_until = float("inf")
        """Until when this process may act on what it has in memory, on the monotonic clock."""
        self._others_passed: int | None = None
        self._calling: int | None = None
        self._called = 0
        self.events_included = False

    def begin(self, readers: Readers, writer: PostgresWriter) -> None:
        """Start from the state of the database, whose last change had the revision of the writer."""
        self._readers, self._writer = readers, writer
        self.read_to = writer.revision
        self.valid_until = valid_until(self._clock.monotonic())

    async def committed(self, commits: Sequence[Sequence[Change]], raised: Raised | None) -> None:
        """Call listeners with commits of this process, after those of others that came before."""
        if raised is None or (raised.previous is not None and raised.previous <= self.read_to and not self._is_reading):
            for changes in commits:
                self._call(changes)
            if raised is not None:
                self.read_to = max(self.read_to, raised.last)
            return
        for changes in commits:
            events = [change for change in changes if isinstance(change.key, EventKey)]
            if events:
                self._call(events)
        await self._read_patiently(raised.last)

    def _call(self, changes: Sequence[Change]) -> None:
        """Call listeners with a commit; meanwhile `revision` is that of the commit, and greater than all before."""
        self._calling = self._called = max(self._called + 1, changes[-1].revision)
        try:
            self._listeners.call(changes)
        finally:
            self._calling = None

    def hear_events(self, changes: Sequence[tuple[EventKey, bytes | None]]) -> None:
        """Call listeners with a commit of another process that changed events."""
        revision = self.revision
        self._call([Change(revision, key, body) for key, body in changes])

    async def _read_patiently(self, revision: int) -> None:
        """Read over a lost connection too; raises SeatLost."""
        while True:
            try:
                return await self.read(revision)
            except SeatLost:
                raise
            except StoreError as err:
                logger.warning("the changes of other backends cannot be read", extra=fields(error=str(err)))
                await self._clock.sleep(READ_AGAIN_S)

    @property
    def _is_reading(self) -> bool:
        return self._reading.locked()

    async def read(self, revision: int) -> None:
        """Return when listeners know all changes up to a revision; raises StoreError."""
        while self.read_to < revision:
            async with self._reading:
                if self.read_to < revision:
                    await self._read_page()

    async def _read_page(self) -> None:
        assert self._readers is not None
        assert self._writer is not None
        rows = await self._readers.fetch(_LOGGED, (self.read_to, PAGE_ROWS))
        if rows[0]["trimmed"] > self.read_to:
            raise SeatLost("this backend has not read the changes of others for too long: start it again")
        newest: dict[Key, Change] = {}
        for row in rows:
            if row["revision"] is not None:
                key = Key(row["kind"], row["namespace"][:-1], row["name"])
                newest.pop(key, None)
                newest[key] = Change(row["revision"], key, row["body"], row["shown"])
        self._writer.forget_resources(newest)
        for _, commit in groupby(newest.values(), attrgetter("revision")):
            self._call(list(commit))
        read_to: int = rows[0]["newest"] if len(rows) < PAGE_ROWS else rows[-1]["revision"]
        self.read_to = max(self.read_to, read_to)

    def others_passed(self, revision: int | None) -> None:
        """All later commits of the other processes exceed this revision; None if there are no others.

        A process that has just joined may have promised less than those before it; what was promised before holds,
        because it has read that.
        """
        before = self._others_passed
        self._others_passed = revision if revision is None or before is None else max(before, revision)

    async def caught_up(self) -> None:
        """Return if this process is valid, so that its listeners know all that was answered; raises StoreError."""
        problem = self.problem()
        if problem:
            raise StoreAway(problem)

    def problem(self) -> str:
        """Why this process must not act now: its last sign of life that was answered is too old. Empty otherwise."""
        if self._clock.monotonic() < self.valid_until:
            return ""
        return f"the database {self._shown} has not answered for more than {VALID_S:g} s"

    def include_events(self) -> None:
        """Include events of other processes from now on."""
        if not self.events_included:
            self.events_included = True
            self._announce()

    @property
    def revision(self) -> int:
        """The revision that all later commits exceed, and up to which listeners know all changes of resources.

        While listeners are called, it is that of the commit.
        """
        assert self._writer is not None
        if self._calling is not None:
            return self._calling
        own = self._writer.revision
        return own if self._others_passed is None else min(own, self._others_passed)

    def announce_with(self, announce: Callable[[], None]) -> None:
        """Call `announce` when the events of others are needed."""
        self._announce = announce
