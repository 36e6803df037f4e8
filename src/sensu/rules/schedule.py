"""Decides when checks and service components run; due times depend only on the check and the clock.

Source: docs, check reference (scheduling, subdue); recorded scenarios request-interval, request-cron,
request-round-robin, request-subdued, request-unpublished.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import CheckConfig
from sensu.resources.service_component import ServiceComponent
from sensu.rules import cron
from sensu.rules.time_windows import any_subdued

ROUND_ROBIN_LEAST_S = 1.5
"""Minimum interval with round robin. Source: recorded scenario request-round-robin."""

_NS = 1_000_000_000
_SAME_NS = 1_000
"""Times closer than this are equal: a float holds Unix time to a few hundred nanoseconds."""
_HASHES_KEPT_MAX = 100_000
_NAME_LENGTH_REMEMBERED_MAX = 256
_CRONS_KEPT_MAX = 10_000
_SLOTS_COUNTED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Timing:
    """The schedule of a check: an interval or a cron expression. If it changes, the check is scheduled again."""

    interval_s: float = 0.0
    cron: str = ""

    @property
    def kind(self) -> str:
        """`cron` or `interval`."""
        return "cron" if self.cron else "interval"


def timing(check: CheckConfig) -> Timing | None:
    """The schedule of a check; None if it runs only on demand."""
    if not check.publish:
        return None
    if check.cron:
        return Timing(cron=check.cron)
    if not check.interval:
        return None
    return Timing(interval_s=max(check.interval, ROUND_ROBIN_LEAST_S) if check.round_robin else check.interval)


def component_timing(component: ServiceComponent) -> Timing | None:
    """The schedule of a service component; None if it has none, which its rules do not allow."""
    if component.cron:
        return Timing(cron=component.cron)
    return Timing(interval_s=component.interval) if component.interval else None


def next_at(name: str, when: Timing, after: float) -> float | None:
    """The first time a check is due after `after` (Unix seconds); None if it is never due.

    Checks with the same interval are spread over it by their names, in the same way in every process and after every
    restart.
    """
    if when.cron:
        schedule = _schedule(when.cron)
        return None if schedule is None else schedule.next_after(after)
    interval_ns = round(when.interval_s * _NS)
    after_ns = round(after * _NS)
    phase_ns = _phase(name) if len(name) <= _NAME_LENGTH_REMEMBERED_MAX else _phase.__wrapped__(name)
    wait_ns = (phase_ns - after_ns) % 2**64 % interval_ns
    if wait_ns < _SAME_NS:
        wait_ns += interval_ns
    return (after_ns + wait_ns) / _NS


@lru_cache(_HASHES_KEPT_MAX)
def _phase(name: str) -> int:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little")


@lru_cache(_CRONS_KEPT_MAX)
def _schedule(line: str) -> cron.Schedule | None:
    try:
        return cron.parse(line)
    except InvalidResource:
        return None


def slots_missed(name: str, when: Timing, due_at: float, now: float) -> int:
    """The number of times a check was due after `due_at`, one of its times, and until `now`, up to a limit."""
    if not when.cron:
        following = next_at(name, when, now)
        assert following is not None
        return max(0, round((following - due_at) / when.interval_s) - 1)
    missed, at = 0, next_at(name, when, due_at)
    while at is not None and at <= now and missed < _SLOTS_COUNTED_MAX:
        missed += 1
        at = next_at(name, when, at)
    return missed


def subdued(check: CheckConfig, now: float) -> bool:
    """Whether the check is subdued now by one of its `subdues`; the legacy field `subdue` has no effect."""
    return bool(check.subdues) and any_subdued(msgspec.to_builtins(check.subdues), now)
