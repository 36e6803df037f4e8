"""The writer: one task that takes all waiting commits, checks them and writes them as one statement."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import count
from typing import Any

import asyncpg
from msgspec.structs import replace

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import SLOTS, Slots
from sensu.store.compression import KINDS, Compression, Dictionary
from sensu.store.coordination import SeatLost
from sensu.store.group import CommitGroup, depends_on_others, resources_of
from sensu.store.owed_sizes import OwedSizes
from sensu.store.pending import GROUP_WRITES_MAX, Pending, groups_of
from sensu.store.postgres import history, statements
from sensu.store.postgres.connection import (
    REPEATABLE_CODES,
    Connector,
    StoreAway,
    explained,
    is_lost,
)
from sensu.store.postgres.group_rows import GroupRows, HistoryIds
from sensu.store.postgres.knowledge import Knowledge
from sensu.store.postgres.numbers import Block
from sensu.store.postgres.seat import Seat
from sensu.store.postgres.statements import DIVISION_BY_ZERO, Statement
from sensu.store.postgres.work import InDoubt, InTurn, JudgeAgain, Raised, Work
from sensu.store.values import Committed, Key

logger = logging.getLogger(__name__)

DEAD_LETTERS_SLACK = 64
GONE_EVENTS_SLACK = 256
ATTEMPTS_MAX = 3
"""How often a group is checked and written again because the database was not as the writer knew it."""
PATIENCE_S = 3.0
"""How long commits wait for a database that went away; after that they fail until it is back."""
RECONNECT_S = (0.05, 0.1, 0.2, 0.5, 1.0)

_LOCK = "SELECT revision FROM revision FOR UPDATE"
_REVISION = """
SELECT greatest((SELECT revision FROM revision), (SELECT max(revision) FROM seats), (SELECT max(settled) FROM beats))
"""
_NEWEST_ENTRY = "SELECT greatest((SELECT max(id) FROM results), (SELECT max(id) FROM changes))"


Tell = Callable[[Sequence[Pending], Raised | None], Awaitable[None]]


class PostgresWriter:
    """Writes submitted commits; `tell` is awaited with each finished group, in order."""

    def __init__(
        self, connector: Connector, seat: Seat, clock: Clock, tell: Tell, owed: Callable[[], OwedSizes]
    ) -> None:
        self.revision = 0
        """All later commits have greater revisions."""
        self.slots: Slots | None = None
        """The slots of this process, once it takes part; events of others are refused then."""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why this process must not use the database any more, as soon as that is known."""
        self._connector, self._seat, self._clock, self._tell, self._owed = connector, seat, clock, tell, owed
        self._waiting: list[Pending] = []
        self._steps: list[InTurn] = []
        self._in_flight = False
        self._wake = asyncio.Event()
        self._stopping = False
        self._connection: Any = None
        self._knowledge = Knowledge()
        self._compression = Compression()
        self._event_ids = Block("event", 10_000)
        self._delivery_ids = Block("delivery", 100_000, shown=True)
        self._history_ids = HistoryIds(clock)
        self._dead_since_trim = DEAD_LETTERS_SLACK
        self._gone_since_trim = GONE_EVENTS_SLACK
        self._away_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, connection: Any) -> None:
        """Begin on a connection, which the writer keeps; raises errors of the driver."""
        self._connection = connection
        self._history_ids.begin(self._seat.id)
        await self.continue_others(connection)
        await self._event_ids.refill(connection)
        await self._look_for_dictionaries(KINDS)
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def continue_others(self, connection: Any) -> None:
        """Allocate greater numbers from now on than those that are stored."""
        self._history_ids.go_beyond(await connection.fetchval(_NEWEST_ENTRY) or 0)
        await self._delivery_ids.renew(connection)
        self.raise_to(await connection.fetchval(_REVISION))

    def raise_to(self, revision: int) -> None:
        """Give later commits greater revisions; a group that is being written keeps those that it has."""
        if not self._in_flight:
            self.revision = max(self.revision, revision)

    def submit(self, commits: Sequence[Pending]) -> None:
        """Queue commits to be written in order; never waits."""
        self._waiting.extend(commits)
        self._wake.set()

    async def in_turn(self, statements: Sequence[tuple[str, Sequence[Any]]], *, continues_others: bool = False) -> None:
        """Commit statements in turn with the commits of the store, as `InTurn`; raises StoreError."""
        if self._task is None or self._task.done():
            raise StoreError("the store is closed")
        step = InTurn(statements, continues_others=continues_others)
        self._steps.append(step)
        self._wake.set()
        await step.done

    def forget_resources(self, keys: Collection[Key]) -> None:
        """Forget the ETags of resources that others have changed."""
        self._knowledge.forget_etags(keys)

    def forget_slots(self, slots: Slots) -> None:
        """Forget the events of slots that another process writes from now on."""
        self._knowledge.forget_slots(slots)

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
        while not (self._stopping and not self._waiting and not self._steps):
            if not self._waiting and not self._steps:
                self._wake.clear()
                await self._wake.wait()
            while self._steps:
                await self._write_step(self._steps.pop(0))
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

    async def _write_step(self, step: InTurn) -> None:
        try:
            await self._write_patiently(lambda _: self._write_statements(step.statements))
            if step.continues_others:
                await self._write_patiently(lambda _: self.continue_others(self._connection))
            problem: StoreError | None = None
        except SeatLost as err:
            problem = self._lose(err)
        except Exception as err:
            problem = err if isinstance(err, StoreError) else explained(self._connector.target, err)
        if step.done.done():
            return
        if problem is None:
            step.done.set_result(None)
        else:
            step.done.set_exception(problem)

    async def _write_statements(self, todo: Sequence[tuple[str, Sequence[Any]]]) -> None:
        counted = Statement()
        statements.count_commit(counted, self._seat.id, self._seat.commits, self.revision)
        await self._send([(counted.sql, counted.arguments), *todo])

    def _lose(self, err: SeatLost) -> SeatLost:
        logger.error("the store ends", extra=fields(reason=str(err)))
        if not self.lost.done():
            self.lost.set_result(str(err))
        return err

    async def _write_group(self, commits: Sequence[Pending]) -> None:
        """Write a group and report it; if the statement fails, each commit is tried alone."""
        raised: list[Raised] = []
        self._in_flight = True
        try:
            stands = await self._write_patiently(lambda attempt: self._write_together(commits, raised, attempt))
            if stands:
                raised = await self._raised_in_doubt(commits)
        except SeatLost as err:
            self._fail_all(commits, self._lose(err))
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
        finally:
            self._in_flight = False
        await self._tell(commits, raised[0] if raised else None)

    def _fail_all(self, commits: Sequence[Pending], err: StoreError) -> None:
        level = logging.DEBUG if self._away_since is not None else logging.ERROR
        logger.log(level, "commits failed", extra=fields(reason=str(err), commits=len(commits)))
        for pending in commits:
            pending.changes, pending.result = (), err

    async def _raised_in_doubt(self, commits: Sequence[Pending]) -> list[Raised]:
        """The revision that a group reached whose answer was lost; others may have changed resources since."""
        newest = max((p.result.revision for p in commits if isinstance(p.result, Committed)), default=0)
        self.revision = max(self.revision, newest)
        if not any(isinstance(change.key, Key) for pending in commits for change in pending.changes):
            return []
        for attempt in count():
            try:
                await self._connected()
                self.revision = max(self.revision, await self._connection.fetchval(_REVISION))
                break
            except Exception as err:
                self._drop_connection()
                logger.debug("the revision of a commit is not known yet", extra=fields(error=str(err)))
                if self._stopping and attempt >= len(RECONNECT_S):
                    break
        return [Raised(None, self.revision)]

    async def _write_patiently(self, write: Callable[[int], Awaitable[None]]) -> bool:
        """Write something, over a lost connection too; raises StoreError, or an error of the driver.

        If the connection is lost during the commit, this waits until it is known whether the commit stands, however
        long that takes. Returns true if it does.
        """
        if self.lost.done():
            raise SeatLost(self.lost.result())
        for attempt in count(1):
            try:
                await self._connected()
                await write(attempt)
            except InDoubt:
                self._drop_connection()
                if await self._resolved():
                    self._know_back()
                    return True
                self._forget()
            except Exception as err:
                self._forget()
                if is_lost(err):
                    self._drop_connection()
                if attempt >= ATTEMPTS_MAX or not (is_lost(err) or self._is_repeatable(err)):
                    raise
            else:
                return False
        raise AssertionError("unreachable")

    def _is_repeatable(self, err: Exception) -> bool:
        code = getattr(err, "sqlstate", None)
        repeatable = code in (DIVISION_BY_ZERO, *REPEATABLE_CODES)
        return repeatable or isinstance(err, asyncpg.UniqueViolationError | JudgeAgain)

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
                await self._fail_waiting()
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

    async def _fail_waiting(self) -> None:
        """Fail the commits behind one that is in doubt, because none of them was sent."""
        commits, self._waiting = self._waiting, []
        if commits:
            self._fail_all(commits, StoreAway(f"the database {self._connector.target.shown} cannot be reached"))
            await self._tell(commits, None)

    async def _write_together(self, commits: Sequence[Pending], raised: list[Raised], attempt: int) -> None:
        """Check and write a group; adds to `raised` if it changes resources."""
        raised.clear()
        await self._refill(commits)
        await self._look_for_dictionaries(self._compression.unsettled())
        transaction: Any = None
        if attempt > 1 or any(depends_on_others(pending.writes) for pending in commits):
            transaction = self._connection.transaction()
            await transaction.start()
        try:
            if transaction is not None:
                await self._lock(commits)
            group, etags_before = await self._judge(commits)
            if any(isinstance(p.result, Committed) and p.writes for p in commits):
                work = self._prepared(group, etags_before)
                if work.renumbers and transaction is None:
                    transaction = self._connection.transaction()
                    await transaction.start()
                    await self._require_revision()
            else:
                work = None
        except BaseException:
            await _undo(transaction)
            raise
        if work is None:
            await _undo(transaction)
            return
        rows = await self._send(work.todo, transaction)
        self._wrote(group, rows[work.main], commits, raised)

    async def _lock(self, commits: Sequence[Pending]) -> None:
        """Keep others from changing resources until the group is written, and forget what may be out of date."""
        self.revision = max(self.revision, await self._connection.fetchval(_LOCK))
        self._knowledge.forget_etags(resources_of([pending.writes for pending in commits]))

    async def _require_revision(self) -> None:
        """Keep others from changing resources; raises JudgeAgain if they have done so."""
        found = await self._connection.fetchval(_LOCK)
        if found > self.revision:
            self.revision = found
            raise JudgeAgain

    def _prepared(self, group: CommitGroup, etags_before: dict[Key, str | None]) -> "Work":
        """The statements that write a group."""
        bodies = self._compression.of(group)
        rows = GroupRows(group, bodies, self._knowledge.events, self._event_ids.take, self._history_ids)
        main, first = Statement(raises=bool(group.logged)), Statement()
        statements.fence(first if rows.begun_anew else main, self._seat.id, self._seat.commits, rows)
        if main.raises:
            statements.raise_revision(main, group, self.revision)
        if rows.gone:
            statements.delete_events(first if rows.begun_anew else main, rows)
        statements.write_events(main, rows)
        statements.write_resources(main, group, etags_before)
        statements.write_others(main, group, bodies, self._owed())
        statements.write_dictionaries(main, self._compression.trained())
        statements.write_activity(main, group, self._seat.id)
        parts = [(part.sql, part.arguments) for part in ((first, main) if first else (main,))]
        return Work([*parts, *self._later(group, rows)], len(parts) - 1, bool(first) and main.raises)

    def _wrote(self, group: CommitGroup, row: Any, commits: Sequence[Pending], raised: list[Raised]) -> None:
        """Note what was written; the revisions grow if others have changed resources meanwhile."""
        shift = row["shift"] if group.logged else 0
        self.revision = group.revision + shift
        if shift:
            for pending in commits:
                if isinstance(pending.result, Committed):
                    pending.result = Committed(pending.result.revision + shift)
                    pending.changes = [replace(c, revision=c.revision + shift) for c in pending.changes]
        if group.logged:
            raised.append(Raised(row["previous"], self.revision))
        self._knowledge.bound()

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
            *history.note_handlings(group, self._knowledge.events),
            *statements.trim_audit(group),
            *statements.trim_activity(group),
            *history.trim(group, self._knowledge.events, self._seat.id),
            *statements.trimming(trim_dead, trim_gone),
        ]

    async def _send(self, todo: Sequence[tuple[str, Sequence[Any]]], transaction: Any = None) -> list[Any]:
        """Send the statements, in a transaction if there are several, and commit; returns the first row of each.

        Raises InDoubt, or an error of the driver.
        """
        connection = self._connection
        rows: list[Any] = []
        try:
            if transaction is None and len(todo) > 1:
                transaction = connection.transaction()
                await transaction.start()
            try:
                for sql, arguments in todo:
                    rows.append(await connection.fetchrow(sql, *arguments))
            except BaseException:
                await _undo(transaction)
                raise
            if transaction is not None:
                await transaction.commit()
        except Exception as err:
            if is_lost(err) and not isinstance(err, asyncpg.ReadOnlySQLTransactionError):
                raise InDoubt from err
            if getattr(err, "sqlstate", None) == DIVISION_BY_ZERO:
                await self._require_seat()
            raise
        self._seat.commits += 1
        return rows

    async def _require_seat(self) -> None:
        """Raise SeatLost if the seat is not as this process left it."""
        row = await self._connection.fetchrow("SELECT commits, gone_at FROM seats WHERE id = $1", self._seat.id)
        if row is None or row["gone_at"] is not None or row["commits"] != self._seat.commits:
            raise await self._seat.lost(self._connection)

    async def _look_for_dictionaries(self, kinds: Sequence[str]) -> None:
        for kind in kinds:
            row = await self._connection.fetchrow(statements.NEWEST_DICTIONARY, kind)
            newest, number = (None, 0) if row is None else (Dictionary(row[0], row[1]), row[2])
            self._compression.look(kind, newest, number)

    async def _refill(self, commits: Sequence[Pending]) -> None:
        """Take new blocks of numbers before those at hand are used up."""
        writes = sum(len(pending.writes) for pending in commits)
        while self._event_ids.left < writes:
            await self._event_ids.refill(self._connection)
        if self._delivery_ids.is_half_used:
            await self._delivery_ids.refill(self._connection)

    async def _judge(self, commits: Sequence[Pending]) -> tuple[CommitGroup, dict[Key, str | None]]:
        """Check the commits; returns the group, and the ETags before it."""
        return await self._knowledge.judged(self._connection, commits, self.revision, self.slots)

    def _forget(self) -> None:
        """Forget what is known of the database, because a group was not written."""
        self._knowledge.forget()


async def _undo(transaction: Any) -> None:
    """Undo a transaction, if there is one; a lost connection undoes it too."""
    if transaction is not None:
        with contextlib.suppress(Exception):
            await transaction.rollback()
