"""Evaluates thresholds on metric points: the status of the check, and annotations with the reasons."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sensu.errors import InvalidResource
from sensu.rules.go_number import format_plain, parse_float

_KEY_PREFIX = "sensu.io/output_metric_thresholds/"
_NOTIFICATION_PREFIX = "sensu.io/notifications/"
_CAPTIONS = {0: "ok", 1: "warning", 2: "critical"}
_NAME = re.compile(r"[\w.\-:]+", re.ASCII)


@dataclass(slots=True)
class ThresholdVerdict:
    """The status of a check by its thresholds, and the annotations of its event."""

    status: int = 0
    annotations: dict[str, str] = field(default_factory=dict)
    notification: str = ""

    def raise_to(self, status: int, message: str) -> None:
        """Raise the status, with the message for the reason."""
        if status > self.status:
            self.status = status
            self.notification = message


def evaluate(points: Sequence[Mapping[str, Any]], thresholds: Sequence[Mapping[str, Any] | None]) -> ThresholdVerdict:
    """The highest status over all rules. The caller asks only for checks of status 0 with at least one point.

    A rule matches a value below its min or above its max; a rule whose bound is not a number is ignored.
    Source: recorded threshold cases; docs, metric threshold evaluation.
    """
    verdict = ThresholdVerdict()
    for threshold in thresholds:
        if threshold is None:
            continue
        matching = [point for point in points if _matches(threshold, point)]
        for point in matching:
            for rule in threshold.get("thresholds") or ():
                _judge(verdict, threshold, rule or {}, point)
        if not matching:
            _miss(verdict, threshold)
    if verdict.status:
        verdict.annotations[_NOTIFICATION_PREFIX + _caption(verdict.status)] = verdict.notification
    return verdict


def _matches(threshold: Mapping[str, Any], point: Mapping[str, Any]) -> bool:
    if threshold.get("name", "") != point["name"]:
        return False
    has = {(tag["name"], tag["value"]) for tag in point["tags"] or ()}
    return all((tag.get("name", ""), tag.get("value", "")) in has for tag in _tags(threshold))


def _judge(
    verdict: ThresholdVerdict, threshold: Mapping[str, Any], rule: Mapping[str, Any], point: Mapping[str, Any]
) -> None:
    low, high = rule.get("min") or "", rule.get("max") or ""
    low_value, high_value = parse_float(low), parse_float(high)
    if (low and low_value is None) or (high and high_value is None):
        return
    if low_value is not None and point["value"] < low_value:
        bound, text = "min", low
    elif high_value is not None and point["value"] > high_value:
        bound, text = "max", high
    else:
        return
    tags = ",".join(f"{tag.get('name', '')}={tag.get('value', '')}" for tag in _tags(threshold))
    message = (
        f"The value of {point['name']}{f' ({tags})' if tags else ''} exceeded the configured threshold "
        f"({bound}: {text}, actual: {format_plain(float(point['value']))})."
    )
    status = rule.get("status") or 0
    verdict.annotations[f"{_key(threshold)}/{bound}/{_caption(status)}"] = message
    verdict.raise_to(status, message)


def _miss(verdict: ThresholdVerdict, threshold: Mapping[str, Any]) -> None:
    """Apply the threshold's null status, if it has one, because no point matched."""
    status = threshold.get("null_status") or 0
    if not status:
        return
    tags = ", ".join(f"{tag.get('name', '')}={_quoted(tag.get('value', ''))}" for tag in _tags(threshold))
    expected = "; ".join(f"expected {_span(rule or {})}" for rule in threshold.get("thresholds") or ())
    message = (
        f"{_caption(status).upper()} : no metric matching {_quoted(threshold.get('name', ''))}"
        f"{f' ({tags})' if tags else ''} was found; {expected}"
    )
    verdict.annotations[f"{_key(threshold)}/null-status/{_caption(status)}"] = message
    verdict.raise_to(status, message)


def _span(rule: Mapping[str, Any]) -> str:
    bounds = [f"{bound}: {rule[bound]}" for bound in ("min", "max") if rule.get(bound)]
    return f"{' - '.join(bounds)} (status: {_caption(rule.get('status') or 0)})"


def _key(threshold: Mapping[str, Any]) -> str:
    return _KEY_PREFIX + ".".join([threshold.get("name", ""), *(tag.get("value", "") for tag in _tags(threshold))])


def _tags(threshold: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tag for tag in threshold.get("tags") or () if tag is not None]


def _caption(status: int) -> str:
    return _CAPTIONS.get(status, "unknown")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def validate(threshold: Mapping[str, Any]) -> None:
    """Validate a threshold; raises InvalidResource with the rule that it breaks. Source: docs, check reference."""
    _validate_name(threshold.get("name") or "", "name")
    rules = threshold.get("thresholds") or ()
    if not rules:
        raise InvalidResource("there must be at least one threshold rule")
    for tag in _tags(threshold):
        _validate_name(tag.get("name") or "", "tag name")
        if not tag.get("value"):
            raise InvalidResource("tag value must not be empty")
    for rule in rules:
        _validate_rule(rule or {})


def _validate_name(name: str, what: str) -> None:
    if not name:
        raise InvalidResource(f"{what} must not be empty")
    if not _NAME.fullmatch(name):
        raise InvalidResource(f"{what} cannot contain spaces or special characters")


def _validate_rule(rule: Mapping[str, Any]) -> None:
    low, high = (rule.get("min") or "").strip(), (rule.get("max") or "").strip()
    if not low and not high:
        raise InvalidResource("One of Min or Max required")
    if low and parse_float(low) is None:
        raise InvalidResource("Min must be a floating point number")
    if high and parse_float(high) is None:
        raise InvalidResource("Max but be a floating point number")
