from typing import Any

import pytest

from sensu.agent import check_event
from sensu.execution.command import CommandResult
from sensu.resources.check import Check, CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta, PipelineReference, SecretReference
from sensu.resources.metrics import MetricThreshold, MetricThresholdRule
from sensu.rules.metrics.extract import Extraction

ENTITY = Entity(metadata=ObjectMeta(name="web1", namespace="default"))


def config(**fields: Any) -> CheckConfig:
    metadata = ObjectMeta(name="http", namespace="default", created_by="admin", **fields.pop("metadata", {}))
    return CheckConfig(metadata=metadata, interval=60, **fields)


def begun(**fields: Any) -> Event:
    check = check_event.check_of(config(**fields), "configured {{ .name }}")
    return check_event.started(check, ENTITY, issued=5, sequence=2, now=100.9)


def check_in(event: Event) -> Check:
    assert event.check is not None
    return event.check


def test_the_event_keeps_the_configured_command_and_no_secrets() -> None:
    """An event shows the command as configured, and neither secrets nor who made the check."""
    event = begun(command="substituted", secrets=(SecretReference(name="A", secret="s"),), handlers=("h",))
    check = check_in(event)
    assert (check.command, check.handlers, check.secrets) == ("configured {{ .name }}", ("h",), None)
    assert check.metadata.created_by == ""
    assert (check.issued, check.executed, event.sequence, event.id) == (5, 100, 2, None)


def test_pipelines_of_the_check_are_those_of_the_event() -> None:
    """The check's pipelines handle its event."""
    event = begun(pipelines=(PipelineReference(name="p"),))
    assert [str(pipeline) for pipeline in event.pipelines or ()] == ["core/v2.Pipeline(Name=p)"]


def test_a_failure_has_status_3_unless_the_check_says_otherwise() -> None:
    """A check that cannot be run is unknown, or what its annotation says."""
    assert check_in(check_event.failed(begun(), "why", 200)).status == 3
    annotated = begun(metadata={"annotations": {"allow_list_on_deny_status": "1"}})
    failed = check_event.failed(annotated, "why", 200.5)
    assert (check_in(failed).status, check_in(failed).output, failed.timestamp) == (1, "why", 200)
    assert (failed.id, check_in(failed).processed_by) == (None, "")


def test_a_check_that_was_not_looked_at_has_no_sequence() -> None:
    """A request that is refused outright has neither sequence nor issue time."""
    event = check_event.refused(check_event.check_of(config(), "x"), ENTITY, "given check is invalid: y", 7)
    assert (event.sequence, check_in(event).issued, event.pipelines) == (0, 0, None)


def test_a_result_becomes_an_event() -> None:
    """Status, output and duration of the command are the event's, which gets an id."""
    event = check_event.finished(
        begun(), CommandResult(1, b"out\n", 0.5), processed_by="web1", now=101.2, refused=not_expected
    )
    check = check_in(event)
    assert (check.status, check.output, check.duration, check.processed_by) == (1, "out\n", 0.5, "web1")
    assert (event.timestamp, event.metrics) == (101, None)
    assert event.id


def metrics_event(output: str, **fields: Any) -> Event:
    given = begun(output_metric_format="graphite_plaintext", **fields)
    return check_event.finished(
        given, CommandResult(0, output.encode(), 0.5), processed_by="a", now=101, refused=not_expected
    )


def not_expected(extraction: Extraction) -> None:
    pytest.fail(f"refused: {extraction.reasons}")


@pytest.mark.parametrize("bounds", [{"dropped_bytes": 5}, {"timed_out": True}])
def test_half_a_number_is_not_taken(bounds: dict[str, Any]) -> None:
    """The last line of an output that was cut off, or whose command timed out, gives no point and is reported."""
    refused: list[Extraction] = []
    result = CommandResult(0, b"a 2 1700000000\nb 15 17000", 0.5, **bounds)
    given = begun(output_metric_format="graphite_plaintext")
    event = check_event.finished(given, result, processed_by="a", now=101, refused=refused.append)
    assert event.metrics is not None and [point.name for point in event.metrics.points or ()] == ["a"]
    assert [one.refused for one in refused] == [1]


def test_metrics_are_taken_out_of_the_output() -> None:
    """Points of the output become the event's metrics, whole numbers without a fraction."""
    metrics = metrics_event("a 2 1700000000\nb 1.5 1700000001\n", output_metric_handlers=("i",)).metrics
    assert metrics is not None
    assert metrics.handlers == ("i",)
    assert [(p.name, repr(p.value)) for p in metrics.points or ()] == [("a", "2"), ("b", "1.5")]


def test_points_that_json_cannot_hold_are_left_out() -> None:
    """Infinite values do not cost the event."""
    metrics = metrics_event("a +Inf 1700000000\n").metrics
    assert metrics is not None
    assert metrics.points is None


@pytest.mark.parametrize(("value", "status"), [("95", 2), ("50", 0)])
def test_thresholds_judge_the_metrics(value: str, status: int) -> None:
    """A metric beyond its threshold gives the check the threshold's status, and says so in annotations."""
    threshold = MetricThreshold(name="a", thresholds=(MetricThresholdRule(max="90", status=2),))
    event = metrics_event(f"a {value} 1700000000\n", output_metric_thresholds=(threshold,))
    assert check_in(event).status == status
    assert bool(event.metadata.annotations) == bool(status)


def test_discarded_output() -> None:
    """A check that discards its output sends none."""
    result = CommandResult(0, b"x", 1)
    event = check_event.finished(begun(discard_output=True), result, processed_by="a", now=1, refused=not_expected)
    assert check_in(check_event.with_output_discarded(event)).output == ""


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0, 1), (1.5, 1.5), (-2.0, -2), (12345678901234567890.0, 12345678901234567000), (1e21, 1e21)]
)
def test_numbers_as_the_wire_shows_them(value: float, shown: float) -> None:
    """Whole numbers have no fraction, and no digits that a float does not know of."""
    assert repr(check_event.plain(value)) == repr(shown)
