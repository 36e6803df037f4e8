"""How long to wait for news that could not arrive while the backend was down."""

from sensu.store.contract import PutState, Store

STATE = "eventd.alive"
BEAT_S = 5.0
"""How often the store is told that this backend lives."""
_GRACE_LEAST_S = 5.0
_GRACE_MOST_S = 240.0
"""Twice the longest pause between two attempts of an agent to connect."""


def grace_s(down_s: float) -> float:
    """How long agents may need to be back: their pauses between attempts double, up to a bound."""
    return min(_GRACE_MOST_S, _GRACE_LEAST_S + 2 * down_s)


def remaining_s(due_at: float, alive_at: float, now: float) -> float:
    """In how many seconds a deadline is due after the backend was last alive at `alive_at`.

    The time in between does not count, and there is at least the grace.
    """
    down_s = max(0.0, now - alive_at)
    return max(due_at - alive_at, grace_s(down_s))


def _state_of(member: int) -> str:
    """Each worker has its own: the others are alive while it is not."""
    return f"{STATE}.{member}" if member else STATE


def beat(now: float, member: int = 0) -> PutState:
    """The write that keeps when this backend, or this worker of it, was alive."""
    return PutState(_state_of(member), repr(now).encode())


async def last_beat(store: Store, now: float, member: int = 0) -> float:
    """When a backend was last alive with this store; `now` where that is not known.

    A worker that was not there at the last start asks when the first one was alive.
    """
    value = await store.get_state(_state_of(member)) or await store.get_state(STATE)
    if value is None:
        return now
    try:
        return min(now, float(value))
    except ValueError:
        return now
