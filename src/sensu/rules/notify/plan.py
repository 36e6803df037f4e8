"""Decides when messages of a handler go out alone, and when many go out as one: the digest of a storm.

A storm begins when more than `after` problems arrive within `within_s`. While it lasts, what arrives is gathered and
goes out in a digest every `digest_s`; it ends with the digest before which no problem arrived for `within_s`. At
most `rate` messages leave within `rate_s`: what has to wait for that goes out in one digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

FIRST_DIGEST_S = 10.0
"""The time that the first digest of a storm waits for the problems that arrive with the one that began it."""


@dataclass(frozen=True, slots=True)
class StormSettings:
    """When a storm begins (`after` 0: never), how often its digests come, and the largest rate of messages."""

    after: int = 10
    within_s: float = 60.0
    digest_s: float = 300.0
    rate: int = 30
    rate_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that waits for its message, since `at`."""

    id: int
    at: float


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to send now: one delivery alone, or a digest of several."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanState:
    """What plans remember: when problems arrived and messages left, the storm, and its last digest."""

    problems: tuple[float, ...] = ()
    messages: tuple[float, ...] = ()
    storm_since: float | None = None
    digest_at: float | None = None


@dataclass(frozen=True, slots=True)
class MessagePlan:
    """What to send now, when to plan again (None: at the next arrival), and what to remember."""

    sendings: tuple[Sending, ...]
    again_at: float | None
    state: PlanState


def arrived(state: PlanState, now: float) -> PlanState:
    """The state after a new problem has arrived."""
    return replace(state, problems=(*state.problems, now))


def plan(now: float, owed: Sequence[Owed], state: PlanState, settings: StormSettings) -> MessagePlan:
    """What happens now to the deliveries that are owed a message, in the order of their arrival."""
    lasting = max(settings.within_s, 0.0)
    problems = tuple(at for at in state.problems if at + lasting > now)
    messages = tuple(at for at in state.messages if at + settings.rate_s > now)
    state = replace(state, problems=problems[-(settings.after + 1) :], messages=messages)
    if state.storm_since is None and settings.after and len(problems) > settings.after:
        state = replace(state, storm_since=now, digest_at=None)
    if state.storm_since is not None:
        return _in_storm(now, owed, state, settings)
    return _one_by_one(now, owed, state, settings)


def _one_by_one(now: float, owed: Sequence[Owed], state: PlanState, settings: StormSettings) -> MessagePlan:
    """Each delivery alone while the rate allows it; the rest waits, and goes out together."""
    waiting = [one for one in owed if one.at < now]
    if len(waiting) > 1:
        return _together(now, owed, state, settings)
    room = settings.rate - len(state.messages)
    alone, left = owed[: max(room, 0)], owed[max(room, 0) :]
    state = replace(state, messages=(*state.messages, *(now for _ in alone)))
    again_at = _free_at(state, settings) if left else None
    return MessagePlan(tuple(Sending((one.id,)) for one in alone), again_at, state)


def _in_storm(now: float, owed: Sequence[Owed], state: PlanState, settings: StormSettings) -> MessagePlan:
    assert state.storm_since is not None
    first_at = state.storm_since + min(FIRST_DIGEST_S, settings.digest_s)
    due_at = first_at if state.digest_at is None else state.digest_at + settings.digest_s
    if now < due_at:
        return MessagePlan((), due_at, state)
    if not state.problems:
        ended = replace(state, storm_since=None, digest_at=None)
        return _together(now, owed, ended, settings)
    found = _together(now, owed, state, settings)
    if found.sendings or not owed:
        return replace(found, again_at=now + settings.digest_s, state=replace(found.state, digest_at=now))
    return found


def _together(now: float, owed: Sequence[Owed], state: PlanState, settings: StormSettings) -> MessagePlan:
    """All deliveries in one message, as soon as the rate allows it."""
    if not owed:
        return MessagePlan((), None, state)
    if len(state.messages) >= settings.rate:
        return MessagePlan((), _free_at(state, settings), state)
    state = replace(state, messages=(*state.messages, now))
    return MessagePlan((Sending(tuple(one.id for one in owed)),), None, state)


def _free_at(state: PlanState, settings: StormSettings) -> float:
    """When the rate allows another message."""
    return state.messages[-settings.rate] + settings.rate_s
