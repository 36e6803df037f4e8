"""Opens connections to the PostgreSQL database of a store, and explains the driver's errors."""

import asyncio
import copy
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from typing import Any

import asyncpg

from sensu.errors import StoreError
from sensu.store.database_url import DatabaseUrl

CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 15.0
"""A statement that takes longer ends its connection."""

LOOKS_FOR_POOLER = 5
_SERVED_BY = "SELECT pg_backend_pid()"

STATEMENTS_KEPT = 200
STATEMENT_BYTES_MAX = 64 * 1024

LOST_CODES = ("08", "57P", "25006", "53300", "55P03")
"""Errors of the server after which a new connection may succeed: lost, shutting down, a standby, full, or locked."""
REPEATABLE_CODES = ("40001", "40P01")
"""Errors of the server after which the same statement may succeed."""


class SynchronousCommit(Enum):
    """What a commit survives; the value of the setting `synchronous_commit` of PostgreSQL."""

    FULL = "on"
    APPLIED = "remote_apply"
    REMOTE = "remote_write"
    NORMAL = "off"


class StoreAway(StoreError):
    """The database cannot be reached, or the connection was lost; the same may succeed later."""


class Connector:
    """Opens connections that all have the same settings; call `look` before the first one."""

    def __init__(self, target: DatabaseUrl, durability: SynchronousCommit, session: str) -> None:
        self.target, self._durability = target, durability
        self.name = f"sensu-backend {session}"
        """The name under which the server lists the connections of this process."""
        self._pooled = False

    def with_durability(self, durability: SynchronousCommit) -> "Connector":
        """One for connections with another durability, if no pooler keeps this process from setting it."""
        other = copy.copy(self)
        other._durability = durability
        return other

    async def connect(self) -> Any:
        """A new connection; raises StoreError."""
        settings = self._settings() if self.target.statement_cache else {}
        at_start = {} if self._pooled else settings
        with plain_errors(self.target):
            connection = await self._connected(at_start, STATEMENTS_KEPT if self.target.statement_cache else 0)
            if settings and self._pooled:
                await connection.execute(";".join(f"SET {name} = '{value}'" for name, value in settings.items()))
            return connection

    async def look(self) -> None:
        """Find out whether a pooler is in between; raises StoreError if it is in a mode that would not work.

        A pooler has process ids of its own, and refuses most settings when a connection begins. If it gives the same
        session of the server to two connections, it is not in session mode.
        """
        with plain_errors(self.target):
            connection = await self._connected({}, 0)
            try:
                served_by = await connection.fetchval(_SERVED_BY)
                self._pooled = served_by != connection.get_server_pid()
                if self._pooled and self.target.statement_cache and await self._is_shared(connection):
                    raise StoreError(
                        f"the database {self.target.shown} is behind a pooler that is not in session mode: add"
                        " statement_cache=0 to the URL in --store, or use session mode"
                    )
            finally:
                connection.terminate()

    async def _is_shared(self, one: Any) -> bool:
        """Whether a session of the server serves two connections in turn; other clients can hide that for a moment."""
        other = await self._connected({}, 0)
        try:
            for _ in range(LOOKS_FOR_POOLER):
                if await one.fetchval(_SERVED_BY) == await other.fetchval(_SERVED_BY):
                    return True
        finally:
            other.terminate()
        return False

    def _settings(self) -> dict[str, str]:
        return {
            "synchronous_commit": self._durability.value,
            "idle_in_transaction_session_timeout": "5s",
            "jit": "off",
        }

    async def _connected(self, settings: Mapping[str, str], statements_kept: int) -> Any:
        return await asyncpg.connect(
            self.target.url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=STATEMENT_TIMEOUT_S,
            statement_cache_size=statements_kept,
            max_cacheable_statement_size=STATEMENT_BYTES_MAX,
            max_cached_statement_lifetime=0,
            server_settings={"application_name": self.name, **settings},
            target_session_attrs="read-write",
        )

    async def require_durability(self, connection: Any) -> None:
        """Raise StoreError if the durability is another one, because a pooler keeps this process from setting it."""
        found = await connection.fetchval("SELECT current_setting('synchronous_commit')")
        if found != self._durability.value:
            raise StoreError(
                f"the database {self.target.shown} has synchronous_commit = {found}, but --durability requires"
                f" {self._durability.value}: set it with ALTER ROLE … SET synchronous_commit = {self._durability.value}"
            )


def local_host(connection: Any) -> str:
    """The address of this host on a connection; empty if the server is reached without a network."""
    name = connection._transport.get_extra_info("sockname")
    return str(name[0]) if isinstance(name, tuple) else ""


@contextmanager
def plain_errors(target: DatabaseUrl) -> Iterator[None]:
    """Convert errors of the driver and of the network to StoreError."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError) as err:
        raise explained(target, err) from err


def is_lost(err: BaseException) -> bool:
    """Whether an error means that the connection must not be used any more."""
    if isinstance(err, asyncpg.PostgresError):
        return (getattr(err, "sqlstate", None) or "").startswith(LOST_CODES)
    if isinstance(err, asyncpg.InterfaceError):
        return "connection is closed" in str(err) or "another operation" in str(err)
    return isinstance(err, OSError | asyncpg.InternalClientError)


def explained(target: DatabaseUrl, err: Exception) -> StoreError:
    """The problem with the database in one sentence; `StoreAway` if it may pass."""
    problem = _explained(target.shown, err)
    problem.__cause__ = err
    return problem


def _explained(shown: str, err: Exception) -> StoreError:
    if isinstance(err, TimeoutError):
        return StoreAway(f"the database {shown} does not answer in time")
    if isinstance(err, OSError):
        return StoreAway(f"the database {shown} cannot be reached: {os.strerror(err.errno) if err.errno else err}")
    if isinstance(err, asyncpg.DataError) and isinstance(err.__cause__, ValueError | OverflowError):
        return StoreError(f"the database {shown} cannot store a value: {err.__cause__}")  # without the value itself
    code = getattr(err, "sqlstate", None) or ""
    if code.startswith("28"):
        return StoreError(f"the database {shown} refuses the user or the password: {err}")
    if code == "3D000":
        return StoreError(f"the database {shown} does not exist: create it with createdb")
    if code == "53100":
        return StoreError(f"the disk that holds the database {shown} is full")
    if "unsupported startup parameter" in str(err):
        return StoreError(
            f"a pooler before the database {shown} refuses a parameter of the URL ({err}): set it for the role with"
            " ALTER ROLE … SET"
        )
    if "statement pooling mode" in str(err):
        return StoreError(
            f"the database {shown} is behind a pooler in statement mode, which has no transactions: use session mode"
        )
    if code.startswith("XX"):
        return StoreError(f"the database {shown} is damaged: {err}")
    if is_lost(err):
        return StoreAway(f"the database {shown} cannot be reached: {err or type(err).__name__}")
    return StoreError(f"the database {shown} failed: {err or type(err).__name__}")


def names_without_nul(args: Sequence[Any]) -> list[Any]:
    """The arguments of a query, with another character for NUL in names, which a text of the database cannot have.

    No name has either character, so that nothing is found by these names, as with names that do not exist.
    """
    return [_without_nul(one) for one in args]


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [one.replace("\0", "\ufffd") for one in value]
    return value


class Readers:
    """At most `connections_max` connections for reading, which are opened when they are needed.

    A query whose connection turns out to be lost is repeated once on a new one.
    """

    def __init__(self, connector: Connector, connections_max: int) -> None:
        self._connector = connector
        self._turns = asyncio.Semaphore(connections_max)
        self._idle: list[Any] = []
        self._closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection that nobody else uses meanwhile; waits while all are in use. Raises StoreError."""
        async with self._turns:
            if self._closed:
                raise StoreError("the store is closed")
            connection = self._idle.pop() if self._idle else await self._connector.connect()
            try:
                with plain_errors(self._connector.target):
                    yield connection
            except BaseException as err:
                if isinstance(err, StoreAway) or not isinstance(err, StoreError):
                    connection.terminate()
                raise
            finally:
                self._put_back(connection)

    def _put_back(self, connection: Any) -> None:
        if self._closed:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)

    @asynccontextmanager
    async def one_moment(self) -> AsyncIterator[Any]:
        """A connection on which several queries read the same state; raises StoreError."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query; raises StoreError."""
        try:
            return await self._fetch_once(sql, args)
        except StoreAway:
            while self._idle:
                self._idle.pop().terminate()
        return await self._fetch_once(sql, args)

    async def _fetch_once(self, sql: str, args: Sequence[Any]) -> list[Any]:
        rows: list[Any] = []
        async with self.connection() as connection:
            rows += await connection.fetch(sql, *names_without_nul(args))
        return rows

    def close(self) -> None:
        """Close all connections; queries that run are ended when they return."""
        self._closed = True
        while self._idle:
            self._idle.pop().terminate()
