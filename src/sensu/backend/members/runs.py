"""Passes on what happens to runs of checks to the member that schedules the check, for its run ledger."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from sensu.backend.members.bus import Bus, SendReply
from sensu.backend.members.messages import AgentSessionEnded, ResultStored
from sensu.backend.membership import Runs
from sensu.rules.share import slot_of

HELD_MAX = 10_000
"""How many results wait while checks have no owner; beyond it, the oldest are not counted in the ledger."""


class Owners(Protocol):
    """Who owns which slot."""

    def owns(self, slot: int) -> bool:
        """Whether this member owns a slot now."""
        ...

    def owner_of(self, slot: int) -> int:
        """The member that owns a slot."""
        ...


class ClusterRuns:
    """Passes on what happens to runs (`membership.Runs`); `ledger` is that of this member."""

    def __init__(self, bus: Bus, ledger: Runs, owners: Owners) -> None:
        self._bus, self._ledger, self._owners = bus, ledger, owners
        self._held: deque[ResultStored] = deque(maxlen=HELD_MAX)
        bus.on(ResultStored, self._told)
        bus.on(AgentSessionEnded, lambda _, told, __: ledger.departed(told.namespace, told.subscriptions))

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """The result of a request came in and is stored."""
        self._pass_on(ResultStored(namespace, check, issued))

    def _told(self, member: int, told: ResultStored, answer: SendReply) -> None:
        """Another member takes this one for the owner, which it may become in a moment."""
        if self._owners.owns(slot_of(told.namespace, told.check)):
            self._pass_on(told)
        else:
            self._held.append(told)

    def _pass_on(self, result: ResultStored) -> None:
        """Give a result to the owner of the check; while it has none, the result waits."""
        slot = slot_of(result.namespace, result.check)
        owner = self._owners.owner_of(slot)
        if self._owners.owns(slot):
            self._ledger.answered(result.namespace, result.check, result.issued)
        elif owner in self._bus.peers:
            self._bus.peers[owner].tell(result)
        else:
            self._held.append(result)

    def owners_changed(self) -> None:
        """Pass on what waited for slots that have an owner now."""
        held, self._held = self._held, deque(maxlen=HELD_MAX)
        for result in held:
            self._pass_on(result)

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """A session of an agent with these subscriptions has ended."""
        subscriptions = tuple(subscriptions)
        self._ledger.departed(namespace, subscriptions)
        self._bus.tell_all(AgentSessionEnded(namespace, subscriptions))
