"""Events and the checks in them: each broken rule in the API's words."""

from typing import Any

import msgspec
import pytest

from sensu.resources.check import Check, ProxyRequests
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.metrics import MetricPoint, Metrics, MetricThreshold, MetricThresholdRule, MetricThresholdTag
from sensu.resources.time_window import TimeWindowRepeated
from sensu.rules.kinds.event import problem

CHECK = Check(metadata=ObjectMeta(name="cpu", namespace="default"), interval=10)
ENTITY = Entity(metadata=ObjectMeta(name="web1", namespace="default"), entity_class="agent")
VALID = Event(check=CHECK, entity=ENTITY, id="d272c650-e72f-4a5b-bab4-83ddd2e39d87", timestamp=1)
BAD = "cannot contain spaces or special characters"


def with_check(**changes: Any) -> Event:
    return msgspec.structs.replace(VALID, check=msgspec.structs.replace(CHECK, **changes))


def with_entity(**changes: Any) -> Event:
    return msgspec.structs.replace(VALID, entity=msgspec.structs.replace(ENTITY, **changes))


def threshold(*rules: MetricThresholdRule, **changes: Any) -> tuple[MetricThreshold, ...]:
    return (msgspec.structs.replace(MetricThreshold(name="load", thresholds=rules), **changes),)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event(), "event must contain an entity"),
        (Event(check=CHECK), "event must contain an entity"),
        (Event(entity=ENTITY), "event must contain a check or metrics"),
        (with_entity(metadata=ObjectMeta(namespace="d")), "entity is invalid: entity name must not be empty"),
        (with_entity(metadata=ObjectMeta(name="a/b", namespace="d")), f"entity is invalid: entity name {BAD}"),
        (with_entity(entity_class=""), "entity is invalid: entity class must not be empty"),
        (with_entity(entity_class="a b"), f"entity is invalid: entity class {BAD}"),
        (with_entity(metadata=ObjectMeta(name="web1")), "entity is invalid: namespace must be set"),
        (with_check(metadata=ObjectMeta()), "check is invalid: check name must not be empty"),
        (with_check(metadata=ObjectMeta(name="a b")), f"check is invalid: check name {BAD}"),
        (
            with_check(publish=True, interval=0),
            "check is invalid: check interval must be greater than or equal to 1",
        ),
        (
            with_check(publish=True, cron="* * * * *"),
            "check is invalid: must only specify either an interval or a cron schedule",
        ),
        (with_check(ttl=10), "check is invalid: ttl must be greater than check interval"),
        (with_check(ttl=3), "check is invalid: ttl must be greater than check interval"),
        (with_check(interval=1, ttl=4), "check is invalid: minimum ttl is 5 seconds"),
        (with_check(subscriptions=("",)), "check is invalid: subscriptions cannot be empty strings"),
        (with_check(proxy_entity_name="a b"), f"check is invalid: proxy entity name {BAD}"),
        (
            with_check(proxy_requests=ProxyRequests(splay_coverage=101)),
            "check is invalid: proxy request splay coverage must be between 0 and 100",
        ),
        (with_check(output_metric_format="x"), "check is invalid: output metric format is not valid"),
        (with_check(low_flap_threshold=5, high_flap_threshold=5), "check is invalid: invalid flap thresholds"),
        (with_check(env_vars=("A",)), "check is invalid: environment variables must be of the form FOO=BAR"),
        (with_check(max_output_size=-1), "check is invalid: MaxOutputSize must be >= 0"),
        (
            with_check(subdues=(TimeWindowRepeated(begin="2023-01-02T00:00:00Z", end="2023-01-01T00:00:00Z"),)),
            "check is invalid: subdue 0 invalid: end time must be after begin time",
        ),
        (msgspec.structs.replace(VALID, metadata=ObjectMeta(name="x")), "events cannot be named"),
        (
            msgspec.structs.replace(
                VALID, pipelines=(ResourceReference(name="h", type="Handler", api_version="core/v2"),)
            ),
            "pipeline reference is invalid: resource type not capable of acting as a pipeline: core/v2.Handler",
        ),
        (
            msgspec.structs.replace(
                VALID, pipelines=(ResourceReference(name="h", type="Pipeline", api_version="core/v3"),)
            ),
            "pipeline reference is invalid: resource type not capable of acting as a pipeline: core/v3.Pipeline",
        ),
    ],
)
def test_each_broken_rule_is_told_in_the_words_of_the_api(event: Event, expected: str) -> None:
    """An event that breaks one rule is refused with that rule's recorded message."""
    assert problem(event) == expected


@pytest.mark.parametrize(
    "event",
    [
        VALID,
        with_check(interval=0, cron="nonsense"),
        with_check(publish=True, interval=0, cron="@hourly"),
        with_check(interval=1, ttl=5),
        with_check(ttl=-1),
        Event(entity=ENTITY, metrics=Metrics(points=(MetricPoint(name="a"),))),
        msgspec.structs.replace(VALID, id=None),
        msgspec.structs.replace(VALID, id="D272C650E72F4A5BBAB483DDD2E39D87"),
        msgspec.structs.replace(
            VALID, pipelines=(ResourceReference(name="p", type="Pipeline", api_version="core/v2"),)
        ),
        with_entity(entity_class="service"),
        with_check(output_metric_thresholds=threshold(MetricThresholdRule(min=" 1e3 "), MetricThresholdRule(max="2"))),
    ],
)
def test_what_the_reference_accepts_is_valid(event: Event) -> None:
    """An event that the reference takes is taken, one with metrics only too."""
    assert problem(event) is None


@pytest.mark.parametrize("event_id", ["abc", "d272c650-e72f-4a5b-bab4-83ddd2e39d8", "g" * 32, "a" * 36])
def test_the_id_of_an_event_is_a_uuid(event_id: str) -> None:
    """An event whose id is no UUID is refused."""
    told = problem(msgspec.structs.replace(VALID, id=event_id))
    assert told is not None
    assert told.startswith("invalid event id: ")


def test_a_bad_cron_line_of_a_published_check_is_told() -> None:
    """A check that is published and has a cron line must have a good one."""
    told = problem(with_check(publish=True, interval=0, cron="x"))
    assert told is not None
    assert told.startswith("check is invalid: check cron string is invalid: ")


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (threshold(), "there must be at least one threshold rule"),
        (threshold(thresholds=None), "there must be at least one threshold rule"),
        (threshold(MetricThresholdRule()), "rule 0: One of Min or Max required"),
        (threshold(MetricThresholdRule(min="low")), "rule 0: Min must be a floating point number"),
        (
            threshold(MetricThresholdRule(min="1"), MetricThresholdRule(max="high")),
            "rule 1: Max but be a floating point number",
        ),
        (threshold(MetricThresholdRule(min="1"), name=""), "metric threshold name must not be empty"),
        (
            threshold(MetricThresholdRule(min="1"), tags=(MetricThresholdTag(name="", value="x"),)),
            "tag 0: metric threshold tag name must not be empty",
        ),
        (
            threshold(MetricThresholdRule(min="1"), tags=(MetricThresholdTag(name="x"),)),
            "tag 0: metric threshold tag value must not be empty",
        ),
    ],
)
def test_metric_thresholds_need_a_name_and_bounds(thresholds: tuple[MetricThreshold, ...], expected: str) -> None:
    """A metric threshold that could never judge a point is refused, with its number."""
    told = problem(with_check(output_metric_thresholds=thresholds))
    assert told == f"check is invalid: invalid metric threshold 0: {expected}"
