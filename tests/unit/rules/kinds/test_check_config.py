"""Configured checks: each broken rule in the API's words, and which comes first."""

from typing import Any

import msgspec
import pytest

from sensu.resources.check import CheckConfig, ProxyRequests
from sensu.resources.metadata import ObjectMeta
from sensu.resources.time_window import ClockWindow, TimeWindowRepeated, TimeWindowWhen, WindowDays
from sensu.rules.kinds.check_config import expressions, problem

VALID = CheckConfig(metadata=ObjectMeta(name="cpu", namespace="default"), interval=60, subscriptions=("linux",))
NO_SCHEDULE = "check interval must be greater than 0 or a valid cron schedule must be provided"
ENV = "environment variables must be of the form FOO=BAR"


def subdue(begin: str, end: str, *repeat: str) -> TimeWindowRepeated:
    return TimeWindowRepeated(begin=begin, end=end, repeat=repeat)


def when(begin: str, end: str) -> TimeWindowWhen:
    return TimeWindowWhen(days=WindowDays(monday=(ClockWindow(begin=begin, end=end),)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"metadata": ObjectMeta(namespace="default")}, "check name must not be empty"),
        ({"metadata": ObjectMeta(name="a b", namespace="x")}, "check name cannot contain spaces or special characters"),
        ({"metadata": ObjectMeta(name="cpu")}, "namespace must be set"),
        ({"interval": 0}, NO_SCHEDULE),
        ({"cron": "* * * * *"}, "must only specify either an interval or a cron schedule"),
        ({"ttl": 60}, "ttl must be greater than check interval"),
        ({"ttl": 1}, "ttl must be greater than check interval"),
        ({"runtime_assets": ("",)}, "asset's name cannot be empty"),
        ({"subscriptions": ("a", "")}, "subscriptions cannot be empty strings"),
        ({"proxy_entity_name": "a b"}, "proxy entity name cannot contain spaces or special characters"),
        (
            {"proxy_requests": ProxyRequests(splay_coverage=101)},
            "proxy request splay coverage must be between 0 and 100",
        ),
        (
            {"proxy_requests": ProxyRequests(splay=True)},
            "proxy request splay coverage must be greater than 0 if splay is enabled",
        ),
        ({"output_metric_format": "carbon"}, "output metric format is not valid"),
        ({"low_flap_threshold": 60, "high_flap_threshold": 20}, "invalid flap thresholds"),
        ({"low_flap_threshold": 20, "high_flap_threshold": 20}, "invalid flap thresholds"),
        ({"env_vars": ("FOO",)}, ENV),
        (
            {"subdues": (subdue("2023-01-03T09:00:00Z", "2023-01-02T17:00:00Z"),)},
            "subdue 0 invalid: end time must be after begin time",
        ),
        (
            {"subdues": (subdue("2023-01-03T09:00:00Z", "2023-01-04T17:00:00Z", "fortnightly"),)},
            "subdue 0 invalid: invalid repeat period: fortnightly",
        ),
    ],
)
def test_each_broken_rule_is_told_in_the_words_of_the_api(changes: dict[str, Any], expected: str) -> None:
    """A check that breaks one rule is refused with that rule's recorded message."""
    assert problem(msgspec.structs.replace(VALID, **changes)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"interval": 0, "cron": "*/5 * * * *"},
        {"interval": 0, "cron": "@every 90s"},
        {"interval": 0, "cron": "CRON_TZ=Europe/Berlin 0 9 * * 1-5"},
        {"ttl": 61},
        {"interval": 0, "cron": "@daily", "ttl": 1},
        {"subscriptions": (), "command": ""},
        {"low_flap_threshold": 60},
        {"high_flap_threshold": 20},
        {"max_output_size": -1},
        {"proxy_requests": ProxyRequests(splay=True, splay_coverage=100)},
        {"output_metric_format": "prometheus_text"},
        {"subdues": (subdue("2023-01-02T09:00:00Z", "2023-01-02T17:00:00+01:00", "daily", "mondays"),)},
        {"subdue": when("5:00PM", "9:00 AM")},
    ],
)
def test_what_the_reference_accepts_is_valid(changes: dict[str, Any]) -> None:
    """A check that the reference takes is taken."""
    assert problem(msgspec.structs.replace(VALID, **changes)) is None


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"interval": 0, "cron": "every day"}, "check cron string is invalid: "),
        ({"interval": 0, "cron": "60 * * * *"}, "check cron string is invalid: "),
        ({"subdues": (subdue("tomorrow", "2023-01-02T17:00:00Z"),)}, "subdue 0 invalid: invalid begin time format: "),
        ({"subdues": (subdue("2023-01-02T17:00:00Z", "later"),)}, "subdue 0 invalid: invalid end time format: "),
        ({"subdue": when("25:99", "26:00")}, "parsing time"),
    ],
)
def test_what_a_parser_refuses_is_told_with_its_field(changes: dict[str, Any], start: str) -> None:
    """The message of a parser stands behind the words that name the field."""
    told = problem(msgspec.structs.replace(VALID, **changes))
    assert told is not None
    assert told.startswith(start)
    assert len(told) > len(start)


def test_the_number_of_a_bad_window_is_told() -> None:
    """With several windows the first bad one is named by its index."""
    good = subdue("2023-01-02T09:00:00Z", "2023-01-03T09:00:00Z")
    bad = subdue("2023-01-02T09:00:00Z", "2023-01-01T09:00:00Z")
    told = problem(msgspec.structs.replace(VALID, subdues=(good, bad)))
    assert told == "subdue 1 invalid: end time must be after begin time"


def test_rules_are_looked_at_in_the_recorded_order() -> None:
    """As one problem after the other is mended, the next in order is told."""
    everything_wrong: dict[str, Any] = {
        "metadata": ObjectMeta(),
        "interval": 10,
        "cron": "x",
        "ttl": 5,
        "runtime_assets": ("",),
        "subscriptions": ("",),
        "proxy_entity_name": "a b",
        "proxy_requests": ProxyRequests(splay=True),
        "output_metric_format": "x",
        "low_flap_threshold": 2,
        "high_flap_threshold": 1,
        "env_vars": ("A",),
        "subdues": (subdue("2023-01-02T09:00:00Z", "2023-01-01T09:00:00Z"),),
    }
    mending: list[tuple[dict[str, Any], str]] = [
        ({}, "check name must not be empty"),
        ({"metadata": ObjectMeta(name="c")}, "must only specify either an interval or a cron schedule"),
        ({"cron": ""}, "namespace must be set"),
        ({"metadata": ObjectMeta(name="c", namespace="n")}, "ttl must be greater than check interval"),
        ({"ttl": 11}, "asset's name cannot be empty"),
        ({"runtime_assets": None}, "subscriptions cannot be empty strings"),
        ({"subscriptions": ()}, "proxy entity name cannot contain spaces or special characters"),
        ({"proxy_entity_name": ""}, "proxy request splay coverage must be greater than 0 if splay is enabled"),
        ({"proxy_requests": None}, "output metric format is not valid"),
        ({"output_metric_format": ""}, "invalid flap thresholds"),
        ({"low_flap_threshold": 0}, ENV),
        ({"env_vars": None}, "subdue 0 invalid: end time must be after begin time"),
    ]
    state: dict[str, Any] = dict(everything_wrong)
    for change, expected in mending:
        state.update(change)
        assert problem(CheckConfig(**state)) == expected


def test_the_expressions_of_a_check_choose_its_proxy_entities() -> None:
    """What must parse as JavaScript in a check are the attributes of its proxy requests."""
    assert list(expressions(VALID)) == []
    proxy = ProxyRequests(entity_attributes=("true", "entity.name == 'a'"))
    assert list(expressions(msgspec.structs.replace(VALID, proxy_requests=proxy))) == ["true", "entity.name == 'a'"]
