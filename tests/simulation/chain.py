"""The chain of a seat's commits over a simulated database, and the same with one piece left out.

The rules are those of the PostgreSQL store (`sensu.store.postgres.seat`), with functions over tables in place of SQL.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from sensu.rules import commits_in_doubt
from sensu.store.coordination import SeatLost
from tests.simulation.database import Connection
from tests.simulation.tables import SeatRow, Tables

T = TypeVar("T")


class Chain:
    """A seat, and the number of its last commit."""

    claims_in_turn = True
    """Whether slots are claimed by commits of this chain."""

    def __init__(self) -> None:
        self.seat = self.commits = 0
        self.lost = ""
        self._tries = 0

    def take_seat(self, tables: Tables, member: str, process: str) -> int:
        """Take a new seat; it is not alone (`take_place`)."""
        seat = tables.next_number("seat")
        tables.put(tables.seats, seat, SeatRow(member, process))
        return seat

    def take_place(self, tables: Tables, member: str, process: str) -> int:
        """Take a new seat, and fence the one that an earlier process of the member had."""
        seat = self.take_seat(tables, member, process)
        for number, row in list(tables.seats.items()):
            if row.member == member and not row.gone and number != seat:
                tables.put(tables.seats, number, msgspec.structs.replace(row, gone=f"seat {seat} took its place"))
        for slot in list(tables.slots):
            tables.give_slot(slot, seat)
        return seat

    def linked(self, work: Callable[[Tables], T]) -> Callable[[Tables], T]:
        """The work as the next commit of the chain: it fails if the seat is not as this process left it."""
        expected = self.commits

        def commit(tables: Tables) -> T:
            row = tables.seats.get(self.seat)
            if row is None or self._is_gone(row) or self._is_other(row, expected):
                raise SeatLost(f"seat {self.seat} is {row}, expected {expected} commits")
            tables.put(tables.seats, self.seat, msgspec.structs.replace(row, commits=row.commits + 1))
            return work(tables)

        return commit

    def _is_gone(self, row: SeatRow) -> bool:
        return bool(row.gone)

    def _is_other(self, row: SeatRow, expected: int) -> bool:
        return row.commits != expected

    def committed(self) -> None:
        """The next commit stands."""
        self.commits += 1

    def begin_doubt(self) -> None:
        """The connection was lost during a commit."""
        self._tries = 0

    async def resolve(self, connection: Connection) -> bool:
        """Whether the commit in doubt stands, or never will; raises SeatLost, or Lost.

        It raises the number by growing powers of two, so that neither the commit in doubt nor an earlier attempt to
        resolve it can apply later, and parity tells whether the commit in doubt is among what was counted.
        """
        self._tries += 1
        attempt, expected = self._tries, self.commits
        step = commits_in_doubt.raised_by(attempt)

        def raise_number(tables: Tables) -> int:
            row = tables.seats.get(self.seat)
            if row is None or self._is_gone(row) or not commits_in_doubt.may_be_raised(row.commits, expected, attempt):
                raise SeatLost(f"seat {self.seat} is {row}, expected {expected} commits or a few more")
            tables.put(tables.seats, self.seat, msgspec.structs.replace(row, commits=row.commits + step))
            return row.commits + step

        found = await connection.run(raise_number)
        stands = commits_in_doubt.stands(found, self.commits)
        self.commits = found
        return stands

    def commits_in(self, tables: Tables) -> int:
        """The number that the database has."""
        row = tables.seats.get(self.seat)
        return -1 if row is None else row.commits


class WithoutFence(Chain):
    """Left out: a seat that was taken away can still commit."""

    def _is_gone(self, row: SeatRow) -> bool:
        return False


class WithoutNumber(Chain):
    """Left out: nothing compares the number of commits; after a doubt it is read."""

    def _is_other(self, row: SeatRow, expected: int) -> bool:
        return False

    async def resolve(self, connection: Connection) -> bool:
        """Believe the number."""
        found = await connection.run(self.commits_in)
        stands, self.commits = found > self.commits, found
        return stands


class ReadsTheNumber(Chain):
    """Left out: a doubt is resolved by reading the number instead of committing the next one."""

    async def resolve(self, connection: Connection) -> bool:
        """Believe the number that is there now."""
        found = await connection.run(self.commits_in)
        if not self.commits <= found <= self.commits + 1:
            raise SeatLost(f"seat {self.seat} has {found} commits")
        stands, self.commits = found > self.commits, found
        return stands


class AssumesFailure(Chain):
    """Left out: a commit in doubt is taken for one that failed."""

    async def resolve(self, connection: Connection) -> bool:
        """Go on from the number that is there now."""
        self.commits = await connection.run(self.commits_in)
        return False


class ClaimsOutOfTurn(Chain):
    """Left out: slots are claimed beside the chain, so that a lost claim is not noticed."""

    claims_in_turn = False
