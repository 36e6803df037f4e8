"""The seat of this process: the row that every commit of it must find as it left it.

Each start of a backend takes a new seat. A commit raises the number `commits` of the seat from the value that the
writer knows. If the number is another one, or the seat was taken away, nothing is written: another process uses the
database, or the database lost its last commits. No clock takes part in this.
"""

import asyncio
import logging
import socket
from typing import Any

from sensu.clock import Clock
from sensu.errors import StoreInUse
from sensu.log import fields
from sensu.rules import commits_in_doubt
from sensu.store.coordination import SeatLost
from sensu.store.postgres.connection import Connector, is_lost

logger = logging.getLogger(__name__)

SILENT_S = 10.0
"""A process that is connected but gives no sign of life for this long is taken for dead."""
LOOK_EVERY_S = 0.2
VALID_S = 6.0
"""How long a process may answer and act after it sent a sign of life that was answered."""
BEAT_WITHIN_S = 2.0

_JOIN = """
WITH number AS (UPDATE numbers SET value = value + 1 WHERE name = 'seat' RETURNING value),
forgotten AS (
    DELETE FROM seats WHERE gone_at < now() - interval '7 days' RETURNING id, results_bytes, changes_bytes
),
silent AS (DELETE FROM beats WHERE seat IN (SELECT id FROM forgotten)),
heard AS (INSERT INTO beats (seat, beat) SELECT value, 0 FROM number)
INSERT INTO seats (id, session, host, results_bytes, changes_bytes)
    SELECT value, $1, $2, (SELECT coalesce(sum(results_bytes), 0)::bigint FROM forgotten),
        (SELECT coalesce(sum(changes_bytes), 0)::bigint FROM forgotten) FROM number
RETURNING id
"""
_OTHERS = """
SELECT s.id, s.session, s.host, b.beat, EXISTS (
    SELECT 1 FROM pg_stat_activity AS a WHERE a.application_name = 'sensu-backend ' || s.session
) AS connected FROM seats AS s JOIN beats AS b ON b.seat = s.id WHERE s.gone_at IS NULL
"""
_FENCE = "UPDATE seats SET gone_at = now(), why = $2 WHERE id = $1 AND gone_at IS NULL"
_BEAT = "UPDATE beats SET beat = beat + 1 WHERE seat = $1"
_RESOLVE = """
UPDATE seats SET commits = commits + $3 WHERE id = $1 AND gone_at IS NULL AND commits >= $2 AND commits < $2 + $3
RETURNING commits
"""


class Seat:
    """The seat of this process after `take`; `commits` is the number of its last commit."""

    def __init__(self, connector: Connector, session: str, clock: Clock) -> None:
        self._connector, self._session, self._clock = connector, session, clock
        self.id = self.commits = 0
        self.valid_until = 0.0
        """Until when this process may act without asking the database, on the monotonic clock."""
        self._tries = 0

    async def take(self, connection: Any) -> None:
        """Take a new seat when no other process uses the database; raises StoreError if one does."""
        await self._require_unused(connection)
        self.valid_until = self._clock.monotonic() + VALID_S
        self.id = await connection.fetchval(_JOIN, self._session, socket.gethostname())

    async def _require_unused(self, connection: Any) -> None:
        """Fence the seats of processes that are not connected any more, or that give no sign of life."""
        began, first = self._clock.monotonic(), dict[int, int]()
        while others := await connection.fetch(_OTHERS):
            silent = self._clock.monotonic() - began >= SILENT_S
            for seat, _, host, beat, connected in others:
                if first.setdefault(seat, beat) != beat:
                    shown = self._connector.target.shown
                    raise StoreInUse(f"the database {shown} is in use by another backend (on {host})")
                if silent or (not connected and self._connector.target.statement_cache):
                    logger.warning("takes over from a backend that ended", extra=fields(host=host, seat=seat))
                    await connection.execute(_FENCE, seat, f"taken over by {socket.gethostname()}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def beat(self, connection: Any) -> None:
        """Give a sign of life; raises TimeoutError if it is not answered soon."""
        sent_at = self._clock.monotonic()
        async with asyncio.timeout(BEAT_WITHIN_S):
            await connection.execute(_BEAT, self.id)
        self.valid_until = sent_at + VALID_S

    def problem(self) -> str:
        """Why this process must not act now: its last sign of life that was answered is too old. Empty otherwise."""
        if self._clock.monotonic() < self.valid_until:
            return ""
        return f"the database {self._connector.target.shown} has not answered for more than {VALID_S:g} s"

    async def leave(self, connection: Any) -> None:
        """Give the seat up, so that another process can start at once."""
        await connection.execute(_FENCE, self.id, "stopped")

    def begin_doubt(self) -> None:
        """The connection was lost during a commit."""
        self._tries = 0

    async def resolve(self, connection: Any) -> bool:
        """Whether the commit in doubt stands (`rules/commits_in_doubt.py`); if it does not, it never will.

        It commits a later number, so that a late statement of the old connection finds another one than it expects.
        Raises SeatLost.
        """
        self._tries += 1
        found = await connection.fetchval(_RESOLVE, self.id, self.commits, commits_in_doubt.raised_by(self._tries))
        if found is None:
            raise await self.lost(connection)
        stands = commits_in_doubt.stands(found, self.commits)
        self.commits = found
        return stands

    async def lost(self, connection: Any) -> SeatLost:
        """The error that says why this process must end."""
        row = await connection.fetchrow("SELECT commits, why FROM seats WHERE id = $1", self.id)
        shown = self._connector.target.shown
        if row is None or (row["why"] is None and row["commits"] != self.commits):
            return SeatLost(f"the database {shown} does not have the last commits of this backend: start it again")
        return SeatLost(f"another backend uses the database {shown} ({row['why']}): this one stops")


async def keep_alive(seat: Seat, connector: Connector, clock: Clock, every_s: float = 1.0) -> None:
    """Give a sign of life every second, on a connection of its own."""
    connection: Any = None
    while True:
        try:
            if connection is None or connection.is_closed():
                connection = await connector.connect()
            await seat.beat(connection)
        except asyncio.CancelledError:
            if connection is not None:
                connection.terminate()
            raise
        except Exception as err:
            if connection is not None and is_lost(err):
                connection.terminate()
                connection = None
            logger.debug("no sign of life", extra=fields(error=str(err)))
        await clock.sleep(every_s)
