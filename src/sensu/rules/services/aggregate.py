"""The rule of the built-in template `aggregate`, in Python: it needs four numbers instead of all events.

Its results equal those of the script (`built_in.py`), which a property test compares.
Source: docs, "Rule templates reference".
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sensu.resources.metrics import MetricPoint, Metrics, MetricTag, Number
from sensu.rules.services.results import RuleResult
from sensu.rules.services.script_numbers import as_number, number_text
from sensu.rules.severity import CRITICAL, PASSING, UNKNOWN, WARNING

_ANNOTATION = "io.sensu.bsm.selected_event_"


class SelectedNumbers(NamedTuple):
    """How many events a component selects, by severity in the order of `rules/severity.py`."""

    by_severity: tuple[int, int, int, int]

    @property
    def all(self) -> int:
        """The number of all of them."""
        return sum(self.by_severity)

    def of(self, name: str) -> int:
        """The number of events of a severity, by its name in metrics."""
        if name == "non_zero":
            return self.all - self.by_severity[PASSING]
        return self.by_severity[_SEVERITIES[name]]

    def percentage(self, name: str) -> Number:
        """The percentage of a severity, 0 without events."""
        return as_number(self.of(name) / self.all * 100) if self.all else 0


_SEVERITIES = {"ok": PASSING, "warning": WARNING, "critical": CRITICAL, "unknown": UNKNOWN}
_POINTS = ("non_zero", *_SEVERITIES)


def aggregate(
    numbers: SelectedNumbers, arguments: Mapping[str, Any], *, service: str, check: str, now: float
) -> RuleResult:
    """The result of the template for a service; `check` is the name of the rule."""
    if not numbers.all:
        return RuleResult(1, "WARNING: No events selected for aggregate\n")
    metrics, timestamp, annotations = None, 0, {f"{_ANNOTATION}count": str(numbers.all)}
    if arguments.get("produce_metrics"):
        timestamp = int(now)
        points = _points(numbers, service, check, timestamp)
        metrics = Metrics(handlers=tuple(arguments.get("metric_handlers") or ()), points=points)
        if arguments.get("set_metric_annotations"):
            annotations |= {f"{_ANNOTATION}{point.name}": number_text(point.value) for point in points}
    status, output = _verdict(numbers, arguments)
    return RuleResult(status, output, annotations=annotations, metrics=metrics, timestamp=timestamp)


def _points(numbers: SelectedNumbers, service: str, check: str, timestamp: int) -> tuple[MetricPoint, ...]:
    tags = tuple(
        MetricTag(name=name, value=value)
        for name, value in (("service", service), ("entity", service), ("check", check))
    )
    values: list[tuple[str, Number]] = [(f"percent_{name}", numbers.percentage(name)) for name in _POINTS]
    values += [(f"count_{name}", numbers.of(name)) for name in _POINTS]
    return tuple(MetricPoint(name=name, value=value, timestamp=timestamp, tags=tags) for name, value in values)


def _verdict(numbers: SelectedNumbers, arguments: Mapping[str, Any]) -> tuple[int, str]:
    """Status and output. An argument of 0 is not set."""
    percent = numbers.percentage("ok")
    ok = number_text(percent)
    for status, word in ((2, "critical"), (1, "warning")):
        threshold = arguments.get(f"{word}_threshold")
        if threshold and percent <= threshold:
            return status, f"{word.upper()}: Less than {number_text(threshold)}% of selected events are OK ({ok}%)\n"
    for status, word in ((2, "critical"), (1, "warning")):
        least, found = arguments.get(f"{word}_count"), numbers.of(word)
        if least and found >= least:
            output = f"{word.upper()}: {number_text(least)} or more selected events are in a {word} state ({found})\n"
            return status, output
    return 0, f"Everything looks good ({ok}% OK)"
