"""A filter tried out on the events that are stored."""

import asyncio
from typing import Any

import pytest

from sensu.backend.pipelined.steps import filter_bench
from sensu.clock import SystemClock
from sensu.resources.event import Event
from sensu.testing.factories import make_check, make_entity, make_event
from tests.flows.operator_world import CORE, OWN, Operator, rule

pytestmark = pytest.mark.world(handles=True)
PATH = f"{OWN}/filters/bench"


def result(entity: str, check: str, status: int, **fields: Any) -> Event:
    return make_event(make_entity(entity), make_check(check, status, output=f"{check} is {status}", **fields))


def asking(*expressions: str, action: str = "allow", name: str = "f", **fields: Any) -> dict[str, Any]:
    found = {"metadata": {"name": name}, "action": action, "expressions": list(expressions)}
    return {"filter": found, **fields}


async def told(operator: Operator, body: dict[str, Any]) -> dict[str, Any]:
    status, found = await operator.ask("POST", PATH, body)
    assert status == 200, found
    return dict(found)


async def report(operator: Operator) -> None:
    await operator.report(result("web1", "http", 2), result("web2", "http", 0), result("db1", "disk", 1))


async def test_a_bench_counts_what_passes_and_how_that_differs_from_the_stored_filter(operator: Operator) -> None:
    """Each event once: it passes, is kept back, or fails; differences to the stored filter of the name come first."""
    await report(operator)
    stored = {**asking("event.check.status == 2")["filter"], "metadata": {"name": "f", "namespace": "default"}}
    assert (await operator.ask("PUT", f"{CORE}/filters/f", stored))[0] == 201
    found = await told(operator, asking("event.check.status >= 1"))
    assert {key: found[key] for key in ("judged", "passed", "kept_back", "errors", "differs", "stopped")} == {
        "judged": 3, "passed": 2, "kept_back": 1, "errors": 0, "differs": 1, "stopped": ""
    }  # fmt: skip
    assert found["sample"][0] == {
        "entity": "db1",
        "check": "disk",
        "passes": True,
        "stored_passes": False,
        "reason": "",
        "expressions": [{"expression": "event.check.status >= 1", "value": True}],
    }
    new = await told(operator, asking("event.check.status == 2", name="other"))
    assert (new["passed"], new["differs"], new["sample"][0]["stored_passes"]) == (1, 0, None)


async def test_a_bench_is_limited_to_the_events_that_are_asked_for(operator: Operator) -> None:
    """By severity, by a part of the name, by number, and to those of the window."""
    await report(operator)
    assert (await told(operator, asking("true", status=["critical", "warning"])))["judged"] == 2
    assert (await told(operator, asking("true", word="WEB")))["judged"] == 2
    first = await told(operator, asking("true", max=1))
    assert [one["entity"] for one in first["sample"]] == ["web1"]
    assert (await told(operator, asking("true", window_s=0)))["judged"] == 0


async def test_an_expression_that_never_ends_stops_the_bench_and_nothing_else(operator: Operator) -> None:
    """The answer comes with the error and says that it stopped; failing expressions are counted as errors."""
    await report(operator)
    found = await told(operator, asking("(function(){ while (true) {} })()"))
    assert found["stopped"] == filter_bench.TOO_SLOW
    assert found["errors"] >= 1
    assert "time limit" in found["sample"][0]["expressions"][0]["error"]
    found = await told(operator, asking("nonsense.x == 1", "event.check.status >= 0"))
    assert (found["errors"], found["passed"], found["stopped"]) == (3, 0, "")
    assert "ReferenceError" in found["sample"][0]["expressions"][0]["error"]


async def test_a_bench_needs_filters_and_events_and_follows_the_rules_of_filters(operator: Operator) -> None:
    """Without either right it is refused; an invalid filter gets the sentence of filters."""
    for rules in ("filters", "get"), ("events", "list"):
        bob = await operator.with_rules(rule(*rules))
        assert (await bob.ask("POST", PATH, asking("true")))[0] == 403
    bob = await operator.with_rules(rule("filters", "get"), rule("events", "list"))
    assert (await bob.ask("POST", PATH, asking("true")))[0] == 200
    for wrong, why in (
        (asking(), "filter must have one or more expressions"),
        (asking("true", action="pass"), "action 'pass' is not valid"),
        (asking(*["true"] * 21), "filter must not have more than 20 expressions in a bench"),
        (asking("true", status=["red"]), "status must name some of critical, warning, unknown, passing, incident"),
    ):
        assert await operator.ask("POST", PATH, wrong) == (400, {"message": why, "code": 1})
    assert (await operator.ask("POST", PATH, asking("event.")))[0] == 200


async def test_the_benches_of_a_caller_are_limited(operator: Operator) -> None:
    """One at a time, and together only so much JavaScript a minute; beyond it a caller is asked to wait."""
    await report(operator)
    slow = asking("(function(){ while (true) {} })()")
    both = await asyncio.gather(operator.ask("POST", PATH, slow), operator.ask("POST", PATH, slow))
    assert sorted(status for status, _ in both) == [200, 429]
    bench = operator.api.ports.deliveries.bench
    assert isinstance(bench, filter_bench.FilterBench)
    bench._budgets.use("admin", 2 * filter_bench.BUDGET_S, SystemClock().monotonic())
    status, refused = await operator.ask("POST", PATH, asking("true"))
    assert status == 429
    assert refused["message"].startswith("JavaScript of your filter benches took more than 15 s within 60 s: try again")
