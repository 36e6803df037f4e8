"""The writer: one task that takes all waiting commits, checks them and writes them as one statement."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import asyncpg

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import SLOTS
from sensu.store.coordination import SeatLost
from sensu.store.group import CommitGroup, asked, asks_emptiness
from sensu.store.owed_sizes import OwedSizes
from sensu.store.pending import GROUP_WRITES_MAX, Pending, groups_of, halve
from sensu.store.postgres import history, statements
from sensu.store.postgres.connection import (
    REPEATABLE_CODES,
    Connector,
    StoreAway,
    explained,
    is_lost,
)
from sensu.store.postgres.group_rows import GroupRows, HistoryIds, KnownEvent
from sensu.store.postgres.numbers import Block
from sensu.store.postgres.seat import Seat
from sensu.store.postgres.statements import DIVISION_BY_ZERO, Statement
from sensu.store.queries import slashed
from sensu.store.values import (
    Committed,
    CutHistory,
    DeleteEvent,
    DeleteResource,
    EventKey,
    Key,
    MarkSilenced,
    NoteHandling,
    PutEvent,
    PutResource,
)

logger = logging.getLogger(__name__)

EVENTS_KNOWN_MAX = 200_000
ETAGS_KNOWN_MAX = 100_000
DEAD_LETTERS_SLACK = 64
GONE_EVENTS_SLACK = 256
ATTEMPTS_MAX = 3
"""How often a group is checked and written again because the database was not as the writer knew it."""
PATIENCE_S = 3.0
"""How long commits wait for a database that went away; after that they fail until it is back."""
RECONNECT_S = (0.05, 0.1, 0.2, 0.5, 1.0)

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


class InDoubt(Exception):
    """The connection was lost during a commit, which may have been stored or not."""


class PostgresWriter:
    """Writes submitted commits; `tell` is called with each finished group, in order."""

    def __init__(
        self,
        connector: Connector,
        seat: Seat,
        clock: Clock,
        tell: Callable[[Sequence[Pending]], None],
        owed: Callable[[], OwedSizes],
    ) -> None:
        self.revision_first = 0
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why this process must not use the database any more, as soon as that is known."""
        self._connector, self._seat, self._clock, self._tell, self._owed = connector, seat, clock, tell, owed
        self._waiting: list[Pending] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._connection: Any = None
        self._known: dict[EventKey, KnownEvent] = {}
        self._etags: dict[Key, str | None] = {}
        self._revisions, self._event_ids = Block("revision", 10_000), Block("event", 10_000)
        self._delivery_ids = Block("delivery", 100_000)
        self._history_ids = HistoryIds(clock)
        self._dead_since_trim = DEAD_LETTERS_SLACK
        self._gone_since_trim = GONE_EVENTS_SLACK
        self._away_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, connection: Any) -> None:
        """Begin on a connection, which the writer keeps; raises errors of the driver."""
        self._connection = connection
        newest = await connection.fetchval(
            "SELECT greatest((SELECT max(id) FROM results), (SELECT max(id) FROM changes))"
        )
        self._history_ids.begin(self._seat.id, newest or 0)
        for block in (self._revisions, self._event_ids, self._delivery_ids):
            await block.refill(connection)
        self.revision_first = self._revisions.last
        self._task = asyncio.create_task(self._run(), name="store-writer")

    def submit(self, commits: Sequence[Pending]) -> None:
        """Queue commits to be written in order; never waits."""
        self._waiting.extend(commits)
        self._wake.set()

    def next_delivery_id(self, slot: int) -> int:
        """A number that was never used before; raises StoreError if too many were taken without a commit."""
        return self._delivery_ids.take() * SLOTS + slot

    async def stop(self) -> None:
        """Write all submitted commits, then release the connection."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.shield(self._task)
        if self._connection is not None and not self.lost.done():
            try:
                await self._seat.leave(self._connection)
                await self._connection.close(timeout=1)
            except Exception as err:
                logger.debug("could not leave the database", extra=fields(error=str(err)))
        if self._connection is not None:
            self._connection.terminate()

    async def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            for group in groups_of(self._take()):
                await self._write_group(group)

    def _take(self) -> Sequence[Pending]:
        """All waiting commits, as many as can share a group."""
        writes = number = 0
        while number < len(self._waiting) and writes < GROUP_WRITES_MAX:
            writes += len(self._waiting[number].writes)
            number += 1
        taken, self._waiting[:number] = self._waiting[:number], []
        return taken

    async def _write_group(self, commits: Sequence[Pending]) -> None:
        """Write a group and report it; if the statement fails, each commit is tried alone."""
        try:
            await self._write_patiently(commits)
        except SeatLost as err:
            logger.error("the store ends", extra=fields(reason=str(err)))
            if not self.lost.done():
                self.lost.set_result(str(err))
            self._fail_all(commits, err)
        except Exception as err:
            self._forget()
            problem = err if isinstance(err, StoreError) else explained(self._connector.target, err)
            if isinstance(problem, StoreAway):
                commits, self._waiting = [*commits, *self._waiting], []
            if len(commits) == 1 or isinstance(problem, StoreAway):
                self._fail_all(commits, problem)
            else:
                for pending in commits:
                    await self._write_group([pending])
                return
        self._tell(commits)

    def _fail_all(self, commits: Sequence[Pending], err: StoreError) -> None:
        level = logging.DEBUG if self._away_since is not None else logging.ERROR
        logger.log(level, "commits failed", extra=fields(reason=str(err), commits=len(commits)))
        for pending in commits:
            pending.changes, pending.result = (), err

    async def _write_patiently(self, commits: Sequence[Pending]) -> None:
        """Write a group, over a lost connection too; raises StoreError, or an error of the driver.

        If the connection is lost during the commit, this waits until it is known whether the commit stands, however
        long that takes.
        """
        if self.lost.done():
            raise SeatLost(self.lost.result())
        for attempt in count(1):
            try:
                await self._connected()
                await self._write_together(commits)
            except InDoubt:
                self._drop_connection()
                if await self._resolved():
                    self._know_back()
                    return
                self._forget()
            except Exception as err:
                self._forget()
                if is_lost(err):
                    self._drop_connection()
                if attempt >= ATTEMPTS_MAX or not (is_lost(err) or self._is_repeatable(err)):
                    raise
            else:
                return

    def _is_repeatable(self, err: Exception) -> bool:
        code = getattr(err, "sqlstate", None)
        return code in (DIVISION_BY_ZERO, *REPEATABLE_CODES) or isinstance(err, asyncpg.UniqueViolationError)

    async def _connected(self) -> None:
        """Connect again if necessary; raises StoreAway when the database has been away for too long."""
        for attempt in count():
            if self._connection is not None and not self._connection.is_closed():
                self._know_back()
                return
            now = self._clock.monotonic()
            if self._away_since is None:
                self._away_since = now
                logger.warning("the connection to the database was lost")
            try:
                self._connection = await self._connector.connect()
            except StoreError:
                if now - self._away_since >= PATIENCE_S or self._stopping:
                    raise
                await self._clock.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])

    def _know_back(self) -> None:
        if self._away_since is not None:
            self._away_since = None
            logger.warning("the database is reached again")

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def _resolved(self) -> bool:
        """Whether the commit in doubt stands; raises SeatLost."""
        self._seat.begin_doubt()
        logger.warning("the connection was lost during a commit")
        since = self._clock.monotonic()
        for attempt in count():
            if self._clock.monotonic() - since >= PATIENCE_S:
                self._fail_waiting()
            try:
                connection = await self._connector.connect()
                self._connection = connection
                return await self._seat.resolve(connection)
            except SeatLost:
                raise
            except Exception as err:
                self._drop_connection()
                logger.debug("the commit is still in doubt", extra=fields(error=str(err)))
                if self._stopping and attempt >= len(RECONNECT_S):
                    raise StoreError("the connection was lost during a commit; it may be stored or not") from err
            await self._clock.sleep(RECONNECT_S[min(attempt, len(RECONNECT_S) - 1)])
        raise AssertionError("unreachable")

    def _fail_waiting(self) -> None:
        """Fail the commits behind one that is in doubt, because none of them was sent."""
        commits, self._waiting = self._waiting, []
        if commits:
            self._fail_all(commits, StoreAway(f"the database {self._connector.target.shown} cannot be reached"))
            self._tell(commits)

    async def _write_together(self, commits: Sequence[Pending]) -> None:
        await self._refill(commits)
        group, etags_before = await self._judge(commits)
        rows = GroupRows(group, self._known, self._event_ids.take, self._history_ids)
        main, first = Statement(), Statement()
        statements.fence(first if rows.begun_anew else main, self._seat.id, self._seat.commits, rows)
        if rows.gone:
            statements.delete_events(first if rows.begun_anew else main, rows)
        statements.write_events(main, rows)
        statements.write_resources(main, group, etags_before)
        statements.write_others(main, group, self._owed())
        later = self._later(group, rows)
        self._revisions.last = group.revision
        await self._send([first, main] if first else [main], later, commits)
        halve(self._known, EVENTS_KNOWN_MAX)
        halve(self._etags, ETAGS_KNOWN_MAX)

    def _later(self, group: CommitGroup, rows: GroupRows) -> list[tuple[str, Sequence[Any]]]:
        """The statements that depend on what the first one writes."""
        given_up = statements.give_up(group)
        self._dead_since_trim += sum(1 for why in group.settled.values() if why)
        self._gone_since_trim += len(rows.gone)
        trim_dead = bool(given_up) and self._dead_since_trim >= DEAD_LETTERS_SLACK
        trim_gone = bool(rows.gone) and self._gone_since_trim >= GONE_EVENTS_SLACK
        if trim_dead:
            self._dead_since_trim = 0
        if trim_gone:
            self._gone_since_trim = 0
        return [
            *given_up,
            *history.note_handlings(group, self._known),
            *statements.trim_audit(group),
            *history.trim(group, self._known, self._seat.id),
            *statements.trimming(trim_dead, trim_gone),
        ]

    async def _send(
        self, parts: Sequence[Statement], later: Sequence[tuple[str, Sequence[Any]]], commits: Sequence[Pending]
    ) -> None:
        """Send the statements, in a transaction if there are several; raises InDoubt, or an error of the driver."""
        if not any(isinstance(p.result, Committed) and p.writes for p in commits):
            return
        todo = [*((part.sql, part.arguments) for part in parts if part), *later]
        connection = self._connection
        try:
            if len(todo) == 1:
                await connection.fetch(todo[0][0], *todo[0][1])
            else:
                async with connection.transaction():
                    for sql, arguments in todo:
                        await connection.fetch(sql, *arguments)
        except Exception as err:
            if is_lost(err) and not isinstance(err, asyncpg.ReadOnlySQLTransactionError):
                raise InDoubt from err
            if getattr(err, "sqlstate", None) == DIVISION_BY_ZERO:
                await self._require_seat()
            raise
        self._seat.commits += 1

    async def _require_seat(self) -> None:
        """Raise SeatLost if the seat is not as this process left it."""
        row = await self._connection.fetchrow("SELECT commits, gone_at FROM seats WHERE id = $1", self._seat.id)
        if row is None or row["gone_at"] is not None or row["commits"] != self._seat.commits:
            raise await self._seat.lost(self._connection)

    async def _refill(self, commits: Sequence[Pending]) -> None:
        """Take new blocks of numbers before those at hand are used up."""
        writes = sum(len(pending.writes) for pending in commits)
        for block, needed in ((self._revisions, len(commits)), (self._event_ids, writes)):
            while block.left < needed:
                await block.refill(self._connection)
        if self._delivery_ids.is_half_used:
            await self._delivery_ids.refill(self._connection)

    async def _judge(self, commits: Sequence[Pending]) -> tuple[CommitGroup, dict[Key, str | None]]:
        """Check the commits; returns the group, and the ETags before it."""
        writes = [pending.writes for pending in commits]
        keys, events = asked(writes)
        for write in (one for each in writes for one in each):
            if type(write) is PutResource or type(write) is DeleteResource:
                keys.add(write.key)
            elif isinstance(write, _OF_EVENTS):
                events.add(write.key)
        await self._learn_etags([key for key in keys if key not in self._etags])
        await self._learn_events([key for key in events if key not in self._known])
        before = {key: self._etags[key] for key in keys}
        in_use = await self._in_use(writes[0]) if asks_emptiness(writes[0]) else {}
        group = CommitGroup(
            self._etags,
            {key: key in self._known for key in events},
            lambda namespace, kinds: in_use[namespace, tuple(kinds)],
            self._revisions.last,
        )
        for pending in commits:
            pending.result, pending.changes = group.add(pending.writes)
        return group, before

    async def _in_use(self, writes: Sequence[Any]) -> dict[tuple[str, tuple[str, ...]], bool]:
        found: dict[tuple[str, tuple[str, ...]], bool] = {}
        for write in writes:
            if isinstance(write, DeleteResource) and write.empty_of:
                args = (slashed(write.key.name), list(write.empty_of))
                found[write.key.name, tuple(write.empty_of)] = await self._connection.fetchval(_IN_USE, *args)
        return found

    async def _learn_etags(self, keys: Sequence[Key]) -> None:
        if keys:
            places = statements.columns([(key.kind, slashed(key.namespace), key.name) for key in keys])
            found = {row[0] - 1: row[1] for row in await self._connection.fetch(_ETAGS, *places)}
            self._etags.update((key, found.get(number)) for number, key in enumerate(keys))

    async def _learn_events(self, keys: Sequence[EventKey]) -> None:
        if keys:
            places = [(slashed(key.namespace), slashed(key.entity), key.check) for key in keys]
            for row in await self._connection.fetch(_EVENT_IDS, *statements.columns(places)):
                self._known[keys[row[0] - 1]] = KnownEvent(*row[1:])

    def _forget(self) -> None:
        """Forget what is known of the database, because a group was not written."""
        self._known.clear()
        self._etags.clear()
