"""The rules of silences.

Source: recorded scenario silenced-invalid.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from sensu.resources.silenced import Silenced
from sensu.rules.go_duration import format_s
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem, subscription_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_flag, as_text, own

ANY = "*"
NEVER = -1
"""The value of `expire` that is shown for a silence that does not expire."""


def problems(entry: Silenced) -> Iterator[FieldProblem]:
    """The rules that a silence breaks. Its name is computed, and therefore not checked."""
    subscription, check = entry.subscription, entry.check
    if not subscription and not check or subscription == check == ANY:
        yield FieldProblem("", "must provide check or subscription")
    if subscription not in ("", ANY) and (why := subscription_problem(subscription)) is not None:
        yield FieldProblem("subscription", f"Subscription {why}")
    if check not in ("", ANY) and (why := name_problem(check)) is not None:
        yield FieldProblem("check", f"Check {why}")
    if not entry.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")


def name_of_entry(subscription: str, check: str) -> str:
    """`subscription:check`, the name of a silence, with `*` for a missing part."""
    return f"{subscription or '*'}:{check or '*'}"


def ended_at(begin: int, expire: int, expire_at: int, now: float) -> int | None:
    """The time at which a silence expired, None if it has not expired yet; `now` is in Unix seconds."""
    end = expire_at or (begin + expire if begin and expire > 0 else 0)
    return end if 0 < end <= now else None


def completed(entry: Silenced, creator: str, now: float) -> Silenced:
    """The silence to store: with its name, creator and times; `now` is in Unix seconds."""
    begin = entry.begin or int(now)
    ends = entry.expire > 0 and not entry.expire_at
    return msgspec.structs.replace(
        entry,
        metadata=msgspec.structs.replace(
            entry.metadata, name=name_of_entry(entry.subscription, entry.check), created_by=creator
        ),
        creator=creator,
        begin=begin,
        expire_at=begin + entry.expire if ends else entry.expire_at,
    )


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How long silences last that name no end, and how long any may last, in seconds; 0 for no limit.

    Source: docs, "Backend reference" (`default-silenced-expiry-time`, `max-silenced-expiry-time-allowed`).
    """

    default_s: int = 0
    max_s: int = 0

    def applied(self, entry: Silenced) -> Silenced | FieldProblem:
        """The silence with the end that it did not name, or why it lasts too long; it is complete already."""
        if not entry.expire_at and self.default_s:
            entry = msgspec.structs.replace(entry, expire=self.default_s, expire_at=entry.begin + self.default_s)
        if self.max_s and not 0 < entry.expire_at <= entry.begin + self.max_s:
            limit = format_s(self.max_s)
            return FieldProblem("expire", f"expire must be set, and the silence must end within {limit} of its begin")
        return entry


NO_LIMITS = SilenceLimits()


def _shown(entry: Silenced) -> Silenced:
    """Source: recorded scenario silenced-expiry (-1 for a silence that does not end)."""
    return entry if entry.expire_at > 0 else msgspec.structs.replace(entry, expire=NEVER)


RULES = KindRules(
    problems=problems,
    completed=completed,
    shown=_shown,
    selectable=Selectable(
        "silenced",
        {
            **PLACE,
            **own(as_text, "check", "creator", "subscription", "reason"),
            **own(as_flag, "expire_on_resolve"),
        },
    ),
    keeps_namespace=True,
    bare_wording=True,
    filters={
        "check": lambda silence, value: silence.check == value,
        "subscription": lambda silence, value: silence.subscription == value,
    },
    suggested=("check", "creator", "subscription"),
)
