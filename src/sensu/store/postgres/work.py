"""What the writer does in turn: groups of commits, and statements of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class InDoubt(Exception):
    """The connection was lost during a commit, which may have been stored or not."""


class JudgeAgain(Exception):
    """Others have changed resources since the group was checked."""


@dataclass(frozen=True, slots=True)
class Work:
    """The statements that write a group; `main` is the place of the one with its revisions.

    `renumbers` means that revisions are written before `main`, so that they must be the right ones from the start.
    """

    todo: Sequence[tuple[str, Sequence[Any]]]
    main: int
    renumbers: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """The revisions of changes of resources: that of the last one before a group, and the last one of the group."""

    previous: int | None
    """None if it is not known, because the answer to the commit was lost."""
    last: int


class InTurn:
    """Statements that are committed in turn with the commits of the store; `done` is resolved then.

    If it `continues_others`, later commits have greater numbers than those of all processes before.
    """

    def __init__(self, statements: Sequence[tuple[str, Sequence[Any]]], *, continues_others: bool) -> None:
        self.statements, self.continues_others = statements, continues_others
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
