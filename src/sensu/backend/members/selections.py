"""The events that service components select, of all members."""

import asyncio
import logging
from collections.abc import Sequence

from sensu.backend.members.bus import Bus, Peer, PeerGone, SendReply
from sensu.backend.members.messages import AskSelected, Selected
from sensu.backend.ports import SelectedEvents, Selections

log = logging.getLogger("sensu.members")

ANSWER_WITHIN_S = 10.0


class ClusterSelections:
    """Adds up what the members find among their events (`ports.Selections`)."""

    def __init__(self, bus: Bus, local: Selections) -> None:
        self._peers, self._local = bus.peers, local
        self._answering: set[asyncio.Task[None]] = set()
        bus.on(AskSelected, self._asked)

    async def selected(self, namespace: str, component: str, *, whole: bool) -> SelectedEvents | None:
        """What a component selects; None if a member does not answer."""
        peers = [self._ask(peer, namespace, component, whole) for peer in self._peers.values()]
        found = await asyncio.gather(self._local.selected(namespace, component, whole=whole), *peers)
        known = [events for events in found if events is not None]
        return added_up(known) if len(known) == len(found) else None

    async def _ask(self, peer: Peer, namespace: str, component: str, whole: bool) -> SelectedEvents | None:
        try:
            told = await peer.ask(lambda number: AskSelected(number, namespace, component, whole), ANSWER_WITHIN_S)
        except PeerGone:
            return None
        assert isinstance(told, Selected)
        return told.events

    def _asked(self, member: int, message: AskSelected, answer: SendReply) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(message, answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, message: AskSelected, answer: SendReply) -> None:
        events = None
        try:
            events = await self._local.selected(message.namespace, message.component, whole=message.whole)
        except Exception:
            log.exception("the events of a service component could not be found")
        answer(Selected(message.id, events))


def added_up(parts: Sequence[SelectedEvents]) -> SelectedEvents:
    """The events of several members."""
    critical, warning, unknown, passing = (
        sum(numbers) for numbers in zip(*(p.by_severity for p in parts), strict=True)
    )
    return SelectedEvents(
        frozenset().union(*(part.slots for part in parts)),
        (critical, warning, unknown, passing),
        [body for part in parts for body in part.bodies],
        any(part.too_many for part in parts),
    )
