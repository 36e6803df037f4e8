"""The run ledger of the cluster, which the member keeps that schedules checks."""

from collections.abc import Callable, Iterable

from sensu.backend.members.bus import Bus
from sensu.backend.members.messages import AgentSessionEnded, ResultStored
from sensu.backend.membership import Runs


class ClusterRuns:
    """Passes on what happens to runs to the member that keeps the ledger (`membership.Runs`)."""

    def __init__(self, bus: Bus, ledger: Runs, keeper: Callable[[], int], own: int) -> None:
        """`keeper` returns the member that keeps the ledger; `own` is this one, with `ledger`."""
        self._bus, self._ledger, self._keeper, self._own = bus, ledger, keeper, own
        bus.on(ResultStored, lambda _, told, __: ledger.answered(told.namespace, told.check, told.issued))
        bus.on(AgentSessionEnded, lambda _, told, __: ledger.departed(told.namespace, told.subscriptions))

    def answered(self, namespace: str, check: str, issued: int) -> None:
        """The result of a request came in and is stored."""
        keeper = self._keeper()
        if keeper == self._own:
            self._ledger.answered(namespace, check, issued)
        elif keeper in self._bus.peers:
            self._bus.peers[keeper].tell(ResultStored(namespace, check, issued))

    def departed(self, namespace: str, subscriptions: Iterable[str]) -> None:
        """A session of an agent with these subscriptions has ended."""
        keeper = self._keeper()
        if keeper == self._own:
            self._ledger.departed(namespace, subscriptions)
        elif keeper in self._bus.peers:
            self._bus.peers[keeper].tell(AgentSessionEnded(namespace, tuple(subscriptions)))
