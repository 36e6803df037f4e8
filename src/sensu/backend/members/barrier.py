"""What the writer of a resource waits for, so that its answer holds at every member.

A change of a resource is something that all members act on: a log-out, a silence, a check. The writer asks all members
to look, and answers its client when each of them knows the change, or is gone. A member that the message does not reach
learns of the change with its next sign of life, and says so with the one after it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.messages import Look, Seen
from sensu.errors import StoreError
from sensu.log import fields

log = logging.getLogger("sensu.members")


class Barrier:
    """Waits until all other members know the changes of resources up to a revision."""

    def __init__(self, bus: Bus, read_changes: Callable[[int], Awaitable[None]]) -> None:
        """`read_changes` returns when this member knows all changes up to a revision."""
        self._bus, self._read_changes = bus, read_changes
        self._seen: dict[int, int] = {}
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._looking: set[asyncio.Task[None]] = set()
        bus.on(Look, self._look)
        bus.on_coming(self._come)

    def _come(self, peer: Peer) -> None:
        self._seen.setdefault(peer.member, 0)
        peer.hear_seen(self._note)

    def members(self, seen: Mapping[int, int]) -> None:
        """These are the other members now, and what each of them knows; all others are gone."""
        self._seen = {member: max(revision, self._seen.get(member, 0)) for member, revision in seen.items()}
        self._wake()

    def _note(self, member: int, revision: int) -> None:
        if member in self._seen:
            self._seen[member] = max(revision, self._seen[member])
            self._wake()

    def _wake(self) -> None:
        known = min(self._seen.values(), default=None)
        for waiting, revision in list(self._waiting.items()):
            if (known is None or known >= revision) and not waiting.done():
                waiting.set_result(None)

    async def known(self, revision: int) -> None:
        """Return when all other members know all changes up to a revision."""
        if min(self._seen.values(), default=revision) >= revision:
            return
        self._bus.tell_all(Look(revision))
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = revision
        try:
            await waiting
        finally:
            del self._waiting[waiting]

    def _look(self, member: int, message: Look, answer: SendReply) -> None:
        task = asyncio.get_running_loop().create_task(self._tell_seen(message.revision, answer))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _tell_seen(self, revision: int, answer: SendReply) -> None:
        try:
            await self._read_changes(revision)
        except StoreError as err:
            log.warning("the changes of another member cannot be read", extra=fields(error=str(err)))
        else:
            answer(Seen(revision))
