"""How backends that share a database agree who owns what (`store/coordination.py`)."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.rules.signs_of_life import BEAT_EVERY_S, valid_until
from sensu.store.coordination import PROTOCOL, Contact, LivingSeat, SeatLost, SlotRow, View
from sensu.store.owed_sizes import OwedSizes
from sensu.store.postgres.connection import Connector, Readers, StoreAway, explained, is_lost
from sensu.store.postgres.feed import SharedChanges
from sensu.store.postgres.seat import Seat
from sensu.store.postgres.statements import numbered
from sensu.store.postgres.writer import PostgresWriter
from sensu.store.values import DeliveriesSize, EventKey

logger = logging.getLogger(__name__)

BEAT_WITHIN_S = 2.0
LOG_ROWS_MAX = 100_000
"""The number of changes that are kept for backends that have not read them yet; one that needs older ones ends."""

_JOIN = (
    "UPDATE seats SET name = ?, url = ?, certificate = ?, client_url = ?, protocol_min = ?, protocol_max = ?,"
    " joined = true WHERE id = ?"
)
_TAKE_SLOTS = "UPDATE seats SET takes_slots = $2 WHERE id = $1"
_ASK_TO_LEAVE = "UPDATE seats SET leaving = true WHERE id = $1 AND gone_at IS NULL"
_BEAT = numbered("""
WITH mine AS (
    UPDATE beats SET beat = beat + 1, read_to = ?, owed = ?, owed_bytes = ?, unreached = ?,
        settled = greatest(settled, ?) WHERE seat = ?
)
SELECT s.id, s.name, s.url, s.certificate, s.protocol_min, s.protocol_max, s.joined, s.takes_slots,
    s.client_url, s.leaving, b.beat, b.read_to, b.owed, b.owed_bytes, b.unreached, b.settled,
    (SELECT revision FROM revision) AS changed, (SELECT value FROM numbers WHERE name = 'map') AS map,
    extract(epoch FROM clock_timestamp())::float8 AS now
FROM seats AS s JOIN beats AS b ON b.seat = s.id WHERE s.gone_at IS NULL
""")
_SLOTS = "SELECT slot, seat, wanted_by, epoch FROM slots ORDER BY slot"
_CLAIM = numbered(
    "UPDATE slots SET seat = ?, wanted_by = NULL, epoch = epoch + 1 WHERE slot = ANY(?::smallint[]) AND seat IS NULL"
)
_FREE = numbered(
    "UPDATE slots AS s SET seat = NULL, wanted_by = u.wanted_by FROM unnest(?::smallint[], ?::bigint[])"
    " AS u (slot, wanted_by) WHERE s.slot = u.slot AND s.seat = ?"
)
_FREE_ALL = "UPDATE slots SET seat = NULL, wanted_by = NULL WHERE seat = $1"
_END = "UPDATE seats SET gone_at = now(), why = $2 WHERE id = $1 AND gone_at IS NULL RETURNING session"
_MAP_CHANGED = "UPDATE numbers SET value = value + 1 WHERE name = 'map'"
_SESSION = "SELECT session FROM seats WHERE id = $1"
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sensu-backend ' || $1"
_TRIM = numbered("""
WITH bound AS (
    SELECT greatest(?, coalesce(
        (SELECT revision FROM change_log ORDER BY revision DESC, part DESC OFFSET ? LIMIT 1), 0
    )) AS revision
), gone AS (DELETE FROM change_log AS l USING bound AS b WHERE l.revision <= b.revision RETURNING l.revision)
UPDATE revision SET trimmed = greatest(trimmed, (SELECT max(revision) FROM gone)) WHERE EXISTS (SELECT 1 FROM gone)
""")


class PostgresCoordination:
    """The seat of this process among those of others; signs of life have a connection of their own."""

    def __init__(
        self,
        connector: Connector,
        seat: Seat,
        writer: PostgresWriter,
        readers: Readers,
        feed: SharedChanges,
        owed: Callable[[], OwedSizes],
        take_up: Callable[[Slots], Awaitable[None]],
        clock: Clock,
        own_host: str,
    ) -> None:
        """`take_up` is awaited with claimed slots before they are written; `owed` are the deliveries of own slots."""
        self._connector, self._seat, self._writer, self._readers = connector, seat, writer, readers
        self._feed, self._owed, self._take_up, self._clock = feed, owed, take_up, clock
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._changed = 0
        self.own_host = own_host
        self.joined = False
        self.known: Callable[[int], Awaitable[None]] | None = None
        self.owed_by_others = DeliveriesSize(0, 0)

    @property
    def seat(self) -> int:
        """The number of this process's seat."""
        return self._seat.id

    def problem(self) -> str:
        """Why this process must not act now; empty otherwise."""
        return self._feed.problem()

    async def join(self, contact: Contact) -> None:
        """Take part; raises StoreError."""
        place = (contact.name, contact.url, contact.certificate, contact.client_url, PROTOCOL, PROTOCOL, self.seat)
        await self._writer.in_turn([(numbered(_JOIN), place)])
        self._writer.slots = frozenset()
        self._owed().drop(ALL_SLOTS)
        self.joined = True

    async def take_slots(self, takes: bool) -> None:
        """Say whether slots are planned for this seat."""
        await self._writer.in_turn([(_TAKE_SLOTS, (self.seat, takes))])

    async def beat(self, unreached: Collection[int] = ()) -> View:
        """Give a sign of life, and read those of the others; raises StoreError."""
        owed, sent_at = self._owed().size, self._clock.monotonic()
        args = (self._feed.read_to, owed.count, owed.bytes, sorted(unreached), self._writer.revision, self.seat)
        rows = await self._on_own_connection(_BEAT, *args)
        seats = {row["id"]: _living(row) for row in rows}
        if self.seat not in seats:
            raise await self._lost()
        if rows[0]["changed"] < self._changed:
            raise self._lose(SeatLost("the database has lost changes that this backend has read: start it again"))
        self._changed = rows[0]["changed"]
        self._feed.valid_until = valid_until(sent_at)
        view = View(seats, rows[0]["changed"], rows[0]["map"], rows[0]["now"])
        others = [row for row in rows if row["id"] != self.seat]
        with contextlib.suppress(StoreAway):
            await self._feed.read(view.revision)
            self._feed.others_passed(min((row["settled"] for row in others), default=None))
        self._writer.raise_to(max((row["settled"] for row in others), default=0))
        self.owed_by_others = DeliveriesSize(
            sum(row["owed"] for row in others), sum(row["owed_bytes"] for row in others)
        )
        return view

    async def slots(self) -> Sequence[SlotRow]:
        """The table of slots, in order."""
        return [SlotRow(*row) for row in await self._readers.fetch(_SLOTS)]

    async def claim(self, slots: Collection[int]) -> Sequence[SlotRow]:
        """Claim slots; returns those that belong to this seat now."""
        wanted = sorted(slots)
        await self._writer.in_turn([(_CLAIM, (self.seat, wanted)), (_MAP_CHANGED, ())], continues_others=True)
        claimed = [row for row in await self.slots() if row.seat == self.seat and row.slot in slots]
        gained = frozenset(row.slot for row in claimed)
        await self._take_up(gained)
        self._writer.slots = (self._writer.slots or frozenset()) | gained
        return claimed

    async def free(self, slots: Mapping[int, int | None]) -> None:
        """Give up slots of this seat, each for the seat that should claim it (None: for anybody)."""
        lost = frozenset(slots)
        self._writer.slots = (self._writer.slots or frozenset()) - lost
        await self._writer.in_turn([(_FREE, (list(slots), list(slots.values()), self.seat)), (_MAP_CHANGED, ())])
        self._writer.forget_slots(lost)
        self._owed().drop(lost)

    async def fence(self, seat: int, why: str) -> None:
        """End a seat and free its slots; raises StoreError.

        A frozen process can have left a transaction open, which holds the row of its seat: then its sessions are ended.
        """
        logger.warning("a backend is taken for dead", extra=fields(seat=seat, why=why))
        for attempt in range(3):
            try:
                async with self._turn:
                    await self._fence_once(await self._own_connection(), seat, why, attempt)
            except Exception as err:
                self._forget_lost(err)
                if getattr(err, "sqlstate", None) != "55P03" or attempt == 2:  # lock not available
                    raise explained(self._connector.target, err) from err
            else:
                return

    async def _fence_once(self, connection: Any, seat: int, why: str, attempt: int) -> None:
        if attempt:
            await connection.execute(_END_SESSIONS, await connection.fetchval(_SESSION, seat))
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute(_END, seat, why)
            await connection.execute(_FREE_ALL, seat)
            await connection.execute(_MAP_CHANGED)

    async def fence_ended(self) -> None:
        """End the seats of processes of this host that have ended; raises StoreError."""
        async with self._readers.connection() as connection:
            ended = await self._seat.ended_here(connection)
        for seat in ended:
            await self.fence(seat, "ended")

    async def ask_to_leave(self, seat: int) -> None:
        """Ask a living member to hand its slots over and end; raises StoreError."""
        await self._on_own_connection(_ASK_TO_LEAVE, seat)

    async def leave(self) -> None:
        """End this seat, and free its slots."""
        self._writer.slots = frozenset()
        await self._writer.in_turn([(_FREE_ALL, (self.seat,)), (_MAP_CHANGED, ())])

    def answer_after(self, known: Callable[[int], Awaitable[None]]) -> None:
        """Await `known` with the revision of a commit before the commit returns."""
        self.known = known

    async def read_changes(self, revision: int) -> None:
        """Return when listeners know all changes of resources up to a revision; raises StoreError."""
        await self._feed.read(revision)

    def hear_events(self, changes: Sequence[tuple[EventKey, bytes | None]]) -> None:
        """Call listeners with a commit of another process."""
        self._feed.hear_events(changes)

    async def trim_log(self, read_to: int) -> None:
        """Forget changes that everybody knows, up to a revision, and the oldest of too many; raises StoreError."""
        await self._readers.fetch(_TRIM, (read_to, LOG_ROWS_MAX))

    async def _on_own_connection(self, sql: str, *args: Any) -> list[Any]:
        async with self._turn:
            try:
                connection = await self._own_connection()
                return list(await connection.fetch(sql, *args, timeout=BEAT_WITHIN_S))
            except Exception as err:
                self._forget_lost(err)
                raise err if isinstance(err, StoreError) else explained(self._connector.target, err) from err

    async def _own_connection(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connector.connect()
        return self._connection

    def _forget_lost(self, err: Exception) -> None:
        if self._connection is not None and is_lost(err):
            self._connection.terminate()
            self._connection = None

    async def _lost(self) -> SeatLost:
        connection = await self._own_connection()
        return self._lose(await self._seat.lost(connection))

    def _lose(self, lost: SeatLost) -> SeatLost:
        if not self._writer.lost.done():
            self._writer.lost.set_result(str(lost))
        return lost

    async def keep_alive(self) -> None:
        """Give signs of life until this process takes part."""
        while not self.joined:
            try:
                await self.beat()
            except SeatLost:
                return
            except StoreError as err:
                logger.debug("no sign of life", extra=fields(error=str(err)))
            await self._clock.sleep(BEAT_EVERY_S)

    def close(self) -> None:
        """Release the connection."""
        if self._connection is not None:
            self._connection.terminate()


def _living(row: Any) -> LivingSeat:
    return LivingSeat(
        row["id"],
        Contact(row["name"], row["url"], row["certificate"], row["client_url"]),
        row["beat"],
        row["read_to"],
        DeliveriesSize(row["owed"], row["owed_bytes"]),
        frozenset(row["unreached"]),
        (row["protocol_min"], row["protocol_max"]),
        row["joined"],
        row["takes_slots"],
        row["leaving"],
    )
