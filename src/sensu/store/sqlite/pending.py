"""A commit on its way to the writer and back."""

import asyncio
from collections.abc import Sequence

from sensu.errors import StoreError
from sensu.store.values import Change, Committed, Refused, Write


class Pending:
    """A commit on its way to the writer and back; `changes` are those that are not in the change log."""

    __slots__ = ("changes", "done", "result", "writes")

    def __init__(self, writes: Sequence[Write], done: "asyncio.Future[Committed | Refused]") -> None:
        self.writes = writes
        self.done = done
        self.result: Committed | Refused | StoreError | None = None
        self.changes: Sequence[Change] = ()
