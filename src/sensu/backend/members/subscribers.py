"""The agents of all workers: where they are connected, and check requests for them.

Each worker reports its sessions to the others when they begin, change or end, and all of them to a worker that
connects. The sessions of a worker are dropped when it disconnects.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.messages import Agents, ConnectedAgent, Disconnect, Publish
from sensu.backend.ports import Subscribers
from sensu.resources.check_request import CheckRequest

AGENTS_TOLD_AT_ONCE = 500


class _Roster:
    """The sessions of one other worker."""

    def __init__(self) -> None:
        self._sessions: dict[int, ConnectedAgent] = {}
        self._of_subscription: dict[tuple[str, str], Counter[str]] = {}
        self._agents: dict[str, Counter[str]] = {}

    def note(self, agent: ConnectedAgent) -> None:
        before = self._sessions.pop(agent.session, None)
        if before is not None:
            self._count(before, -1)
        if agent.subscriptions:
            self._sessions[agent.session] = agent
            self._count(agent, 1)

    def _count(self, agent: ConnectedAgent, change: int) -> None:
        agents = self._agents.setdefault(agent.namespace, Counter())
        agents[agent.name] += change
        if not agents[agent.name]:
            del agents[agent.name]
        for subscription in agent.subscriptions:
            key = (agent.namespace, subscription)
            names = self._of_subscription.setdefault(key, Counter())
            names[agent.name] += change
            if not names[agent.name]:
                del names[agent.name]
            if not names:
                del self._of_subscription[key]

    def agents_in(self, namespace: str) -> int:
        """How many agents of a namespace have sessions."""
        return len(self._agents.get(namespace, ()))

    def of_subscription(self, namespace: str, subscription: str) -> Counter[str]:
        """The number of sessions of each agent of a subscription."""
        return self._of_subscription.get((namespace, subscription), _NOBODY)


_NOBODY: Counter[str] = Counter()


class ClusterSubscribers:
    """`ports.Subscribers` over all workers; `local` are the agents of this one, reported with `changed`."""

    def __init__(self, bus: Bus, local: Subscribers, may_publish: Callable[[], bool] = lambda: True) -> None:
        """Nothing is published while `may_publish` returns false, for other members neither."""
        self._bus, self._local, self._may_publish = bus, local, may_publish
        self._own: dict[int, ConnectedAgent] = {}
        self._rosters: dict[int, _Roster] = {}
        bus.on(Agents, self._told)
        bus.on(Publish, self._publish_here)
        bus.on(Disconnect, self._disconnect_here)
        bus.on_leaving(self._forget)
        bus.on_coming(lambda peer: peer.tell_presence(lambda present: self._introduce(peer) if present else None))

    def changed(self, session: int, namespace: str, agent: str, subscriptions: frozenset[str]) -> None:
        """A session of this worker now has these subscriptions; none if it has ended."""
        told = ConnectedAgent(session, namespace, agent, tuple(subscriptions))
        if subscriptions:
            self._own[session] = told
        elif self._own.pop(session, None) is None:
            return
        self._bus.tell_all(Agents((told,)))

    def _introduce(self, peer: Peer) -> None:
        own = list(self._own.values())
        peer.tell(Agents(own[:AGENTS_TOLD_AT_ONCE], all=True))
        for start in range(AGENTS_TOLD_AT_ONCE, len(own), AGENTS_TOLD_AT_ONCE):
            peer.tell(Agents(own[start : start + AGENTS_TOLD_AT_ONCE]))

    def _forget(self, member: int) -> None:
        self._rosters.pop(member, None)

    def _told(self, member: int, message: Agents, answer: SendReply) -> None:
        if message.all or member not in self._rosters:
            self._rosters[member] = _Roster()
        for agent in message.agents:
            self._rosters[member].note(agent)

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a check request to every agent of a subscription; returns the number of agents."""
        if not self._may_publish():
            return 0
        sent = self._local.publish(namespace, subscription, request)
        for member, roster in self._rosters.items():
            sessions = roster.of_subscription(namespace, subscription).total()
            if sessions:
                peer = self._bus.peers.get(member)
                if peer is not None:
                    peer.tell(Publish(namespace, subscription, request))
                    sent += sessions
        return sent

    def _publish_here(self, member: int, message: Publish, answer: SendReply) -> None:
        """Send a request of another member, unless this one was frozen and reads it too late."""
        if self._may_publish():
            self._local.publish(message.namespace, message.subscription, message.request)

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        """The names of the connected agents of a subscription, sorted."""
        names = set(self._local.agents(namespace, subscription))
        for roster in self._rosters.values():
            names.update(roster.of_subscription(namespace, subscription))
        return sorted(names)

    def sessions(self, namespace: str, subscription: str) -> int:
        """The number of sessions of a subscription."""
        elsewhere = (roster.of_subscription(namespace, subscription) for roster in self._rosters.values())
        return self._local.sessions(namespace, subscription) + sum(names.total() for names in elsewhere)

    def connected(self, namespace: str) -> int:
        """The number of connected agents of a namespace, at each worker that they are connected to."""
        elsewhere = sum(roster.agents_in(namespace) for roster in self._rosters.values())
        return self._local.connected(namespace) + elsewhere

    def disconnect(self, namespace: str, agent: str) -> None:
        """End the sessions of an agent."""
        self._local.disconnect(namespace, agent)
        self._bus.tell_all(Disconnect(namespace, agent))

    def _disconnect_here(self, member: int, message: Disconnect, answer: SendReply) -> None:
        self._local.disconnect(message.namespace, message.agent)
