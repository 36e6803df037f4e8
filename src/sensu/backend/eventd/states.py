"""A bounded cache of the last state of each check of each entity."""

from collections.abc import Iterable, Iterator, Mapping

from sensu.rules.check_state import CheckState
from sensu.store.values import EventKey

STATES_MAX = 120_000
"""Maximum cached states, at about 2 KiB each; the least recently written are dropped and read again when needed."""


class States:
    """States by event; None for events that are known not to exist."""

    def __init__(self, states_max: int = STATES_MAX) -> None:
        self._states: dict[EventKey, CheckState | None] = {}
        self._max = states_max

    def __contains__(self, key: EventKey) -> bool:
        return key in self._states

    def __len__(self) -> int:
        return len(self._states)

    def get(self, key: EventKey) -> CheckState | None:
        """The state, or None if the event does not exist or is not cached."""
        return self._states.get(key)

    def put(self, key: EventKey, state: CheckState | None) -> None:
        """Cache a state as the most recent one."""
        states = self._states
        states.pop(key, None)
        states[key] = state
        if len(states) > self._max:
            del states[next(iter(states))]

    def learn(self, keys: Iterable[EventKey], stored: Mapping[EventKey, CheckState]) -> None:
        """Cache the stored states of the events `keys`; states in the cache are newer and stay."""
        for key in keys:
            if key not in stored:
                self.put(key, None)
            elif self._states.get(key) is None:
                self.put(key, stored[key])

    def __iter__(self) -> Iterator[EventKey]:
        """The events whose states are in memory."""
        return iter(self._states)

    def forget(self, key: EventKey) -> None:
        """Drop a state; it is read from the store when it is needed again."""
        self._states.pop(key, None)
