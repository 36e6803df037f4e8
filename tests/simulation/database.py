"""A simulated database server: transactions take time, connections break, and the last commits can be lost."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeVar

from tests.simulation.loop import PROCESS, SimLoop
from tests.simulation.tables import Tables

T = TypeVar("T")

START = 1_700_000_000
CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 15.0
PAUSE_S = 0.0005
"""How long a message to or from the server takes on average."""
LATE_S, LATE_MOST_S = 3.0, 20.0
"""How much later than its connection ended a statement can still run at the server; a few are as late as the second."""


class Lost(Exception):
    """The connection was lost; a statement that was under way may have run, may run later, or never."""


class _Statement:
    """A statement on its way."""

    def __init__(self, work: Callable[[Tables], Any], answer: "asyncio.Future[Any]", context: Context) -> None:
        self.work, self.answer, self.context = work, answer, context
        self.dropped = self.ran = False


class SimDatabase:
    """The server. Its faults are methods; the processes reach it through connections."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop, self.chance = loop, loop.chance
        self.tables = Tables()
        self.up = True
        self.starts = 1
        self.pause_s = PAUSE_S
        self.in_doubt = 0
        self.never_ran = 0
        """How many statements were under way when their connection broke, and how many of these never ran."""
        self.breaking: dict[str, float] = {}
        """How likely it is for each process that a connection breaks while a statement is under way."""
        self._connections: dict[str, list[Connection]] = {}
        self._cut: set[str] = set()
        self._world = loop.process("")

    def travel_s(self) -> float:
        """How long a message to or from the server takes."""
        return self.pause_s * (0.3 + self.chance.expovariate(1.0))

    def now(self) -> float:
        """The time of the server's clock, in Unix seconds."""
        return START + self.loop.time()

    async def connect(self) -> "Connection":
        """A connection of the process that calls; raises Lost."""
        process = PROCESS.get()
        if process in self._cut:
            await asyncio.sleep(CONNECT_TIMEOUT_S)
            raise Lost
        await asyncio.sleep(self.travel_s())
        if not self.up or self.loop.is_killed(process):
            raise Lost
        connection = Connection(self, process)
        self._connections.setdefault(process, []).append(connection)
        return connection

    def is_cut(self, process: str) -> bool:
        """Whether a process does not reach the server."""
        return process in self._cut

    def stop(self) -> None:
        """The server ends: what it has not run is dropped, and all connections break."""
        self.up = False
        for process in list(self._connections):
            self.break_connections(process, late=False)

    def start(self) -> None:
        """The server takes connections again."""
        self.up = True
        self.starts += 1

    def fail_over(self, lost: int) -> int:
        """A standby takes over, which lacks the last transactions; returns how many it really lacks."""
        self.stop()
        lost = self.tables.lose(lost)
        self.start()
        return lost

    def break_connections(self, process: str, *, late: bool = True) -> None:
        """The connections of a process break; with `late`, what is under way may still run a while later."""
        for connection in self._connections.pop(process, []):
            connection.break_off(late=late)

    def cut(self, process: str) -> None:
        """A process does not reach the server any more, nor the server the process."""
        self._cut.add(process)

    def heal(self, process: str) -> None:
        """The process reaches the server again; its old connections are gone."""
        self._cut.discard(process)
        self.break_connections(process)

    def forget(self, connection: "Connection") -> None:
        """A connection was closed."""
        connections = self._connections.get(connection.process, [])
        if connection in connections:
            connections.remove(connection)

    def in_world(self, delay_s: float, callback: Callable[..., None], *args: Any) -> None:
        """Call something of the server later."""
        self.loop.call_later(delay_s, callback, *args, context=self._world)


class Connection:
    """One connection of a process."""

    def __init__(self, database: SimDatabase, process: str) -> None:
        self.process = process
        self.alive = True
        self._database = database
        self._under_way: list[_Statement] = []

    async def run(self, work: Callable[[Tables], T]) -> T:
        """What `work` returns, run as one transaction; raises Lost, or what `work` raises."""
        if not self.alive:
            raise Lost
        loop = self._database.loop
        answer: asyncio.Future[T] = loop.create_future()
        statement = _Statement(work, answer, copy_context())
        self._under_way.append(statement)
        self._database.in_world(self._database.travel_s(), self._arrive, statement)
        if self._database.chance.random() < self._database.breaking.get(self.process, 0.0):
            soon_s = self._database.chance.uniform(0.0, 4 * self._database.pause_s)
            self._database.in_world(soon_s, self._database.break_connections, self.process)
        try:
            async with asyncio.timeout(STATEMENT_TIMEOUT_S):
                return await answer
        except TimeoutError as err:
            self.terminate()
            raise Lost from err

    def _arrive(self, statement: _Statement) -> None:
        if self.alive and self._database.is_cut(self.process):
            return
        if not statement.dropped and self._database.up:
            statement.ran = True
            self._run(statement)

    def _run(self, statement: _Statement) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            with self._database.tables.transaction():
                result = statement.work(self._database.tables)
        except Exception as err:
            error = err
        if self.alive:
            self._database.in_world(self._database.travel_s(), self._answer, statement, result, error)

    def _answer(self, statement: _Statement, result: Any, error: Exception | None) -> None:
        if self.alive and not self._database.is_cut(self.process):
            self._under_way.remove(statement)
            self._database.loop.call_soon(_resolve, statement.answer, result, error, context=statement.context)

    def terminate(self) -> None:
        """Give the connection up, from the side of the process."""
        if self.alive:
            self._database.forget(self)
            self.break_off(late=True)

    def break_off(self, *, late: bool) -> None:
        """The connection ends; what is under way is dropped, or (`late`) may run later than that."""
        self.alive = False
        chance = self._database.chance
        for statement in self._under_way:
            self._database.in_doubt += 1
            if not statement.ran and not (late and chance.random() < 0.5):
                statement.dropped = True
                self._database.never_ran += 1
            elif not statement.ran:
                statement.dropped = True
                later_s = chance.uniform(0.0, LATE_S if chance.random() < 0.8 else LATE_MOST_S)
                self._database.in_world(later_s, self._run_late, statement, self._database.starts)
            lost_after_s, loop = self._database.travel_s(), self._database.loop
            loop.call_later(lost_after_s, _resolve, statement.answer, None, Lost(), context=statement.context)
        self._under_way.clear()

    def _run_late(self, statement: _Statement, starts: int) -> None:
        if self._database.up and self._database.starts == starts:
            self._run(statement)


def _resolve(answer: "asyncio.Future[Any]", result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(result)
