"""The last state of each check of each entity, in memory as far as there is room."""

from collections.abc import Iterable, Mapping

from sensu.rules.check_state import CheckState
from sensu.store.contract import EventKey

STATES_MAX = 120_000
"""How many states are kept, at about 2 KiB each; those not seen longest are forgotten and read again when needed."""


class States:
    """States by event, None for events that are known not to exist."""

    def __init__(self, states_max: int = STATES_MAX) -> None:
        self._states: dict[EventKey, CheckState | None] = {}
        self._max = states_max

    def __contains__(self, key: EventKey) -> bool:
        return key in self._states

    def __len__(self) -> int:
        return len(self._states)

    def get(self, key: EventKey) -> CheckState | None:
        """The state, None where the event does not exist or is not in memory."""
        return self._states.get(key)

    def put(self, key: EventKey, state: CheckState | None) -> None:
        """Remember a state as the one seen last."""
        states = self._states
        states.pop(key, None)
        states[key] = state
        if len(states) > self._max:
            del states[next(iter(states))]

    def learn(self, keys: Iterable[EventKey], stored: Mapping[EventKey, CheckState]) -> None:
        """Remember what the store has of events that were asked for; what is in memory already knows more."""
        for key in keys:
            if key not in stored:
                self.put(key, None)
            elif self._states.get(key) is None:
                self.put(key, stored[key])

    def forget(self, key: EventKey) -> None:
        """Read the state from the store when it is needed next."""
        self._states.pop(key, None)
