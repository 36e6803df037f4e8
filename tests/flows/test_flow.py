"""What went through workflows in the last hour."""

from typing import Any

import pytest

from sensu.backend.flow import WORKFLOWS_MAX, Flow
from sensu.backend.services import flow as flow_service
from sensu.backend.stored_form import put
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, PIPELINE
from sensu.resources.pipeline import Pipeline
from sensu.rules.explain import (
    DELIVERED,
    FAILED,
    FILTERED,
    ExpressionTrace,
    FilterTrace,
    StageTrace,
    WorkflowTrace,
)
from sensu.rules.flow import FlowCounts, added, quantile_s, range_of
from sensu.rules.workflow import workflow_named
from sensu.testing.factories import make_metadata
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.operator_world import OWN, Operator, rule
from tests.flows.test_delivery_rows import dead

START = 1_700_000_000.0
PAGE = "core/v2.Pipeline(Name=incidents)/page"
BARE = "core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-pager"
PASSED = FilterTrace(name="is_incident", passes=True, action="built-in")
KEPT = FilterTrace(name="is_incident", passes=False, action="built-in")
BROKEN = FilterTrace(
    name="office", passes=False, action="allow", expressions=(ExpressionTrace(expression="x", error="no x"),)
)


def attempt(outcome: str, workflow: str = PAGE, *, seconds: float = 0.0, **fields: Any) -> WorkflowTrace:
    handling = StageTrace(name="pager", well=outcome == DELIVERED, seconds=seconds) if seconds else None
    return WorkflowTrace(workflow=workflow, handler="pager", outcome=outcome, handling=handling, **fields)


def test_an_event_enters_once_however_often_it_is_tried() -> None:
    """Filters count the first attempt only; delivered and failed count every attempt."""
    flow = Flow(VirtualClock(START))
    flow.attempted("default", attempt(FAILED, why="refused", at=1.0, attempts=1, filters=(PASSED,), seconds=0.5))
    flow.attempted("default", attempt(FAILED, why="timed out", at=2.0, attempts=2, filters=(PASSED,), seconds=0.5))
    flow.attempted("default", attempt(DELIVERED, at=3.0, attempts=3, filters=(PASSED,), seconds=0.1))
    flow.attempted("default", attempt(FILTERED, at=4.0, attempts=1, filters=(KEPT,)))
    flow.attempted("default", attempt(FILTERED, at=5.0, attempts=1, filters=(PASSED, BROKEN)))
    (found,) = flow.counted("default")
    assert (found.entered, found.delivered, found.failed) == (3, 1, 2)
    incident, office = found.filters["is_incident"], found.filters["office"]
    assert (incident.passed, incident.kept_back, incident.errors) == (2, 1, 0)
    assert (office.passed, office.kept_back, office.errors) == (0, 1, 1)
    assert (found.error, found.error_at) == ("timed out", 2.0)


async def test_counts_are_those_of_the_last_minutes() -> None:
    """After an hour an attempt counts no more; a shorter window leaves out more; namespaces are apart."""
    clock = VirtualClock(START)
    flow = Flow(clock)
    flow.attempted("default", attempt(DELIVERED))
    await clock.advance(600)
    flow.attempted("default", attempt(DELIVERED))
    flow.attempted("other", attempt(DELIVERED))
    assert [found.delivered for found in flow.counted("default")] == [2]
    assert [found.delivered for found in flow.counted("default", 5)] == [1]
    await clock.advance(3600)
    assert flow.counted("default") == []


def test_the_number_of_workflows_is_bounded() -> None:
    """Beyond a thousand, the workflow that was used least recently is forgotten."""
    flow = Flow(VirtualClock(START))
    for number in range(WORKFLOWS_MAX):
        flow.attempted("default", attempt(DELIVERED, f"w{number}"))
    flow.attempted("default", attempt(DELIVERED, "w0"))
    flow.attempted("default", attempt(DELIVERED, "one more"))
    names = {found.workflow for found in flow.counted("default")}
    assert len(names) == WORKFLOWS_MAX
    assert "w0" in names
    assert "w1" not in names


def test_members_are_added_up() -> None:
    """Of several members counts and durations add up, and the last error is the latest."""
    one = FlowCounts("w", "pager", entered=1, took={range_of(0.1): 3}, error="old", error_at=1.0)
    other = FlowCounts("w", "pager", entered=2, took={range_of(2.0): 1}, error="new", error_at=2.0)
    total = added([one, other])["w"]
    assert (total.entered, total.error) == (3, "new")
    assert 0.1 <= quantile_s(total.took, 0.5) <= 0.125
    assert 2.0 <= quantile_s(total.took, 0.95) <= 2.5
    assert quantile_s({}, 0.5) == 0.0


def test_the_parts_of_a_workflows_name() -> None:
    """Pipelines, handlers that checks name themselves, and fallback handlers of either."""
    assert workflow_named(PAGE) == ("incidents", "page", False)
    assert workflow_named(BARE) == ("", "", False)
    assert workflow_named(f"fallback(Name=mail)/{PAGE}") == ("incidents", "page", True)


async def some(operator: Operator) -> None:
    """A pipeline and a handler with attempts, and a dead letter of the handler."""
    handler = Handler(metadata=make_metadata("pager"), type="pipe", command="cat")
    stored = [put(HANDLER, handler), put(PIPELINE, Pipeline(metadata=make_metadata("incidents")))]
    await operator.api.store.commit(stored)
    flow = Flow(VirtualClock(START))
    flow.attempted("default", attempt(DELIVERED, filters=(PASSED,), seconds=0.4, attempts=1))
    flow.attempted("default", attempt(FAILED, BARE, why="refused", at=START, attempts=1))
    operator.api.ports.flow = flow.counted
    await dead(operator, "web1", "pager", "refused")


async def test_the_flow_of_a_namespace_of_a_pipeline_and_of_a_handler(operator: Operator) -> None:
    """The same counts, for all workflows, those of a pipeline, and those that lead to a handler."""
    await some(operator)
    found = await operator.get(f"{OWN}/flow")
    assert (found["window_s"], found["complete"], found["hidden"]) == (3600, True, [])
    bare, page = found["workflows"]
    assert (bare["pipeline"], bare["failed"], bare["dead"], bare["waiting"]) == ("", 1, 1, 0)
    assert bare["last_error"] == {"at": START, "text": "refused"}
    assert (page["pipeline"], page["workflow"], page["handler"], page["in"]) == ("incidents", "page", "pager", 1)
    assert page["filters"] == [{"name": "is_incident", "passed": 1, "kept_back": 0, "errors": 0}]
    assert 0.4 <= page["median_s"] <= 0.5
    assert (await operator.get(f"{OWN}/pipelines/incidents/flow"))["workflows"] == [page]
    assert (await operator.get(f"{OWN}/handlers/pager/flow?window=5m"))["workflows"] == [bare, page]
    assert (await operator.ask("GET", f"{OWN}/handlers/nothing/flow"))[0] == 404
    for window in ("2h", "90s", "soon", "0s"):
        status, answer = await operator.ask("GET", f"{OWN}/flow?window={window}")
        assert status == 400
        assert "window" in answer["message"]


async def test_the_flow_shows_what_the_caller_may_read(operator: Operator) -> None:
    """Without rights on pipelines or deliveries these are left out, and named; without any it is refused."""
    await some(operator)
    bob = await operator.with_rules(rule("handlers", "get list"))
    found = await bob.get(f"{OWN}/flow")
    assert [row["pipeline"] for row in found["workflows"]] == [""]
    assert found["hidden"] == ["pipelines", "deliveries"]
    assert found["workflows"][0]["dead"] == 0
    assert (await bob.get(f"{OWN}/handlers/pager/flow"))["hidden"] == ["pipelines", "deliveries"]
    assert (await bob.ask("GET", f"{OWN}/pipelines/incidents/flow"))[0] == 403
    eve = await operator.with_rules(rule("events", "get list"))
    for path in ("flow", "handlers/pager/flow", "pipelines/incidents/flow"):
        assert (await eve.ask("GET", f"{OWN}/{path}"))[0] == 403


async def test_counting_deliveries_ends_after_a_while(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many deliveries to count, the answer says that it is not complete."""
    await some(operator)
    monkeypatch.setattr(flow_service, "READING_S", 0.0)
    assert (await operator.get(f"{OWN}/flow"))["complete"] is False


async def test_a_pipeline_has_the_numbers_of_its_fallback_pipelines_too(operator: Operator) -> None:
    """What a pipeline handles for a fallback pipeline is counted with what it handles otherwise."""
    tried = f"fallback_pipeline/v1.FallbackPipeline(Name=f)/{PAGE}"
    assert workflow_named(tried) == workflow_named(PAGE)
    await some(operator)
    flow = Flow(VirtualClock(START))
    for workflow in (PAGE, tried):
        flow.attempted("default", attempt(DELIVERED, workflow, attempts=1))
    operator.api.ports.flow = flow.counted
    (page,) = (await operator.get(f"{OWN}/pipelines/incidents/flow"))["workflows"]
    assert (page["workflow"], page["delivered"]) == ("page", 2)
