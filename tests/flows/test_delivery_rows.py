"""Rows of deliveries: pending ones and dead letters, in groups by handlers and error."""

import json
from typing import Any

import pytest

from sensu.backend.activity import MemberActivity
from sensu.backend.services import delivery_rows
from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, PIPELINE
from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.wire import encode
from sensu.rules.owed import Step, rest_of
from sensu.store.values import OweDelivery, SettleDelivery
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from tests.flows.operator_world import OWN, Operator, rule

LEGACY = "core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-"
AT = 1_700_000_000


def result(entity: str, *handlers: str) -> Event:
    return make_event(make_entity(entity), make_check("http", 2, executed=AT, handlers=handlers), timestamp=AT)


async def owed(ann: Operator, event: Event, steps: dict[str, Step] | None = None, namespace: str = "default") -> int:
    """A pending delivery; without steps it was not tried yet."""
    store = ann.api.store
    number = store.next_delivery_id()
    rest = b"" if steps is None else rest_of(steps)
    attempts = max((step.tries for step in (steps or {}).values()), default=0)
    await store.commit([OweDelivery(number, namespace, encode(event), 1e10, attempts, rest)])
    return number


async def dead(ann: Operator, entity: str, handler: str, why: str) -> int:
    number = await owed(ann, result(entity, handler), {LEGACY + handler: Step(3, 1e10, why)})
    await ann.api.store.commit([SettleDelivery(number, dead=f"{LEGACY}{handler}: {why}")])
    return number


async def some(ann: Operator) -> dict[str, int]:
    """Two handlers, of which one is refused twice, timed out once, and has one delivery that was not tried yet."""
    handlers = [Handler(metadata=make_metadata(name), type="pipe", command="cat") for name in ("pager", "mail")]
    await ann.api.store.commit([put(HANDLER, handler) for handler in handlers])
    return {
        "first": await dead(ann, "web1", "pager", "refused"),
        "second": await dead(ann, "web2", "pager", "refused"),
        "third": await dead(ann, "web3", "pager", 'timed out: "5 s"\nüber'),
        "waits": await owed(ann, result("db1", "mail", "pager")),
        "fails": await owed(
            ann,
            result("db2", "mail"),
            {LEGACY + "mail": Step(2, 5e9, "no route"), LEGACY + "gone": Step(0, 0, "no route")},
        ),
        "elsewhere": await owed(ann, result("db2", "mail"), namespace="other"),
    }


async def rows(ann: Operator, query: str = "") -> Any:
    return await ann.get(f"{OWN}/deliveries/rows?{query}")


async def entities(ann: Operator, query: str) -> list[str]:
    return [row["entity"] for row in (await rows(ann, query))["rows"]]


async def test_a_row_shows_a_delivery(operator: Operator) -> None:
    """A row names the event, the handlers, the last error without names of workflows, and the next attempt."""
    made = await some(operator)
    found = await rows(operator, "order=oldest")
    assert [found[key] for key in ("total", "owed", "dead", "searched", "complete", "held_back")] == [
        5, 2, 3, 5, True, False,
    ]  # fmt: skip
    assert found["rows"][0] == {
        "id": made["first"], "state": "dead", "entity": "web1", "check": "http", "handlers": ["pager"],
        "attempts": 3, "error": "refused", "event_at": AT, "due_at": 0,
    }  # fmt: skip
    waits, fails = found["rows"][3:]
    assert (waits["handlers"], waits["attempts"], waits["error"]) == (["mail", "pager"], 0, "")
    assert (fails["attempts"], fails["error"], fails["due_at"]) == (2, "no route", 5e9)


async def test_deliveries_are_grouped_by_handlers_and_error(operator: Operator) -> None:
    """The largest group comes first; each delivery is in one group."""
    await some(operator)
    groups = (await rows(operator, "order=oldest"))["groups"]
    assert [(group["handlers"], group["error"], group["number"]) for group in groups] == [
        (["pager"], "refused", 2), (["pager"], 'timed out: "5 s"\nüber', 1), (["mail", "pager"], "", 1),
        (["mail", "gone"], "no route", 1),
    ]  # fmt: skip


async def test_deliveries_are_sorted_and_filtered(operator: Operator) -> None:
    """State, handlers and error choose exactly; a word is searched in events, handlers and errors."""
    await some(operator)
    assert await entities(operator, "limit=2") == ["db2", "db1"]
    assert await entities(operator, "order=oldest&offset=3&limit=1") == ["db1"]
    assert await entities(operator, "state=dead") == ["web3", "web2", "web1"]
    assert await entities(operator, "handler=pager&error=refused") == ["web2", "web1"]
    assert await entities(operator, "handler=pager&handler=mail") == ["db1"]
    assert await entities(operator, "error=") == ["db1"]
    for word, found in (("WEB1/h", ["web1"]), ("mail", ["db2", "db1"]), ("Timed", ["web3"]), ("nothing", [])):
        assert await entities(operator, f"word={word}") == found


@pytest.mark.world(handles=True)
async def test_a_group_is_retried_or_discarded_as_a_whole(operator: Operator) -> None:
    """The filter of a bulk request takes the state, the handlers and the error of a group, whatever the error says."""
    await some(operator)
    for group, expected in ((0, ["web1", "web2"]), (0, ["web3"])):
        found = (await rows(operator, "state=dead"))["groups"][group]
        where = {key: found[key] for key in ("state", "handlers", "error")}
        request = {"action": "discard", "where": where, "expect": found["number"]}
        assert (await operator.ask("POST", f"{OWN}/deliveries/bulk", {**request, "expect": 9}))[0] == 409
        answer = await operator.api.call("POST", f"{OWN}/deliveries/bulk", request, Authorization=operator.token)
        assert json.loads(answer.body.splitlines()[-1])["summary"]["done"] == len(expected)
    assert await entities(operator, "state=dead") == []


async def test_conditions_for_deliveries_do_not_suit_other_things(operator: Operator) -> None:
    """A filter with conditions that mean nothing for what it chooses is refused."""
    for what, where, words in (
        ("events", {"state": "dead"}, "only for deliveries"),
        ("checks", {"handlers": []}, "only for deliveries"),
        ("entities", {"error": ""}, "only for deliveries"),
        ("deliveries", {"status": ["critical"]}, "only for events"),
        ("deliveries", {"state": "lost"}, "state must be owed or dead"),
    ):
        action = {"events": "resolve", "checks": "delete", "entities": "delete"}.get(what, "retry")
        request = {"action": action, "where": where, "expect": 0}
        status, answer = await operator.ask("POST", f"{OWN}/{what}/bulk", request)
        assert (status, words in json.dumps(answer)) == (400, True), answer


async def test_the_handlers_of_workflows_are_named(operator: Operator) -> None:
    """Workflows of pipelines have the pipeline's handler; of those that are gone, the name says what it can."""
    reference = ResourceReference(api_version="core/v2", type="Handler", name="pager")
    workflow = PipelineWorkflow(name="page", filters=(), handler=reference)
    await operator.api.store.commit([put(PIPELINE, Pipeline(metadata=make_metadata("p"), workflows=(workflow,)))])
    pipeline = ResourceReference(api_version="core/v2", type="Pipeline", name="p")
    event = make_event(make_entity("web1"), make_check("http", 2, executed=AT), pipelines=(pipeline,))
    gone = {"core/v2.Pipeline(Name=p)/old": Step(1, 0, "x"), f"{LEGACY}chat": Step(), "fallback(Name=mail)/a": Step()}
    await owed(operator, event, {"core/v2.Pipeline(Name=p)/page": Step(), **gone})
    (row,) = (await rows(operator))["rows"]
    assert row["handlers"] == ["pager", "chat", "mail"]


async def test_reading_ends_after_a_while(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that takes too long to read says how far it was read; the counts of the namespace stay exact."""
    await some(operator)
    monkeypatch.setattr(delivery_rows, "READING_S", 0.0)
    monkeypatch.setattr("sensu.backend.services.deliveries._READ_AT_ONCE", 2)
    found = await rows(operator)
    assert [found[key] for key in ("total", "searched", "complete", "owed", "dead")] == [2, 2, False, 2, 3]


async def test_results_that_wait_are_mentioned(operator: Operator) -> None:
    """The list says whether results have to wait because too many deliveries are pending."""
    operator.api.ports.activity = lambda: MemberActivity(0.0, True, {})
    assert (await rows(operator))["held_back"] is True


async def test_who_may_not_list_deliveries_sees_no_rows(operator: Operator) -> None:
    """The list needs the right to list deliveries; wrong questions are refused with the reason."""
    for query in ("order=size", "limit=501", "offset=-1", "state=lost", f"word={'x' * 1001}"):
        status, answer = await operator.ask("GET", f"{OWN}/deliveries/rows?{query}")
        assert (status, query.partition("=")[0] in json.dumps(answer)) == (400, True)
    bob = await operator.with_rules(rule("deliveries", "get update delete"))
    assert (await bob.ask("GET", f"{OWN}/deliveries/rows"))[0] == 403
