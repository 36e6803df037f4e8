"""Commits on their way to a writer and back, and the groups in which it writes them."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sensu.errors import StoreError
from sensu.store.group import asks_emptiness
from sensu.store.values import Change, Committed, Refused, Write

WAITING_WRITES_MAX = 10_000
"""The maximum number of writes in progress; further commits wait."""

GROUP_WRITES_MAX = 1000
"""The maximum number of writes in a group; a commit is never split, so a large one can exceed it."""


class Pending:
    """A commit on its way to the writer and back; `logged` are the numbers of its changes that are in a change log."""

    __slots__ = ("changes", "done", "logged", "result", "writes")

    def __init__(self, writes: Sequence[Write], done: "asyncio.Future[Committed | Refused]") -> None:
        self.writes = writes
        self.done = done
        self.result: Committed | Refused | StoreError | None = None
        self.changes: Sequence[Change] = ()
        self.logged = range(0)

    def answer(self) -> None:
        """Return the result to the caller of the commit, if it still waits."""
        if self.done.done():
            return
        if isinstance(self.result, StoreError):
            self.done.set_exception(self.result)
        elif self.result is not None:
            self.done.set_result(self.result)


def groups_of(commits: Sequence[Pending]) -> Iterator[Sequence[Pending]]:
    """The commits in groups that can be checked and written together."""
    group: list[Pending] = []
    writes = 0
    for pending in commits:
        if group and (writes >= GROUP_WRITES_MAX or asks_emptiness(pending.writes)):
            yield group
            group, writes = [], 0
        group.append(pending)
        writes += len(pending.writes)
    if group:
        yield group


def halve(known: dict[Any, Any], size_max: int) -> None:
    """Forget the older half of a cache that has more than `size_max` entries."""
    if len(known) > size_max:
        for key in list(islice(known, len(known) // 2)):
            del known[key]
