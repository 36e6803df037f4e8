"""The built-in template: its Python against its script, which runs in the engine of templates."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.execution.javascript import Sandbox
from sensu.resources.service_component import ComponentRule, ServiceComponent
from sensu.rules.kinds import event as event_rules
from sensu.rules.services.aggregate import SelectedNumbers, aggregate
from sensu.rules.services.arguments import given_arguments
from sensu.rules.services.built_in import AGGREGATE, BUILT_IN, is_built_in
from sensu.rules.services.results import RuleResult, result_in, rule_event, script_event
from sensu.rules.services.script_numbers import number_text
from sensu.rules.severity import severity_of
from sensu.testing.factories import make_metadata

NOW = 1_700_000_000.5
SANDBOX = Sandbox()
RULE = ComponentRule(name="web", template=AGGREGATE)
COMPONENT = ServiceComponent(metadata=make_metadata("webservers"), interval=10, services=("website",), rules=(RULE,))


def numbers_of(statuses: list[int]) -> SelectedNumbers:
    severities = [severity_of(status) for status in statuses]
    critical, warning, unknown, passing = map(severities.count, range(4))
    return SelectedNumbers((critical, warning, unknown, passing))


def by_script(statuses: list[int], arguments: dict[str, Any]) -> RuleResult:
    """What the script makes of events with these statuses."""
    events = json.dumps([{"check": {"status": status}} for status in statuses])
    event, text = json.dumps(script_event(COMPONENT, RULE, "website")), json.dumps(arguments)
    made = SANDBOX.judge(BUILT_IN.eval, events, event, text, now=NOW)
    assert isinstance(made, dict), made
    found = result_in(made)
    assert isinstance(found, RuleResult), found
    return found


def at(result: RuleResult, timestamp: int) -> RuleResult:
    """The result with another time: the engine of the script has a clock of its own."""
    if result.metrics is None:
        return result
    points = tuple(msgspec.structs.replace(point, timestamp=timestamp) for point in result.metrics.points or ())
    metrics = msgspec.structs.replace(result.metrics, points=points)
    return msgspec.structs.replace(result, metrics=metrics, timestamp=timestamp)


def assert_same(statuses: list[int], arguments: dict[str, Any]) -> RuleResult:
    ours = aggregate(numbers_of(statuses), arguments, service="website", check="web", now=NOW)
    theirs = by_script(statuses, arguments)
    assert at(theirs, int(NOW)) == at(ours, int(NOW))
    wire = [msgspec.json.encode(at(one, int(NOW)).metrics) for one in (theirs, ours)]
    assert wire[0] == wire[1]
    return ours


floats = st.floats(-5, 120).map(lambda value: round(value, 6))
numbers = st.one_of(st.integers(-5, 120), floats, st.sampled_from([0, 100 / 3, 1e-7, 1e21, 2.5e-9, 1e300]))
counts = st.one_of(st.integers(-2, 20), floats)
drawn_arguments = st.fixed_dictionaries(
    {},
    optional={
        "critical_threshold": numbers,
        "warning_threshold": numbers,
        "critical_count": counts,
        "warning_count": counts,
        "produce_metrics": st.booleans(),
        "set_metric_annotations": st.booleans(),
        "metric_handlers": st.lists(st.sampled_from(["influx", "graphite"]), max_size=2),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 1, 2, 3, 127, 255]), max_size=20), drawn_arguments)
def test_the_rule_equals_its_script(statuses: list[int], arguments: dict[str, Any]) -> None:
    """For any events and arguments, Python gives the status, output, annotations and metrics of the script."""
    given_to = given_arguments(BUILT_IN.arguments, arguments)
    assert isinstance(given_to, dict)
    assert given_to == arguments
    assert_same(statuses, given_to)


@pytest.mark.parametrize(
    ("statuses", "arguments", "status", "output"),
    [
        ([], {"critical_threshold": 70}, 1, "WARNING: No events selected for aggregate\n"),
        ([0, 0, 2], {}, 0, "Everything looks good (66.66666666666666% OK)"),
        ([0] * 7 + [2] * 3, {"critical_threshold": 70}, 2, "CRITICAL: Less than 70% of selected events are OK (70%)\n"),
        ([0, 2], {"warning_threshold": 50.0}, 1, "WARNING: Less than 50% of selected events are OK (50%)\n"),
        (
            [0, 2],
            {"warning_threshold": 70, "critical_threshold": 60},
            2,
            "CRITICAL: Less than 60% of selected events are OK (50%)\n",
        ),
        ([0, 2, 2], {"critical_count": 2}, 2, "CRITICAL: 2 or more selected events are in a critical state (2)\n"),
        ([0, 1, 1], {"warning_count": 1.5}, 1, "WARNING: 1.5 or more selected events are in a warning state (2)\n"),
        ([0, 2], {"warning_count": 1}, 0, "Everything looks good (50% OK)"),
        ([2], {"critical_threshold": 0, "critical_count": 0}, 0, "Everything looks good (0% OK)"),
    ],
)
def test_the_order_of_the_rules(statuses: list[int], arguments: dict[str, Any], status: int, output: str) -> None:
    """Thresholds come before counts and critical before warning; equal is reached; 0 is not set."""
    result = assert_same(statuses, arguments)
    assert (result.status, result.output) == (status, output)


def test_metrics_are_ten_points_in_order() -> None:
    """Percentages come before counts, each with the service, the entity and the check; annotations repeat them."""
    arguments = {"produce_metrics": True, "set_metric_annotations": True, "metric_handlers": ["influx"]}
    result = assert_same([0, 1, 2, 3, 3, 0], arguments)
    event = rule_event(COMPONENT, RULE, "website", result, NOW)
    assert event.metrics
    assert event.metrics.handlers == ("influx",)
    kinds = ("non_zero", "ok", "warning", "critical", "unknown")
    points = event.metrics.points or ()
    assert [point.name for point in points] == [f"{of}_{kind}" for of in ("percent", "count") for kind in kinds]
    assert [point.value for point in points][5:] == [4, 2, 1, 1, 2]
    tags = {tuple((tag.name, tag.value) for tag in point.tags or ()) for point in points}
    assert tags == {(("service", "website"), ("entity", "website"), ("check", "web"))}
    assert event.metadata.annotations["io.sensu.bsm.selected_event_count"] == "6"
    assert event.metadata.annotations["io.sensu.bsm.selected_event_percent_ok"] == "33.33333333333333"
    assert len(event.metadata.annotations) == 11


def test_annotations_belong_to_metrics() -> None:
    """Without metrics there is only the number of selected events, and without events not even that."""
    assert assert_same([0], {"set_metric_annotations": True}).annotations == {"io.sensu.bsm.selected_event_count": "1"}
    assert assert_same([], {"produce_metrics": True}) == RuleResult(1, "WARNING: No events selected for aggregate\n")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**20), 10**20)))
def test_numbers_are_written_as_in_javascript(value: float) -> None:
    """The text of a number equals that of the engine, which does not always find the shortest one."""
    script, event = "event.check.output = args.value.toString()", '{"check": {}, "entity": {}}'
    made = SANDBOX.judge(script, "[]", event, json.dumps({"value": value}), now=NOW)
    assert isinstance(made, dict)
    ours, theirs = number_text(value), made["check"]["output"]
    assert ours == theirs or (len(ours) < len(theirs) and float(ours) == float(theirs) == value)


@pytest.mark.parametrize(("interval", "ttl"), [(1, 5), (2, 5), (3, 6), (60, 120), (0, 0)])
def test_events_of_every_interval_are_valid(interval: int, ttl: int) -> None:
    """The TTL is two intervals, and not shorter than an event may have; a cron line has none."""
    component = msgspec.structs.replace(COMPONENT, interval=interval, cron="" if interval else "@hourly")
    event = rule_event(component, RULE, "website", RuleResult(0, ""), NOW)
    assert event_rules.problem(event) is None
    assert event.check
    assert event.check.ttl == ttl


def test_published_forms_of_the_script_are_the_same() -> None:
    """Line ends, escapes of HTML and indentation do not matter; a changed threshold does."""
    script = BUILT_IN.eval.replace("\\n", "\n").replace("&", "\\u0026").replace("<", "\\u003c").replace("    ", "  ")
    assert is_built_in(msgspec.structs.replace(BUILT_IN, eval=script))
    assert not is_built_in(msgspec.structs.replace(BUILT_IN, eval=script.replace("= 2", "= 1")))
    assert not is_built_in(msgspec.structs.replace(BUILT_IN, metadata=make_metadata("other")))
