"""The rules of an agent's session with a backend. Pure: callers pass the time and random numbers.

Source: docs, agent reference (retry-*, backend-heartbeat-*, max-session-length); recorded scenarios agent-reject-503,
agent-reject-429, agent-no-entity-config, agent-pings, agent-two-backends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GATE_TIMEOUT_S = 10.0
NOT_FOUND = "not found"
"""The name in the entity_config of a backend that does not have the agent's entity yet."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How long an agent waits between attempts to connect."""

    min_s: float = 1.0
    max_s: float = 120.0
    multiplier: float = 2.0

    def slowed(self) -> "Retries":
        """The waits after a backend answered 429."""
        return Retries(self.min_s * 2, self.max_s * 2, self.multiplier * 2)


class Backoff:
    """The waits between attempts: the first is `min_s`, later ones grow, with jitter, up to `max_s`.

    Source: recorded scenarios agent-reject-503 (0.5, 1.1, 2.0, 2.0 with 0.5 / 2 / 2.0) and agent-reject-429.
    """

    def __init__(self, retries: Retries) -> None:
        self._base = retries
        self._current = retries
        self._wait_s = 0.0

    def next_wait_s(self, jitter: float) -> float:
        """How long to wait before the next attempt; `jitter` is random in [0, 1)."""
        if self._wait_s == 0:
            self._wait_s = self._current.min_s
            return min(self._wait_s, self._current.max_s)
        self._wait_s = min(self._wait_s * self._current.multiplier, self._current.max_s)
        return min(self._wait_s * (1 + jitter), self._current.max_s)

    def slow_down(self) -> None:
        """A backend answered 429: use longer waits."""
        self._base = self._base.slowed()

    def reset(self) -> None:
        """A session was established: the next failure starts with the shortest wait."""
        self._current, self._wait_s = self._base, 0.0


class Rotation:
    """The order of backends: all in turn, in a random order that is fixed at start."""

    def __init__(self, urls: Sequence[str], order: Sequence[int]) -> None:
        """`order` is a random permutation of the indexes of `urls`."""
        self._urls = [urls[index] for index in order]
        self._next = 0

    def next_url(self) -> str:
        """The URL to try now."""
        url = self._urls[self._next % len(self._urls)]
        self._next += 1
        return url


class SendGate:
    """Whether an agent may send: after the first entity_config, or after 10 seconds without one.

    While it is shut, check requests are dropped. An agent that manages its entity itself has no gate.
    Source: recorded scenario agent-no-entity-config.
    """

    def __init__(self, opened_at: float, *, agent_managed: bool = False) -> None:
        """`opened_at` is when the session began, on the same clock as the `now` given later."""
        self.opens_at = opened_at if agent_managed else opened_at + GATE_TIMEOUT_S
        self._configured = agent_managed

    def entity_config_arrived(self) -> None:
        """Open the gate; an entity_config with the name `not found` opens it, too."""
        self._configured = True

    def is_open(self, now: float) -> bool:
        """Whether to send events and accept check requests."""
        return self._configured or now >= self.opens_at


class Sequences:
    """The sequence numbers of events, counted for each check from 1 in every session."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, check: str) -> int:
        """The number for the next event of `check`."""
        number = self._last.get(check, 0) + 1
        self._last[check] = number
        return number


def heartbeat_timeout_s(interval_s: float, timeout_s: float) -> float:
    """The effective heartbeat time-out: one that is not above the interval is replaced by 10/6 of the interval."""
    return timeout_s if timeout_s > interval_s else interval_s * 10 / 6


def session_length_s(max_s: float, dice: float) -> float | None:
    """After how many seconds to reconnect: between half of `max_s` and `max_s`; None for never.

    `dice` is random in [0, 1).
    """
    return max_s * (0.5 + dice / 2) if max_s > 0 else None
