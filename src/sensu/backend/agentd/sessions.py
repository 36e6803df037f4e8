"""The connected agents, by name, user and subscription."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from sensu.backend.agentd.session import AgentSession


class AgentSessions:
    """The sessions of this process; several may have the same agent name."""

    def __init__(self, changed: Callable[[AgentSession], None] = lambda _: None) -> None:
        """`changed` is called with each session whose subscriptions changed."""
        self._changed = changed
        self._by_agent: dict[tuple[str, str], list[AgentSession]] = {}
        self._agents_in: Counter[str] = Counter()
        self._by_user: dict[str, dict[AgentSession, None]] = {}
        self._by_subscription: dict[tuple[str, str], dict[AgentSession, None]] = {}

    def add(self, session: AgentSession) -> None:
        """Add a session without subscriptions."""
        same = self._by_agent.setdefault(session.agent_key, [])
        if not same:
            self._agents_in[session.namespace] += 1
        same.append(session)
        self._by_user.setdefault(session.user, {})[session] = None

    def remove(self, session: AgentSession) -> None:
        """Remove a session and its subscriptions."""
        self.resubscribe(session, frozenset())
        same = self._by_agent.get(session.agent_key, [])
        if session in same:
            same.remove(session)
        if not same and self._by_agent.pop(session.agent_key, None) is not None:
            self._agents_in[session.namespace] -= 1
            if not self._agents_in[session.namespace]:
                del self._agents_in[session.namespace]
        of_user = self._by_user.get(session.user, {})
        of_user.pop(session, None)
        if not of_user:
            self._by_user.pop(session.user, None)

    def resubscribe(self, session: AgentSession, subscriptions: frozenset[str]) -> None:
        """Replace the subscriptions of a session."""
        for gone in session.subscriptions - subscriptions:
            key = (session.namespace, gone)
            members = self._by_subscription.get(key, {})
            members.pop(session, None)
            if not members:
                self._by_subscription.pop(key, None)
        for new in subscriptions - session.subscriptions:
            self._by_subscription.setdefault((session.namespace, new), {})[session] = None
        changed = session.subscriptions != subscriptions
        session.subscriptions = subscriptions
        if changed:
            self._changed(session)

    def of_agent(self, namespace: str, agent: str) -> Sequence[AgentSession]:
        """The sessions of an agent, oldest first."""
        return tuple(self._by_agent.get((namespace, agent), ()))

    def of_user(self, user: str) -> Sequence[AgentSession]:
        """The sessions that authenticated as a user, oldest first."""
        return tuple(self._by_user.get(user, ()))

    def of_subscription(self, namespace: str, subscription: str) -> Sequence[AgentSession]:
        """The sessions of a subscription, in the order in which they subscribed."""
        return tuple(self._by_subscription.get((namespace, subscription), ()))

    def number_of(self, namespace: str, subscription: str) -> int:
        """The number of sessions of a subscription."""
        return len(self._by_subscription.get((namespace, subscription), ()))

    def agents_in(self, namespace: str) -> int:
        """The number of agents of a namespace that have sessions."""
        return self._agents_in[namespace]

    def all(self) -> Iterable[AgentSession]:
        """Every session."""
        return [session for same in self._by_agent.values() for session in same]

    def count_by_namespace(self) -> dict[str, int]:
        """The number of sessions by namespace."""
        counts: dict[str, int] = defaultdict(int)
        for (namespace, _), same in self._by_agent.items():
            counts[namespace] += len(same)
        return dict(counts)
