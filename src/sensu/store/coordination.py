"""The protocol by which the processes that share a store agree who owns what.

A *seat* is one start of a process; its number is never used again. Every commit of a seat is counted in its row (its
*chain*), and writes nothing if the seat is gone or the count is not the one that the process knows. So a process that
was taken for dead, or whose last commits were lost, cannot write any more; no clock takes part.

A *slot* belongs to at most one seat at a time. Only its owner gives up a slot of a living seat (`free`), and only a
free slot can be claimed. `claim` and `free` are commits in the caller's chain, in turn with its other commits: all
commits of a former owner come before the claim, and the new owner reads the state after it. `fence` ends a seat that is
silent and frees its slots.

The rules are in `rules/share.py` (who should own what), `rules/signs_of_life.py` (who is silent, who may act) and
`rules/commits_in_doubt.py`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sensu.errors import StoreError
from sensu.store.values import DeliveriesSize, EventKey

PROTOCOL = 1
"""The version of the messages between members that this program speaks."""


class SeatLost(StoreError):
    """The process must not use the store any more: its seat was taken away, or commits of it were lost."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How the other members reach this one, and how they know that it is the one."""

    name: str
    url: str
    certificate: bytes
    """In DER."""
    client_url: str = ""
    """Where clients reach its API."""


@dataclass(frozen=True, slots=True)
class LivingSeat:
    """A living seat, as everybody reads it."""

    id: int
    contact: Contact
    beat: int
    """Grows with each sign of life."""
    read_to: int
    """The revision up to which its listeners know all changes of resources."""
    owed: DeliveriesSize
    """The pending deliveries of its slots."""
    unreached: frozenset[int] = frozenset()
    """The seats that it has not reached for a while."""
    protocols: tuple[int, int] = (PROTOCOL, PROTOCOL)
    joined: bool = True
    """Whether it takes part, and can own slots; false before `join`, and for short commands."""
    takes_slots: bool = True
    """Whether slots are planned for it: it has started, and does not end."""
    leaving: bool = False
    """Whether somebody asked it to end."""


class SlotRow(NamedTuple):
    """A row of the table of slots; `epoch` grows with each claim."""

    slot: int
    seat: int | None
    wanted_by: int | None
    epoch: int


@dataclass(frozen=True, slots=True)
class View:
    """What a sign of life returns: all living seats, and what tells whether there is more to read."""

    seats: Mapping[int, LivingSeat]
    revision: int
    """The revision of the last change of a resource."""
    map: int
    """Grows with each change of the table of slots."""
    now: float
    """The time of the store, in Unix seconds."""


class Coordination(Protocol):
    """The seat of this process. All methods raise StoreError; `SeatLost` if this process must end."""

    @property
    def seat(self) -> int:
        """The number of this process's seat."""
        ...

    @property
    def own_host(self) -> str:
        """The address of this host in the network of the store, `127.0.0.1` if the store is on this host."""
        ...

    def problem(self) -> str:
        """Why this process must not act now: its last sign of life that was answered is too old. Empty otherwise."""
        ...

    async def fence_ended(self) -> None:
        """End the seats of processes of this host that have ended, as far as that can be known at once."""
        ...

    async def join(self, contact: Contact) -> None:
        """Take part: from now on others may see this seat, connect to it and plan slots for it."""
        ...

    async def take_slots(self, takes: bool) -> None:
        """Say whether slots are planned for this seat; they are not before this is called."""
        ...

    async def beat(self, unreached: Collection[int] = ()) -> View:
        """Give a sign of life, with the seats that this one does not reach, and read those of the others.

        Does not wait for commits of this process. When it returns, listeners know all changes up to the view's revision
        if they can be read.
        """
        ...

    async def slots(self) -> Sequence[SlotRow]:
        """The table of slots, in order."""
        ...

    async def claim(self, slots: Collection[int]) -> Sequence[SlotRow]:
        """Claim slots; returns those that belong to this seat now, after which their state can be read."""
        ...

    async def free(self, slots: Mapping[int, int | None]) -> None:
        """Give up slots of this seat, each for the seat that should claim it (None: for anybody)."""
        ...

    async def fence(self, seat: int, why: str) -> None:
        """End a seat and free its slots; when this returns, it writes nothing any more."""
        ...

    async def ask_to_leave(self, seat: int) -> None:
        """Ask a living member to hand its slots over and end."""
        ...

    async def leave(self) -> None:
        """End this seat, and free its slots."""
        ...

    def answer_after(self, known: Callable[[int], Awaitable[None]]) -> None:
        """Await `known` with the revision of a commit before the commit returns.

        Only commits that change resources, and no events, wait.
        """
        ...

    async def read_changes(self, revision: int) -> None:
        """Return when listeners know all changes of resources up to a revision."""
        ...

    def hear_events(self, changes: Sequence[tuple[EventKey, bytes | None]]) -> None:
        """Call listeners with a commit of another process, which changed these events (None: deleted)."""
        ...

    async def trim_log(self, read_to: int) -> None:
        """Forget the changes that all seats know, up to a revision, and the oldest if there are too many."""
        ...
