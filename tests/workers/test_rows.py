"""Rows of events are the same wherever they are asked for, and silences mark the events of every worker."""

from collections.abc import Sequence
from typing import Any

from tests.workers.world import NAMESPACE, WORKERS, Client, event_of, until

ROWS = "/api/sensu/v1/namespaces/default/events/rows"


def rows(client: Client, query: str = "") -> Any:
    status, answer = client.ask("GET", f"{ROWS}?word=listed&{query}")
    assert status == 200, answer
    return answer


def test_every_worker_lists_the_events_of_all(each: Sequence[Client]) -> None:
    """Events that any worker took and owns are listed and counted by each, with the silences that apply now."""
    for number in range(12):
        event = event_of(f"listed{number:02}", "http", number % 3)
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    asked = [rows(client, "order=name") for client in each]
    assert [row["entity"] for row in asked[0]["rows"]] == [f"listed{number:02}" for number in range(12)]
    assert all((answer["rows"], answer["counts"]) == (asked[0]["rows"], asked[0]["counts"]) for answer in asked)
    silence = {"metadata": {"name": "*:http", "namespace": "default"}, "check": "http", "reason": "test"}
    assert each[0].ask("POST", f"{NAMESPACE}/silenced", silence)[0] == 201
    for client in each:
        assert all(row["silenced"] == ["*:http"] for row in rows(client)["rows"])
        until(lambda client=client: rows(client, "silenced=true")["total"] == 12, "not all events are marked")
    assert each[1].ask("DELETE", f"{NAMESPACE}/silenced/*:http")[0] == 204
    for client in each:
        until(lambda client=client: rows(client, "silenced=true")["total"] == 0, "events are still marked")


def test_every_worker_answers_the_same_overview(each: Sequence[Client]) -> None:
    """Whichever worker is asked, the overview counts the events of all, and adds up what all of them did."""
    for number in range(6):
        event = event_of(f"counted{number}", "http", 2)
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    found = []
    for client in each:
        status, overview = client.ask("GET", "/api/sensu/v1/namespaces/default/overview")
        assert status == 200, overview
        found.append(overview)
    assert all(overview["events"] == found[0]["events"] for overview in found)
    assert found[0]["events"]["critical"] >= 6
    assert all(overview["backend"]["members"] == WORKERS for overview in found)
    assert all(overview["backend"]["healthy"] for overview in found)
    status, overview = each[1].ask("GET", "/api/sensu/v1/overview")
    assert (status, overview["events"]["critical"] >= 6) == (200, True)


def test_every_worker_adds_up_what_went_through_workflows(each: Sequence[Client]) -> None:
    """Whichever worker is asked, the flow of a handler counts the events that any of them handled."""
    handler = {"metadata": {"name": "adder", "namespace": "default"}, "type": "pipe", "command": "cat > /dev/null"}
    assert each[0].ask("POST", f"{NAMESPACE}/handlers", handler)[0] == 201
    for number in range(8):
        event = event_of(f"added{number}", "http", 2)
        event["check"]["handlers"] = ["adder"]
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    path = "/api/sensu/v1/namespaces/default/handlers/adder/flow"
    for client in each:
        until(
            lambda client=client: [row["delivered"] for row in client.ask("GET", path)[1]["workflows"]] == [8],
            "not all events are counted",
        )
