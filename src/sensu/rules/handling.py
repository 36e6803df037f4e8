"""How events were handled, in the form in which it is kept with the state change that they belong to.

The results that repeat a state belong to the state change that began it: if the first event of an incident is filtered
and its third one is delivered, people know of the incident. Workflows that are only for metrics inform nobody and are
not kept.
"""

from collections.abc import Sequence

import msgspec

from sensu.errors import InvalidResource
from sensu.rules import explain
from sensu.rules.explain import Handling, WorkflowTrace

DELIVERED, PARTLY, FILTERED, WAITING, FAILED, NONE, UNKNOWN = (
    "delivered",
    "partly",
    "filtered",
    "waiting",
    "failed",
    "none",
    "unknown",
)
"""How an event was handled on the whole. `partly`: delivered to one handler, while another one failed; `none`: it names
no handler; `unknown`: that is not kept."""

WORKFLOWS_MAX = 16
"""The outcomes of further workflows of a state change are not kept."""
WHY_CHARACTERS_MAX = 160

NOT_HANDLED = b""
"""What is kept with a state change that is handled by nobody."""

_FAILURES = frozenset((explain.FAILED, explain.GIVEN_UP, explain.DROPPED))
"""Failures that nothing made up for: what went to a fallback handler or the next pipeline has an outcome there."""
_RANKS = {explain.WAITING: 0, explain.FILTERED: 1, explain.DISCARDED: 2, explain.DELIVERED: 4}
_RANK_OF_FAILURES = 3
_WORDS = (WAITING, FILTERED, FAILED, FAILED, DELIVERED)
"""The outcome on the whole by the highest rank; what was discarded informed nobody."""


Handlings = tuple[Handling, ...]

_Packed = tuple[str, str, str, int, int, int, str, str]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Packed])


def packed(handlings: Sequence[Handling]) -> bytes:
    """The outcomes, encoded as they are kept; empty if there are none."""
    return _encoder.encode([msgspec.structs.astuple(one) for one in handlings]) if handlings else NOT_HANDLED


def unpacked(data: bytes) -> Handlings:
    """Decodes kept outcomes; raises InvalidResource."""
    if not data:
        return ()
    try:
        return tuple(_handling(*parts) for parts in _decoder.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise InvalidResource(f"the handling of a state change cannot be read: {err}") from err


def _handling(
    workflow: str, handler: str, outcome: str, at: int, attempts: int, delivery: int, kept_by: str, why: str
) -> Handling:
    return Handling(
        workflow=workflow,
        handler=handler,
        outcome=outcome,
        at=at,
        attempts=attempts,
        delivery=delivery,
        filter=kept_by,
        why=why,
    )


def handling_of(trace: WorkflowTrace, delivery: int) -> Handling:
    """The outcome of a workflow, from its trace after an attempt."""
    filtered = trace.outcome == explain.FILTERED
    kept_by = next((one.name for one in trace.filters if not one.passes), "") if filtered else ""
    return Handling(
        workflow=trace.workflow,
        handler=trace.handler,
        outcome=trace.outcome,
        at=int(trace.at),
        attempts=trace.attempts,
        delivery=delivery,
        filter=kept_by,
        why="" if kept_by else _cut(trace.why),
    )


def unhandled(problem: str, delivery: int, at: float) -> Handling:
    """The outcome for an event that names something that does not exist."""
    return Handling(outcome=explain.DROPPED, at=int(at), delivery=delivery, why=_cut(problem))


def _cut(text: str) -> str:
    return text if len(text) <= WHY_CHARACTERS_MAX else f"{text[: WHY_CHARACTERS_MAX - 1]}…"


def merged(known: Handlings, new: Handling) -> Handlings | None:
    """The outcomes for a state change with a new one; None if nothing changes.

    A delivery remains a delivery, whatever happens to events that repeat the state, and a failure is not forgotten
    because a later event is filtered. A new outcome for the same event replaces the one before.
    """
    for place, old in enumerate(known):
        if old.workflow == new.workflow and (new.workflow or old.why == new.why):
            return (*known[:place], new, *known[place + 1 :]) if _counts_more(old, new) else None
    return (*known, new) if len(known) < WORKFLOWS_MAX else None


def _counts_more(old: Handling, new: Handling) -> bool:
    if old.outcome == explain.DELIVERED:
        return False
    if old.delivery == new.delivery:
        return old != new
    if (old.outcome, old.filter) == (new.outcome, new.filter) and new.outcome != explain.FAILED:
        return False
    return _rank(new) >= _rank(old)


def _rank(handling: Handling) -> int:
    return _RANKS.get(handling.outcome, _RANK_OF_FAILURES)


def handled(delivery: int, kept: bytes | None) -> str:
    """How the events of a state change were handled on the whole, for rows of lists.

    `delivery` is the number that was kept with the state change (0: kept before outcomes were), `kept` what was kept
    of the handling (None: nothing yet).
    """
    if kept is None:
        return WAITING if delivery else UNKNOWN
    found = unpacked(kept)
    if not found:
        return NONE
    word = _WORDS[max(map(_rank, found))]
    return PARTLY if word == DELIVERED and any(one.outcome in _FAILURES for one in found) else word
