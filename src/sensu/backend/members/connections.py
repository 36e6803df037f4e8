"""The connections of a member's daemons to those of the others: workers of a host, or backends with one database."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

from sensu.backend.activity import MemberActivity
from sensu.backend.members.bus import Bus
from sensu.backend.members.peers import PeerMembers
from sensu.backend.members.runs import ClusterRuns
from sensu.backend.members.selections import ClusterSelections
from sensu.backend.members.subscribers import ClusterSubscribers
from sensu.backend.membership import Runs
from sensu.backend.metrics import Numbered
from sensu.backend.ports import Peers, Selections, SlotLedger, Subscribers
from sensu.rules.flow import FlowCounts


class DaemonConnections(ABC):
    """Connects the agents, the run ledger and the numbers of a member with those of the others."""

    def __init__(self, member: int, bus: Bus) -> None:
        self.member, self._bus = member, bus
        self._subscribers: ClusterSubscribers | None = None
        self._runs: ClusterRuns | None = None

    @abstractmethod
    def owns(self, slot: int) -> bool:
        """Whether this member owns a slot."""

    @abstractmethod
    def owner_of(self, slot: int) -> int:
        """The member that owns a slot."""

    def _may_publish(self) -> bool:
        """Whether requests for checks are passed on to agents now."""
        return True

    def joined_subscribers(self, local: Subscribers) -> Subscribers:
        """The agents of all members."""
        self._subscribers = ClusterSubscribers(self._bus, local, self._may_publish)
        return self._subscribers

    def subscribed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """A session of an agent of this member now has these subscriptions; none if it ended."""
        if self._subscribers is not None:
            self._subscribers.changed(session, namespace, agent, subscriptions)

    def joined_runs(self, ledger: Runs) -> Runs:
        """The run ledgers, each of which is kept where its checks are scheduled."""
        self._runs = ClusterRuns(self._bus, ledger, self)
        return self._runs

    def joined_selections(self, local: Selections) -> Selections:
        """The events of all members that service components select."""
        return ClusterSelections(self._bus, local)

    def peers(
        self,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], MemberActivity],
        flow: Callable[[str, int], Sequence[FlowCounts]],
        ledger: SlotLedger,
    ) -> Peers:
        """The other members."""
        return PeerMembers(self._bus, numbers, health, activity, flow, ledger)
