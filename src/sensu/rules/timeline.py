"""What happened to an entity: bands of statuses, and marks for everything else."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from sensu.resources.check import KEEPALIVE
from sensu.resources.kind import CORE_V2
from sensu.resources.kinds import by_type
from sensu.resources.silenced import Silenced
from sensu.resources.wire import Wire, always_bool, always_int, always_list, always_str
from sensu.rules import explain
from sensu.rules.audit import AuditRecord
from sensu.rules.differences import changed_fields
from sensu.rules.explain import Handling

SILENCE_BEGINS, SILENCE_ENDS = "silence-begins", "silence-ends"
CONNECTED, DISCONNECTED, AWAY = "connected", "disconnected", "away"
CONFIGURATION, DELIVERY, NEIGHBOUR = "configuration", "delivery", "event"
"""The sorts of marks."""
_DONE = {"create": "created", "update": "changed", "delete": "deleted", "execute": "ran", "resolve": "resolved"}


class AgentArrival(NamedTuple):
    """An agent connected to a backend at `at` (Unix seconds), or its connection ended."""

    at: int
    connected: bool
    backend: str
    why: str


class Band(Wire, frozen=True):
    """A time in which a check had one status, in Unix seconds; `end` is 0 if it still has it."""

    check: str = always_str()
    start: int = msgspec.field(default_factory=int, name="from")
    end: int = msgspec.field(default_factory=int, name="to")
    status: int = always_int()
    flapping: bool = always_bool()


class Mark(Wire, frozen=True):
    """Something that happened at a moment (Unix seconds); without `check`, it concerns all checks."""

    at: int = always_int()
    sort: str = always_str()
    entity: str = ""
    check: str = ""
    text: str = always_str()


class SilenceSpan(Wire, frozen=True):
    """When a silence applied, in Unix seconds, to `check` or (without one) to all; `end` is 0 if no end is set."""

    name: str = always_str()
    check: str = ""
    start: int = msgspec.field(default_factory=int, name="from")
    end: int = msgspec.field(default_factory=int, name="to")
    creator: str = always_str()
    reason: str = ""


class Timeline(Wire, frozen=True):
    """What happened to an entity in a period, oldest first; `silences` are those that applied at any time in it.

    `hidden` names what the caller may not read. If not all bands fit, `next` is the time before which they go on: pass
    it as `to`.
    """

    bands: tuple[Band, ...] = always_list()
    marks: tuple[Mark, ...] = always_list()
    silences: tuple[SilenceSpan, ...] = always_list()
    hidden: tuple[str, ...] = always_list()
    next: str = always_str()


class StateChange(msgspec.Struct, frozen=True, gc=False):
    """A state change of a check."""

    at: int
    status: int
    flapping: bool
    handlings: Sequence[Handling] = ()


def bands_of(check: str, changes: Iterable[StateChange], start: int, end: int) -> Iterator[Band]:
    """The bands of a check within a period, newest first, from its state changes, newest first."""
    until = 0
    for change in changes:
        if change.at <= end and (not until or until > start):
            yield Band(check=check, start=change.at, end=until, status=change.status, flapping=change.flapping)
        if change.at < start:
            return
        until = change.at


def marks_of_changes(check: str, changes: Iterable[StateChange]) -> Iterator[Mark]:
    """Who was informed of state changes, or why not; of keepalives, whether the agent was there."""
    for change in changes:
        if check == KEEPALIVE:
            word = AWAY if change.status else CONNECTED
            yield Mark(at=change.at, sort=word, text="no keepalives" if change.status else "keepalives arrive")
        for handling in change.handlings:
            text = text_of(handling)
            if text:
                yield Mark(at=handling.at, sort=DELIVERY, check=check, text=text)


def marks_of_connections(connections: Iterable[AgentArrival]) -> Iterator[Mark]:
    """To which backends an agent connected, and why its connections ended."""
    for one in connections:
        if one.connected:
            yield Mark(at=one.at, sort=CONNECTED, text=f"connected to {one.backend}")
        else:
            why = f": {one.why}" if one.why else ""
            yield Mark(at=one.at, sort=DISCONNECTED, text=f"disconnected from {one.backend}{why}")


def text_of(handling: Handling) -> str:
    """What a workflow did with an event, in a few words; empty if a filter kept the event back."""
    if handling.outcome == explain.DELIVERED:
        tries = f" after {handling.attempts} attempts" if handling.attempts > 1 else ""
        return f"delivered to {handling.handler}{tries}"
    if handling.outcome in (explain.FILTERED, explain.WAITING):
        return ""
    return f"{handling.handler or 'not handled'}: {handling.why or handling.outcome}"


def marks_of_silence(silence: Silenced, ended_at: int = 0, ended_by: str = "") -> Iterator[Mark]:
    """The begin and the end of a silence; `ended_at` (Unix seconds) is when it was deleted."""
    name, check = silence.metadata.name, silence.check if silence.check != "*" else ""
    reason = f" ({silence.reason})" if silence.reason else ""
    yield Mark(at=silence.begin, sort=SILENCE_BEGINS, check=check, text=f"{silence.creator}: {name}{reason}")
    if ended_at:
        yield Mark(at=ended_at, sort=SILENCE_ENDS, check=check, text=f"{ended_by}: {name}")
    elif silence.expire_at > 0:
        yield Mark(at=silence.expire_at, sort=SILENCE_ENDS, check=check, text=name)


def span_of_silence(silence: Silenced, ended_at: int = 0) -> SilenceSpan:
    """When a silence applied; `ended_at` (Unix seconds) is when it was deleted."""
    end = ended_at or max(0, silence.expire_at)
    check = silence.check if silence.check != "*" else ""
    span = SilenceSpan(name=silence.metadata.name, check=check, start=silence.begin, end=end)
    return msgspec.structs.replace(span, creator=silence.creator, reason=silence.reason)


def spans_within(spans: Iterable[SilenceSpan], start: int, end: int) -> list[SilenceSpan]:
    """The spans that overlap a period, the oldest first."""
    found = [span for span in spans if span.start <= end and (not span.end or span.end >= start)]
    return sorted(found, key=lambda span: (span.start, span.name))


def mark_of_audit(record: AuditRecord, *, check: str = "") -> Mark:
    """What somebody changed in the configuration."""
    kind = by_type(record.type, record.api_version or CORE_V2)
    done = _DONE.get(record.action, f"{record.action}:")
    text = f"{record.username} {done} {kind.word if kind else record.type} {record.name}"
    if record.action == "update":
        text += f": {changed_fields(record.before, record.after) or 'secrets'}"
    return Mark(at=int(record.at), sort=CONFIGURATION, check=check, text=text)
