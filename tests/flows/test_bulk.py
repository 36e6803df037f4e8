"""One request does the same to many events, entities, checks or deliveries, and says what came of each."""

import json
from typing import Any

import pytest

from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import CHECK, ENTITY, HANDLER
from sensu.testing.factories import make_check, make_check_config, make_entity, make_event, make_metadata, make_proxy
from tests.flows.operator_world import CORE, OWN, Operator, rule


def result(entity: str, check: str = "http", status: int = 2, handlers: tuple[str, ...] = ()) -> Event:
    made = make_check(check, status, subscriptions=("linux",), executed=1_700_000_000, handlers=handlers)
    return make_event(make_entity(entity, subscriptions=["linux"]), made)


async def bulk(operator: Operator, what: str, **request: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines of the items, and the summary without the id of the batch."""
    answer = await operator.api.call("POST", f"{OWN}/{what}/bulk", request, Authorization=operator.token)
    assert answer.status == 200, answer.body
    lines = [json.loads(line) for line in answer.body.splitlines()]
    summary = lines.pop()["summary"]
    return lines, {key: value for key, value in summary.items() if key not in ("batch", "dry_run") and value}


async def refused(operator: Operator, what: str, **request: Any) -> tuple[int, str]:
    status, answer = await operator.ask("POST", f"{OWN}/{what}/bulk", request)
    return status, answer.get("message") or answer.get("Message")


async def failing(operator: Operator) -> list[str]:
    events = await operator.get(f"{CORE}/events")
    return [one["entity"]["metadata"]["name"] for one in events if one["check"]["status"]]


async def test_events_that_match_are_resolved_if_they_are_as_many_as_expected(operator: Operator) -> None:
    """If another number matches, the request is refused with it; else exactly those that match are resolved."""
    await operator.report(*(result(f"web{number}") for number in range(40)), result("db1", "disk", 1))
    where = {"status": ["critical"], "word": "WEB"}
    assert await refused(operator, "events", action="resolve", where=where, expect=39) == (
        409,
        "where matches 40 items, 39 were expected",
    )
    lines, summary = await bulk(operator, "events", action="resolve", where=where, expect=40)
    assert (summary, len(lines)) == ({"total": 40, "done": 40}, 40)
    assert await failing(operator) == ["db1"]
    resolved = await operator.get(f"{CORE}/events/web1/http")
    assert resolved["check"]["output"] == "Resolved manually by admin"
    entries = await operator.get("/api/sensu/v1/audit?fieldSelector=audit.action%20%3D%3D%20resolve")
    assert len({entry["batch"] for entry in entries}) == 1
    assert len(entries) == 40


async def test_each_item_needs_its_own_permission_and_says_what_came_of_it(operator: Operator) -> None:
    """Names that do not exist are gone; what the caller may not do is refused with the permission that it needs."""
    await operator.report(result("web1"), result("web2"))
    bob = await operator.with_rules(rule("events", "get list"), rule("events", "update", ["web1/http"]))
    lines, summary = await bulk(bob, "events", action="resolve", of=[["web1", "http"], ["web2", "http"]])
    assert lines == [
        {"entity": "web1", "check": "http", "outcome": "done"},
        {"entity": "web2", "check": "http", "outcome": "refused", "why": "needs update on events"},
    ]
    assert await failing(operator) == ["web2"]
    lines, summary = await bulk(
        operator, "events", action="delete", of=[["web1", "http"], ["x", "y"], ["web1", "http"]]
    )
    assert [line["outcome"] for line in lines] == ["done", "gone"]
    assert summary == {"total": 2, "done": 1, "gone": 1}
    assert (await refused(await operator.with_rules(), "events", action="resolve", where={}, expect=0))[0] == 403


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(operator: Operator) -> None:
    """A dry run checks permissions and existence."""
    await operator.report(result("web1"))
    bob = await operator.with_rules(rule("events", "delete", ["web1/http", "x/y"]))
    names = [["web1", "http"], ["x", "y"], ["web2", "http"]]
    lines, _ = await bulk(bob, "events", action="delete", of=names, dry_run=True)
    assert [line["outcome"] for line in lines] == ["done", "gone", "refused"]
    assert await failing(operator) == ["web1"]


async def test_events_are_silenced_and_the_silences_of_others_stay(operator: Operator) -> None:
    """Each event gets a silence of its own with the terms of the request; ending it leaves wider silences alone."""
    await operator.report(result("web1"), result("web2"))
    both = [["web1", "http"], ["web2", "http"]]
    terms = {"expire": 3600, "reason": "a new disk"}
    assert (await bulk(operator, "events", action="silence", of=both, silence=terms))[1] == {"total": 2, "done": 2}
    found = await operator.get(f"{CORE}/silenced")
    assert [(one["metadata"]["name"], one["reason"]) for one in found] == [
        ("entity:web1:http", "a new disk"),
        ("entity:web2:http", "a new disk"),
    ]
    lines, _ = await bulk(operator, "events", action="silence", of=both[:1])
    assert (lines[0]["outcome"], lines[0]["why"]) == ("refused", "it is silenced already")
    wide = {"metadata": {"namespace": "default"}, "subscription": "linux"}
    assert (await operator.ask("POST", f"{CORE}/silenced", wide))[0] == 201
    assert (await bulk(operator, "events", action="unsilence", of=both[:1]))[1] == {"total": 1, "done": 1}
    lines, _ = await bulk(operator, "events", action="unsilence", of=both[:1])
    assert lines[0]["why"] == "silenced by linux:*, which can apply to other events too"


async def test_checks_are_run_again_on_the_entities_of_events(operator: Operator) -> None:
    """A check runs on the agent of the event's entity; for a proxy entity it runs where it always does."""
    await operator.api.store.commit([put(CHECK, make_check_config("http")), put(CHECK, make_check_config("ping"))])
    proxied = make_event(make_proxy("router1"), make_check("ping", 2, proxy_entity_name="router1"))
    await operator.report(result("web1"), proxied, result("web1", "gone"), result("web1", "keepalive"))
    names = [["web1", "http"], ["router1", "ping"], ["web1", "gone"], ["web1", "keepalive"]]
    lines, _ = await bulk(operator, "events", action="execute", of=names)
    assert [line["outcome"] for line in lines] == ["done", "done", "gone", "refused"]
    asked = operator.api.schedule.asked
    assert sorted(asked) == [("default", "http", ("entity:web1",)), ("default", "ping", ())]


async def test_entities_are_deleted_and_silenced(operator: Operator) -> None:
    """Deleting an entity takes its events with it; silencing it silences all of its checks."""
    await operator.api.store.commit([put(ENTITY, make_entity(name)) for name in ("web1", "web2", "db1")])
    await operator.report(result("web1"), result("db1"))
    lines, _ = await bulk(operator, "entities", action="silence", of=["db1"], silence={"expire": 60})
    assert lines == [{"entity": "db1", "outcome": "done"}]
    assert [one["metadata"]["name"] for one in await operator.get(f"{CORE}/silenced")] == ["entity:db1:*"]
    _, summary = await bulk(operator, "entities", action="delete", where={"word": "web"}, expect=2)
    assert summary == {"total": 2, "done": 2}
    assert await failing(operator) == ["db1"]


async def test_checks_are_published_run_and_deleted(operator: Operator) -> None:
    """Checks change together, each with an entry of its own in the audit log."""
    await operator.api.store.commit([put(CHECK, make_check_config(name)) for name in ("a", "b")])
    await bulk(operator, "checks", action="unpublish", where={"fieldSelector": ["check.publish == true"]}, expect=2)
    assert [one["publish"] for one in await operator.get(f"{CORE}/checks")] == [False, False]
    await bulk(operator, "checks", action="publish", of=["a"])
    assert [one["publish"] for one in await operator.get(f"{CORE}/checks")] == [True, False]
    await bulk(operator, "checks", action="execute", of=["a", "x"])
    assert operator.api.schedule.asked == [("default", "a", ())]
    assert (await bulk(operator, "checks", action="delete", of=["a", "b"]))[1] == {"total": 2, "done": 2}


@pytest.mark.world(handles=True)
async def test_deliveries_are_discarded(operator: Operator) -> None:
    """Deliveries are chosen by their ids or by what they are about."""
    broken = Handler(metadata=make_metadata("broken"), type="pipe", command="exit 1", retry_delay=600, retry_attempts=9)
    await operator.api.store.commit([put(HANDLER, broken)])
    await operator.report(*(result(f"web{number}", handlers=("broken",)) for number in (1, 2, 3)))
    owed = await operator.api.store.deliveries_owed(10)
    first, second, _ = (each.id for each in owed)
    lines, _ = await bulk(operator, "deliveries", action="discard", of=[first, str(second), "nothing"])
    assert lines == [
        {"delivery": str(first), "outcome": "done"},
        {"delivery": str(second), "outcome": "done"},
        {"delivery": "nothing", "outcome": "gone", "why": "not found"},
    ]
    _, summary = await bulk(operator, "deliveries", action="retry", where={"word": "web3"}, expect=1)
    assert summary == {"total": 1, "done": 1}
    _, summary = await bulk(operator, "deliveries", action="discard", where={"word": "web"}, expect=1)
    assert summary == {"total": 1, "done": 1}
    assert await operator.api.store.deliveries_owed(10) == []


@pytest.mark.parametrize(
    ("request_body", "why"),
    [
        ({"action": "explode", "of": [["a", "b"]]}, "action must be one of"),
        ({"action": "delete"}, "either of or where"),
        ({"action": "delete", "of": [], "where": {}}, "either of or where"),
        ({"action": "delete", "of": []}, "of must have between 1 and 1,000 items"),
        ({"action": "delete", "of": [["a", "b"]] * 1001}, "of must have between 1 and 1,000 items"),
        ({"action": "delete", "where": {}}, "expect must be the number"),
        ({"action": "delete", "where": {"status": ["bad"]}, "expect": 0}, "where.status must name"),
        ({"action": "delete", "where": {"fieldSelector": ["a =="]}, "expect": 0}, "failed to parse fieldSelector"),
        ({"action": "delete", "of": [["a", "b"]], "silence": {}}, "silence is only for the action silence"),
        ({"action": "delete", "of": ["a"]}, "of"),
    ],
)
async def test_a_wrong_request_is_refused_whole(operator: Operator, request_body: dict[str, Any], why: str) -> None:
    """Nothing is done before the whole request is known to be valid."""
    status, message = await refused(operator, "events", **request_body)
    assert status == 400
    assert why in message


async def test_filters_for_events_are_refused_elsewhere(operator: Operator) -> None:
    """A condition that would not be looked at is an error."""
    for what, action in (("entities", "delete"), ("checks", "delete"), ("deliveries", "retry")):
        status, message = await refused(operator, what, action=action, where={"status": ["critical"]}, expect=0)
        assert (status, message) == (400, "where.status and where.silenced are only for events")
