"""A filter tried out on stored events: how many pass, and which of them the stored filter treats otherwise."""

from collections.abc import Sequence

import msgspec

from sensu.rules.explain import ExpressionTrace, FilterTrace

SHOWN_MAX = 20
"""The number of events that are shown of each group."""
DIFFERS, ERRORS, PASSED, KEPT_BACK = GROUPS = ("differs", "errors", "passed", "kept_back")
"""The groups of events, in the order in which they are shown."""


class BenchedEvent(msgspec.Struct, frozen=True):
    """An event, and whether it passes the filter and the stored one (null if none is stored).

    `reason` says why it does not pass; `expressions` is empty if a time window decides alone.
    """

    entity: str
    check: str
    passes: bool
    stored_passes: bool | None
    reason: str
    expressions: Sequence[ExpressionTrace]


class BenchResult(msgspec.Struct, frozen=True):
    """The verdicts of a filter on `judged` events.

    Each is counted as `passed`, `kept_back`, or in `errors` if an expression failed; `differs` counts those for which
    the stored filter decides otherwise. `sample` shows some events of each group. `stopped` is why not all events were
    judged, empty if they were.
    """

    judged: int
    passed: int
    kept_back: int
    errors: int
    differs: int
    sample: Sequence[BenchedEvent]
    took_s: float
    stopped: str


class BenchTally:
    """Counts verdicts, and keeps some of each group."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(GROUPS, 0)
        self._shown: dict[str, list[BenchedEvent]] = {group: [] for group in GROUPS}
        self.judged = 0

    def add(self, entity: str, check: str, verdict: FilterTrace, stored: FilterTrace | None) -> None:
        """Count the verdict on an event."""
        self.judged += 1
        group = PASSED if verdict.passes else KEPT_BACK
        if any(trace.error for trace in verdict.expressions):
            group = ERRORS
        self._counts[group] += 1
        if stored is not None and stored.passes != verdict.passes:
            self._counts[DIFFERS] += 1
            group = DIFFERS
        if len(self._shown[group]) < SHOWN_MAX:
            passes = None if stored is None else stored.passes
            self._shown[group].append(
                BenchedEvent(entity, check, verdict.passes, passes, verdict.reason, verdict.expressions)
            )

    def result(self, took_s: float, stopped: str) -> BenchResult:
        """The result so far."""
        return BenchResult(
            judged=self.judged,
            passed=self._counts[PASSED],
            kept_back=self._counts[KEPT_BACK],
            errors=self._counts[ERRORS],
            differs=self._counts[DIFFERS],
            sample=[event for group in GROUPS for event in self._shown[group]],
            took_s=round(took_s, 3),
            stopped=stopped,
        )
