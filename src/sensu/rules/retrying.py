"""Decides when a failed workflow is retried: a few times, with pauses that double up to a limit."""

from dataclasses import dataclass
from typing import Protocol

ATTEMPTS = 1
DELAY_S = 5.0
DELAY_MAX_S = 300.0
JITTER = 0.25
"""Each pause is shortened by up to this fraction, so that workflows that failed together are not retried together."""
DOUBLINGS_MAX = 32


class Retried(Protocol):
    """The fields of a handler about retries."""

    @property
    def retry_attempts(self) -> int | None:
        """The number of retries; None for the default."""
        ...

    @property
    def retry_delay(self) -> int:
        """The first pause in seconds; 0 for the default."""
        ...

    @property
    def retry_delay_max(self) -> int:
        """The longest pause in seconds; 0 for the default."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The number of retries, and the pauses before them."""

    attempts: int = ATTEMPTS
    delay_s: float = DELAY_S
    delay_max_s: float = DELAY_MAX_S


_DEFAULT = RetryPolicy()


def policy_of(handler: Retried | None) -> RetryPolicy:
    """The policy of a handler, with defaults for unset fields. A longer first pause raises the default limit."""
    if handler is None or (handler.retry_attempts is None and not handler.retry_delay and not handler.retry_delay_max):
        return _DEFAULT
    attempts = ATTEMPTS if handler.retry_attempts is None else handler.retry_attempts
    delay_max_s = float(handler.retry_delay_max)
    delay_s = float(handler.retry_delay) or min(DELAY_S, delay_max_s or DELAY_S)
    return RetryPolicy(attempts, delay_s, delay_max_s or max(DELAY_MAX_S, delay_s))


def pause_s(policy: RetryPolicy, failures: int, roll: float) -> float:
    """The pause after `failures` failures (at least one); `roll` is a random number from 0 to 1."""
    longest = policy.delay_s * 2.0 ** min(failures - 1, DOUBLINGS_MAX)
    return min(longest, policy.delay_max_s) * (1.0 - JITTER * roll)
