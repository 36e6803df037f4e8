"""What happened to an entity, and what happened before an event changed its state."""

from typing import Any

from sensu.backend.stored_form import put
from sensu.clock import SystemClock
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, ENTITY
from sensu.testing.factories import make_check, make_check_config, make_entity, make_event
from tests.flows.operator_world import CORE, OWN, Operator, rule

ENTITY_PATH, EVENT_PATH = f"{OWN}/entities/web1", f"{OWN}/events/web1/http"


def result(status: int, check: str = "http", entity: str = "web1") -> Event:
    at = int(SystemClock().now())
    return make_event(make_entity(entity), make_check(check, status, executed=at, handlers=("pager",)))


async def prepared(operator: Operator) -> None:
    await operator.api.store.commit([put(ENTITY, make_entity("web1")), put(CHECK, make_check_config("http"))])
    change: dict[str, Any] = {"timeout": 2}
    patched = await operator.api.call(
        "PATCH",
        f"{CORE}/checks/http",
        change,
        Authorization=operator.token,
        Content_Type="application/merge-patch+json",
    )
    assert patched.status == 200, patched.body
    silence = {"metadata": {"namespace": "default"}, "check": "http", "reason": "a new disk"}
    assert (await operator.ask("POST", f"{CORE}/silenced", silence))[0] == 201
    await operator.report(result(0), result(2, "disk"), result(0, entity="web2"), result(2))


async def test_a_timeline_has_bands_and_marks(operator: Operator) -> None:
    """Statuses are bands; changes to the check, silences and what became of deliveries are marks, oldest first."""
    await prepared(operator)
    assert (await operator.ask("DELETE", f"{CORE}/silenced/*:http"))[0] == 204
    found = await operator.get(f"{ENTITY_PATH}/timeline")
    assert sorted((band["check"], band["status"], band["to"] == 0) for band in found["bands"]) == [
        ("disk", 2, True),
        ("http", 0, False),
        ("http", 2, True),
    ]
    texts = [(mark["sort"], mark["text"]) for mark in found["marks"]]
    assert ("configuration", "admin changed check http: timeout 0 → 2") in texts
    assert ("silence-begins", "admin: *:http (a new disk)") in texts
    assert ("silence-ends", "admin: *:http") in texts
    (silence,) = found["silences"]
    assert (silence["name"], silence["check"], silence["creator"]) == ("*:http", "http", "admin")
    assert 0 < silence["from"] <= silence["to"]
    assert (found["hidden"], found["next"]) == ([], "")


async def test_what_happened_before_an_incident_is_told(operator: Operator) -> None:
    """Changes to the check, silences, and what else failed on the entity or of the check come newest first."""
    await prepared(operator)
    found = await operator.get(f"{EVENT_PATH}/before?window=10m")
    assert {(mark["sort"], mark["text"]) for mark in found["marks"]} == {
        ("configuration", "admin changed check http: timeout 0 → 2"),
        ("silence-begins", "admin: *:http (a new disk)"),
        ("event", "web1/disk became critical"),
        ("event", "web2/http became passing"),
    }
    assert (await operator.ask("GET", f"{EVENT_PATH}/before?window=1y"))[0] == 400
    assert (await operator.ask("GET", f"{EVENT_PATH}/before?window=1000h"))[0] == 400
    assert (await operator.ask("GET", f"{OWN}/events/web1/absent/before"))[0] == 404


async def test_what_a_caller_may_not_read_is_left_out_and_named(operator: Operator) -> None:
    """Without the right to the audit log, silences or lists of events, their parts are hidden."""
    await prepared(operator)
    bob = await operator.with_rules(rule("events entities", "get"))
    found = await bob.get(f"{EVENT_PATH}/before")
    assert (found["marks"], sorted(found["hidden"])) == ([], ["audit", "events", "silenced"])
    timeline = await bob.get(f"{ENTITY_PATH}/timeline")
    assert (len(timeline["bands"]), sorted(timeline["hidden"])) == (3, ["audit", "silenced"])
    bob = await operator.with_rules(rule("events", "get", ["web1/disk"]), rule("entities", "get"))
    assert [band["check"] for band in (await bob.get(f"{ENTITY_PATH}/timeline"))["bands"]] == ["disk"]
    bob = await operator.with_rules(rule("checks", "get"))
    assert (await bob.ask("GET", f"{ENTITY_PATH}/timeline"))[0] == 403
    assert (await bob.ask("GET", f"{EVENT_PATH}/before"))[0] == 403
