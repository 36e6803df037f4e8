"""The rules of checks in events.

Source: recorded scenario events-invalid.
"""

from sensu.resources.check import Check
from sensu.resources.metrics import MetricThreshold
from sensu.rules.go_number import parse_float
from sensu.rules.kinds.check_parts import (
    INTERVAL_AND_CRON,
    TTL_NOT_ABOVE_INTERVAL,
    cron_problem,
    problems_before_output,
    windows_problems,
)
from sensu.rules.kinds.kind_rules import KindRules, at_most_one, first_of
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable

TTL_S_MIN = 5


def problem(check: Check) -> str | None:
    """The first rule that a check breaks, or None."""
    why = name_problem(check.metadata.name)
    if why is not None:
        return f"check name {why}"
    if check.publish and (why := _schedule_problem(check)) is not None:
        return why
    if check.ttl > 0:
        if check.ttl <= check.interval:
            return TTL_NOT_ABOVE_INTERVAL
        if check.ttl < TTL_S_MIN:
            return f"minimum ttl is {TTL_S_MIN} seconds"
    why = first_of(problems_before_output(check))
    if why is not None:
        return why
    if check.max_output_size < 0:
        return "MaxOutputSize must be >= 0"
    for index, threshold in enumerate(check.output_metric_thresholds):
        why = _threshold_problem(threshold)
        if why is not None:
            return f"invalid metric threshold {index}: {why}"
    return first_of(windows_problems(check)) if check.subdues or check.subdue else None


def _schedule_problem(check: Check) -> str | None:
    if check.cron:
        return INTERVAL_AND_CRON if check.interval else cron_problem(check.cron)
    return None if check.interval else "check interval must be greater than or equal to 1"


def _threshold_problem(threshold: MetricThreshold) -> str | None:
    why = name_problem(threshold.name)
    if why is not None:
        return f"metric threshold name {why}"
    if not threshold.thresholds:
        return "there must be at least one threshold rule"
    for index, rule in enumerate(threshold.thresholds):
        why = _bounds_problem(rule.min.strip(), rule.max.strip())
        if why is not None:
            return f"rule {index}: {why}"
    for index, tag in enumerate(threshold.tags or ()):
        why = name_problem(tag.name)
        if why is not None:
            return f"tag {index}: metric threshold tag name {why}"
        if not tag.value:
            return f"tag {index}: metric threshold tag value must not be empty"
    return None


def _bounds_problem(low: str, high: str) -> str | None:
    if not low and not high:
        return "One of Min or Max required"
    if low and parse_float(low) is None:
        return "Min must be a floating point number"
    if high and parse_float(high) is None:
        return "Max but be a floating point number"
    return None


RULES = KindRules(
    problems=lambda check: at_most_one("", problem(check)),
    selectable=Selectable("check", PLACE),
    keeps_namespace=False,
)
"""A check in an event is stored only as a part of it."""
