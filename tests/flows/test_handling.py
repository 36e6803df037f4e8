"""Who was informed of a state change, and why not: kept with the change, also after a restart."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.kinds import EVENT_FILTER, HANDLER
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from tests.flows.api_harness import running_api
from tests.flows.operator_world import CORE, OWN, Operator

PATIENCE_S = 10.0
AT = 1_700_000_000


def result(status: int, number: int, *handlers: str) -> Event:
    check = make_check("http", status, executed=AT + number, handlers=handlers, output=f"result {number}")
    return make_event(make_entity("web1"), check)


def pipe(name: str, command: str, *filters: str, **fields: Any) -> Handler:
    return Handler(metadata=make_metadata(name), type="pipe", command=command, filters=filters, **fields)


async def configure(operator: Operator) -> None:
    third = EventFilter(metadata=make_metadata("third"), action="allow", expressions=("event.check.occurrences >= 3",))
    await operator.api.store.commit(
        [
            put(EVENT_FILTER, third),
            put(HANDLER, pipe("pager", "cat > /dev/null", "third")),
            put(HANDLER, pipe("broken", "echo no such room >&2; exit 3", "is_incident", retry_attempts=1)),
        ]
    )


async def changes(operator: Operator, until: str, outcomes: int = 0) -> list[dict[str, Any]]:
    """The state changes of the event, newest first, once the last one was handled in this way."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = [one for one in await operator.get(f"{OWN}/events/web1/http/history") if one.get("changed")]
            if found and found[0]["handled"] == until and len(found[0].get("handling", ())) >= outcomes:
                return found
            await asyncio.sleep(0.02)


async def row(operator: Operator) -> dict[str, Any]:
    rows = (await operator.get(f"{OWN}/events/rows"))["rows"]
    found: dict[str, Any] = rows[0]
    return found


@pytest.mark.world(handles=True)
async def test_people_know_of_an_incident_once_one_of_its_results_was_delivered(operator: Operator) -> None:
    """The first results are filtered, the third is delivered: that is the outcome of the incident, whatever follows."""
    await configure(operator)
    await operator.report(result(2, 0, "pager"))
    (first,) = await changes(operator, "filtered")
    (kept_back,) = first["handling"]
    assert (kept_back["handler"], kept_back["outcome"], kept_back["filter"]) == ("pager", "filtered", "third")
    assert (await row(operator))["handled"] == "filtered"
    await operator.report(result(2, 1, "pager"), result(2, 2, "pager"))
    (first,) = await changes(operator, "delivered")
    (told,) = first["handling"]
    assert (told["outcome"], told["attempts"]) == ("delivered", 1)
    assert (await row(operator))["handled"] == "delivered"
    await operator.report(result(2, 3), result(0, 4))
    recovered, incident = await changes(operator, "none")
    assert "handling" not in recovered
    assert incident["handling"] == [told]


@pytest.mark.world(handles=True)
async def test_a_failure_says_why_nobody_was_informed(operator: Operator) -> None:
    """A handler that fails or does not exist is named with the reason, in the history, in the row and by explain."""
    await configure(operator)
    await operator.report(result(2, 0, "broken", "absent"))
    (change,) = await changes(operator, "failed", 2)
    found = {one["handler"]: (one["outcome"], one["why"]) for one in change["handling"]}
    assert found[""] == ("dropped", "handler absent does not exist")
    assert "no such room" in found["broken"][1]
    explained = await operator.get(f"{CORE}/events/web1/http/explain")
    assert (explained["handled"], len(explained["handling"])) == ("failed", 2)


async def test_what_happened_survives_a_restart(tmp_path: Path) -> None:
    """After a restart the outcome is still there, and results that repeat the state go on from it."""
    async with running_api(tmp_path, handles=True) as api:
        operator = Operator(api, await api.token())
        await configure(operator)
        await operator.report(*(result(2, number, "pager") for number in range(3)))
        before = await changes(operator, "delivered")
    async with running_api(tmp_path, handles=True) as api:
        operator = Operator(api, await api.token())
        assert await changes(operator, "delivered") == before
        explained = await operator.get(f"{CORE}/events/web1/http/explain")
        assert (explained["recorded"], explained["handled"]) == (False, "delivered")
        await operator.report(result(2, 3, "pager"), result(2, 4, "broken"))
        (change,) = await changes(operator, "partly", 2)
        assert change["handling"][0] == before[0]["handling"][0]


@pytest.mark.world(handles=True)
async def test_a_discarded_delivery_informed_nobody(operator: Operator) -> None:
    """Discarding what waits for its handler is an outcome, whether the delivery is in memory or waits in the store."""
    slow = pipe("slow", "sleep 600", timeout=600)
    await operator.api.store.commit([put(HANDLER, slow)])
    events = [make_event(make_entity(f"db{number}"), result(2, 0, "slow").check) for number in range(30)]
    await operator.report(*events, result(2, 0, "slow"))
    ids = [one.id for one in await operator.api.store.deliveries_owed(100)]
    assert (await operator.ask("DELETE", f"{OWN}/deliveries/{ids[-1]}"))[0] == 204
    (change,) = await changes(operator, "failed")
    assert [one["outcome"] for one in change["handling"]] == ["discarded"]


async def test_an_event_waits_until_it_is_handled(operator: Operator) -> None:
    """As long as no workflow has ended, an event that has handlers waits for them, and one without waits for none."""
    await configure(operator)
    await operator.report(result(2, 0, "pager"))
    assert (await row(operator))["handled"] == "waiting"
    await operator.report(result(0, 1))
    assert (await row(operator))["handled"] == "none"
