"""Thresholds on metric points."""

from typing import Any

import pytest

from sensu.errors import InvalidResource
from sensu.rules.metrics.thresholds import evaluate, validate

KEY = "sensu.io/output_metric_thresholds/"


def point(name: str, value: float, **tags: str) -> dict[str, Any]:
    return {"name": name, "value": value, "timestamp": 1, "tags": [{"name": k, "value": v} for k, v in tags.items()]}


def threshold(*rules: tuple[str, str, int], null_status: int = 0, **tags: str) -> dict[str, Any]:
    listed = [{"min": low, "max": high, "status": status} for low, high, status in rules]
    return {
        "name": "cpu",
        "tags": [{"name": k, "value": v} for k, v in tags.items()],
        "thresholds": listed,
        "null_status": null_status,
    }


@pytest.mark.parametrize(("value", "status"), [(10, 0), (9.9, 1), (90, 0), (90.1, 2), (50, 0)])
def test_bounds_are_not_hit_by_themselves(value: float, status: int) -> None:
    """A value on a bound is fine; below min or above max it counts."""
    assert evaluate([point("cpu", value)], [threshold(("10", "", 1), ("", "90", 2))]).status == status


def test_the_worst_status_is_notified() -> None:
    """Every hit is annotated; the notification tells of the worst alone."""
    verdict = evaluate([point("cpu", 95)], [threshold(("", "80", 1), ("", "90", 2))])
    text = "The value of cpu exceeded the configured threshold (max: 90, actual: 95)."
    assert verdict.status == 2 and verdict.annotations["sensu.io/notifications/critical"] == text
    assert set(verdict.annotations) == {
        f"{KEY}cpu/max/warning",
        f"{KEY}cpu/max/critical",
        "sensu.io/notifications/critical",
    }


def test_a_missing_metric_has_its_own_status() -> None:
    """Where no point has the name and tags, the null status counts; without one nothing does."""
    verdict = evaluate([point("cpu", 95, host="b")], [threshold(("", "90", 2), null_status=1, host="a")])
    text = 'WARNING : no metric matching "cpu" (host="a") was found; expected max: 90 (status: critical)'
    assert verdict.status == 1 and verdict.annotations[f"{KEY}cpu.a/null-status/warning"] == text
    assert evaluate([point("mem", 1)], [threshold(("", "90", 2))]).annotations == {}


def test_a_rule_that_is_no_number_is_passed_over() -> None:
    """A threshold that cannot be read raises no alarm."""
    assert evaluate([point("cpu", 95)], [threshold(("abc", "90", 2))]).status == 0
    assert evaluate([point("cpu", 95)], [threshold(("", " 90", 2))]).status == 0


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"name": ""}, "name must not be empty"),
        ({"name": "a b"}, "name cannot contain spaces or special characters"),
        ({"name": "a"}, "there must be at least one threshold rule"),
        (threshold(("", "", 1)), "One of Min or Max required"),
        (threshold(("x", "", 1)), "Min must be a floating point number"),
        (threshold(("", "x", 1)), "Max but be a floating point number"),
        (threshold(("", "1", 1), host=""), "tag value must not be empty"),
    ],
)
def test_unsound_thresholds_are_refused(broken: dict[str, Any], message: str) -> None:
    """A threshold that means nothing is refused with the rule it breaks; a sound one is not."""
    with pytest.raises(InvalidResource, match=message):
        validate(broken)
    validate(threshold((" 1.5 ", "", 1), host="a"))


def test_messages_list_the_tags_of_a_threshold() -> None:
    """The message names the tags that a point must carry, in the order of the threshold, without blanks."""
    tags = [{"name": "host", "value": "a"}, {"name": "dc", "value": "z"}]
    verdict = evaluate([{**point("cpu", 95), "tags": tags}], [{**threshold(("", "90", 2)), "tags": tags}])
    text = "The value of cpu (host=a,dc=z) exceeded the configured threshold (max: 90, actual: 95)."
    assert verdict.annotations["sensu.io/notifications/critical"] == text
