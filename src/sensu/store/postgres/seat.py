"""The seat of this process: the row that every commit of it must find as it left it.

Each start of a backend takes a new seat. A commit raises the number `commits` of the seat from the value that the
writer knows. If the number is another one, or the seat was taken away, nothing is written: another process took this
one for dead, or the database lost its last commits. No clock takes part in this.
"""

import socket
from collections.abc import Sequence
from typing import Any

from sensu.clock import Clock
from sensu.rules import commits_in_doubt
from sensu.store.coordination import SeatLost
from sensu.store.postgres.connection import Connector

_JOIN = """
WITH number AS (UPDATE numbers SET value = value + 1 WHERE name = 'seat' RETURNING value),
forgotten AS (
    DELETE FROM seats WHERE gone_at < now() - interval '7 days' RETURNING id, results_bytes, changes_bytes, revision
),
silent AS (DELETE FROM beats WHERE seat IN (SELECT id FROM forgotten)),
marks AS (
    DELETE FROM states AS s USING forgotten AS f WHERE s.name LIKE 'members.' || f.id || '.%'
        OR s.name LIKE 'members.%.from.' || f.id
),
heard AS (
    INSERT INTO beats (seat, beat, settled) SELECT value, 0,
        greatest((SELECT revision FROM revision), (SELECT max(b.settled) FROM beats AS b)) FROM number
)
INSERT INTO seats (id, session, host, results_bytes, changes_bytes, revision)
    SELECT value, $1, $2, (SELECT coalesce(sum(results_bytes), 0)::bigint FROM forgotten),
        (SELECT coalesce(sum(changes_bytes), 0)::bigint FROM forgotten),
        (SELECT coalesce(max(revision), 0) FROM forgotten) FROM number
RETURNING id
"""
_ENDED = """
SELECT s.id FROM seats AS s WHERE s.gone_at IS NULL AND s.host = $1 AND s.session != $2 AND NOT EXISTS (
    SELECT 1 FROM pg_stat_activity AS a WHERE a.application_name = 'sensu-backend ' || s.session
)
"""
_GONE = "UPDATE seats SET gone_at = now(), why = $2 WHERE id = $1 AND gone_at IS NULL"
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
        """Take a new seat; raises errors of the driver."""
        self.id = await connection.fetchval(_JOIN, self._session, socket.gethostname())

    async def ended_here(self, connection: Any) -> Sequence[int]:
        """The seats of processes of this host that are not connected any more, so that they have ended.

        Where a pooler holds the connections, nothing is known of them.
        """
        if not self._connector.target.statement_cache:
            return ()
        return [row[0] for row in await connection.fetch(_ENDED, socket.gethostname(), self._session)]

    async def leave(self, connection: Any) -> None:
        """Give the seat up."""
        await connection.execute(_GONE, self.id, "stopped")

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
        return SeatLost(
            f"another backend of the database {shown} took this one for dead ({row['why']}): start it again"
        )
