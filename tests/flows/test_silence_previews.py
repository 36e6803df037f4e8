"""What a silence does, or would do, before anybody creates or deletes it."""

from sensu.resources.event import Event
from sensu.testing.factories import make_check, make_entity, make_event
from tests.flows.operator_world import CORE, OWN, Operator, rule


def result(entity: str, check: str, status: int) -> Event:
    made = make_check(
        check, status, subscriptions=("linux",), output=f"{check} is {status}\nmore", executed=1_700_000_000
    )
    return make_event(make_entity(entity, subscriptions=["linux"]), made)


def silence(**fields: object) -> dict[str, object]:
    return {"metadata": {"namespace": "default"}, **fields}


async def test_exactly_those_events_are_silenced_that_the_preview_counted(operator: Operator) -> None:
    """The preview counts events and stores nothing; the silence, once created, then marks those events."""
    events = [result("web1", "http", 2), result("web2", "http", 0), result("web1", "disk", 1)]
    await operator.report(*events)
    wanted = silence(check="http", subscription="linux")
    status, found = await operator.ask("POST", f"{OWN}/silenced/preview", wanted)
    assert status == 200
    assert {key: found[key] for key in ("name", "events", "critical", "warning", "passing", "entities")} == {
        "name": "linux:http", "events": 2, "critical": 1, "warning": 0, "passing": 1, "entities": 2
    }  # fmt: skip
    first = found["rows"][0]
    assert (first["entity"], first["class"], first["status"], first["line"]) == ("web1", "agent", 2, "http is 2")
    assert (await operator.ask("GET", f"{OWN}/silenced/linux:http/hits"))[0] == 404
    assert (await operator.ask("POST", f"{CORE}/silenced", wanted))[0] == 201
    hits = await operator.get(f"{OWN}/silenced/linux:http/hits")
    assert (hits["events"], hits["rows"][0]["silenced"]) == (2, ["linux:http"])
    await operator.report(*events)
    stored = await operator.get(f"{CORE}/events")
    marked = {
        (one["entity"]["metadata"]["name"], one["check"]["metadata"]["name"])
        for one in stored
        if one["check"]["is_silenced"]
    }
    assert marked == {("web1", "http"), ("web2", "http")}


async def test_a_preview_breaks_the_same_rules_as_the_silence(operator: Operator) -> None:
    """What could not be created cannot be previewed, and the reason is the same."""
    for wrong in (
        silence(),
        silence(subscription="a b"),
        silence(check="/"),
        {"metadata": {"namespace": "x"}, "check": "a"},
    ):
        refused = await operator.ask("POST", f"{OWN}/silenced/preview", wrong)
        assert refused == await operator.ask("POST", f"{CORE}/silenced", wrong)
        assert refused[0] == 400
    assert (await operator.ask("POST", f"{OWN}/silenced/preview", {"check": "http"}))[0] == 200


async def test_a_preview_needs_the_right_to_list_events(operator: Operator) -> None:
    """Who may create silences and not list events learns nothing about events."""
    bob = await operator.with_rules(rule("silenced", "get list create"))
    assert (await bob.ask("POST", f"{OWN}/silenced/preview", silence(check="http")))[0] == 403
    assert (await bob.ask("GET", f"{OWN}/silenced/a:b/hits"))[0] == 403
    bob = await operator.with_rules(rule("events", "list"))
    assert (await bob.ask("POST", f"{OWN}/silenced/preview", silence(check="http")))[0] == 200
    assert (await bob.ask("GET", f"{OWN}/silenced/a:b/hits"))[0] == 403
