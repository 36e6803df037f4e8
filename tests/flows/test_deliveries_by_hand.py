"""Deliveries that people look at, try again and discard."""

import asyncio
import json
from typing import Any, cast

import pytest

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.steps.outcome import Retry
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.deliveries import UNKNOWN, Deliveries
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, Listing, Written
from sensu.backend.services.pages import PageRequest
from sensu.rules.owed import steps_of
from sensu.store.values import OweDelivery
from tests.flows.pipelined_world import ANYBODY, START, PipelinedWorld, pipe, result

WORKFLOW = "core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-{}"


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def retry(world: PipelinedWorld, delivery: Any, namespace: str = "default") -> Any:
    return await world.deliveries.retry(ANYBODY, namespace, str(delivery))


async def discard(world: PipelinedWorld, delivery: Any) -> Any:
    return await world.deliveries.discard(ANYBODY, "default", str(delivery))


async def test_what_is_owed_and_what_was_given_up_is_seen(world: PipelinedWorld) -> None:
    """A delivery shows its event, its workflows with attempts, reasons and next times, and its end among the dead."""
    await world.handlers(pipe("bad", "exit 3"), pipe("good", world.append_command("log")))
    await world.owe(result("down", handlers=["bad", "good"]))
    await world.ended(2)
    owed = await world.failed()
    assert (owed["state"], owed["entity"], owed["check"], owed["namespace"]) == ("owed", "web1", "http", "default")
    failed = {each["workflow"]: each for each in owed["workflows"]}[WORKFLOW.format("bad")]
    assert failed == {
        "workflow": WORKFLOW.format("bad"),
        "handler": "bad",
        "attempts": 1,
        "due_at": START + 5,
        "why": "exit status 3",
    }
    assert owed["attempts"] == 1
    assert "exit status 3" in owed["why"]
    await world.clock.advance(6)
    await world.settled()
    (dead,) = await world.listed("dead")
    assert (dead["state"], dead["attempts"], dead["id"]) == ("dead", 2, owed["id"])
    assert dead["why"] == WORKFLOW.format("bad") + ": exit status 3"
    assert await world.listed("owed") == []
    one = await world.deliveries.get(ANYBODY, "default", str(dead["id"]))
    assert isinstance(one, Found)
    assert json.loads(one.body)["event"]["check"]["output"] == "down"
    assert await world.deliveries.get(ANYBODY, "other", str(dead["id"])) is UNKNOWN


async def test_untried_deliveries_name_their_workflows(world: PipelinedWorld) -> None:
    """What has not begun shows what it is for."""
    await world.handlers(pipe("h", "sleep 60"))
    await world.owe(result("down", handlers=["h"]))
    (owed,) = await world.listed()
    assert [each["workflow"] for each in owed["workflows"]] == [WORKFLOW.format("h")]
    assert owed["attempts"] == 0
    assert await discard(world, owed["id"]) == Deleted()


async def test_lists_come_in_pages_of_one_namespace(world: PipelinedWorld) -> None:
    """Owed and dead ones stand together in order of their ids; those of other namespaces are left out."""
    await world.owe(result("x", handlers=["nobody"]), wake=False)
    ids = []
    for i in range(12):
        namespace = "default" if i % 3 else "other"
        owed = OweDelivery(world.store.next_delivery_id(), namespace, b"{}", 1e12, 0, b"{no json")
        await world.store.commit([owed])
        ids.append(owed.id)
    wanted = [each for i, each in enumerate(ids) if i % 3]
    seen, after, pages = [], "", 0
    while pages == 0 or after:
        page = await world.deliveries.listing(ANYBODY, "default", "", PageRequest(limit=3, after=after))
        assert isinstance(page, Listing)
        seen += [json.loads(body)["id"] async for bodies in page.chunks for body in bodies]
        after, pages = page.after, pages + 1
    assert seen[-8:] == wanted
    assert pages == 3
    chosen = await world.listed(field_selectors=(f"delivery.id == '{wanted[3]}'",))
    assert [each["id"] for each in chosen] == [wanted[3]]
    assert isinstance(await world.deliveries.listing(ANYBODY, "default", "lost", PageRequest()), Invalid)


async def test_a_dead_letter_is_tried_again_at_once_with_all_its_attempts(world: PipelinedWorld) -> None:
    """Only what failed of it runs again, under its old name, without waiting for the next sweep."""
    flag = world.folder / "up"
    await world.handlers(
        pipe("h", f"echo $SENSU_DELIVERY_ID >> {world.folder / 'ids'}; test -e {flag}", retry_attempts=0),
        pipe("good", world.append_command("log")),
    )
    await world.owe(result("down", handlers=["h", "good"]))
    await world.ended(2)
    await world.settled()
    (dead,) = await world.listed("dead")
    assert await retry(world, dead["id"], "other") is UNKNOWN
    assert await retry(world, dead["id"]) == Written(b'{"id":%d}' % dead["id"])
    await world.ended(3)
    await world.settled()
    (again,) = await world.listed("dead")
    assert again["id"] == dead["id"]
    flag.touch()
    assert isinstance(await retry(world, dead["id"]), Written)
    await world.ended(4)
    await world.settled()
    assert await world.listed() == []
    assert len(set(world.lines("ids"))) == 1
    assert len(world.lines("ids")) == 3
    assert world.outputs("log") == ["down"]
    assert world.clock.now() == START


async def test_a_delivery_that_waits_for_its_next_attempt_is_tried_at_once(world: PipelinedWorld) -> None:
    """Asking for a delivery, or for one behind it, ends the pause of the first of them."""
    flag = world.folder / "up"
    await world.handlers(pipe("h", f"test -e {flag} || exit 1; {world.append_command('log')}", retry_delay=3600))
    await world.owe(result("1", handlers=["h"]), result("2", handlers=["h"]))
    await world.ended(1)
    first, second = await world.listed("owed")
    flag.touch()
    assert isinstance(await retry(world, second["id"]), Written)
    await world.settled()
    assert world.outputs("log") == ["1", "2"]
    assert world.clock.now() == START


async def test_who_tried_a_delivery_again_or_discarded_it_is_in_the_audit_log(world: PipelinedWorld) -> None:
    """Each of these leaves an entry that tells who and which event; asking for what is not there leaves none."""
    await world.handlers(
        pipe("h", "exit 1", retry_delay=3600, retry_attempts=5), pipe("dead", "exit 1", retry_attempts=0)
    )
    await world.owe(result("1", handlers=["dead"]))
    await world.ended(1)
    await world.settled()
    (dead,) = await world.listed("dead")
    assert isinstance(await retry(world, dead["id"]), Written)
    await world.ended(2)
    await world.settled()
    assert isinstance(await discard(world, dead["id"]), Deleted)
    await world.owe(result("2", handlers=["h"]))
    await world.ended(3)
    (owed,) = await world.listed("owed")
    assert isinstance(await retry(world, owed["id"]), Written)
    await world.ended(4)
    assert isinstance(await discard(world, owed["id"]), Deleted)
    assert await retry(world, 99) is UNKNOWN
    assert await discard(world, owed["id"]) is UNKNOWN
    log = [json.loads(entry.body) for entry in reversed(await world.store.audit(10))]
    assert [(entry["action"], entry["type"], entry["name"], entry["before"]["state"]) for entry in log] == [
        ("retry", "Delivery", str(dead["id"]), "dead"),
        ("discard", "Delivery", str(dead["id"]), "dead"),
        ("retry", "Delivery", str(owed["id"]), "owed"),
        ("discard", "Delivery", str(owed["id"]), "owed"),
    ]
    assert {(entry["username"], entry["namespace"], entry["before"]["check"]) for entry in log} == {
        (ANYBODY.username, "default", "http")
    }


async def test_asking_twice_doubles_nothing(world: PipelinedWorld) -> None:
    """A dead letter that several people try again at the same time runs once."""
    flag = world.folder / "up"
    await world.handlers(pipe("h", f"test -e {flag} || exit 1; {world.append_command('log')}", retry_attempts=0))
    await world.owe(result("1", handlers=["h"]))
    await world.ended(1)
    await world.settled()
    (dead,) = await world.listed("dead")
    flag.touch()
    await asyncio.gather(*(retry(world, dead["id"]) for _ in range(5)))
    await world.settled()
    await world.until(lambda: not world.pipelined.holds(dead["id"]))
    assert world.outputs("log") == ["1"]
    assert await retry(world, dead["id"]) is UNKNOWN


async def test_a_discarded_delivery_is_forgotten_and_holds_up_nobody(world: PipelinedWorld) -> None:
    """What waits is not tried again, what waits behind it begins; dead letters go, too; what is gone is unknown."""
    flag = world.folder / "up"
    await world.handlers(pipe("h", f"test -e {flag} || exit 1; {world.append_command('log')}", retry_delay=3600))
    await world.owe(result("1", handlers=["h"]), result("2", handlers=["h"]))
    await world.ended(1)
    first, second = await world.listed("owed")
    flag.touch()
    assert await discard(world, first["id"]) == Deleted()
    await world.settled()
    assert world.outputs("log") == ["2"]
    flag.unlink()
    await world.handlers(pipe("h", "exit 1", retry_attempts=0))
    await world.owe(result("3", handlers=["h"]))
    await world.until(lambda: sum(isinstance(outcome, Retry) for _, outcome in world.counters.outcomes) == 2)
    await world.settled()
    (dead,) = await world.listed()
    assert await discard(world, dead["id"]) == Deleted()
    assert await world.listed() == []
    assert await discard(world, dead["id"]) is UNKNOWN
    assert await discard(world, "no-number") is UNKNOWN
    assert await world.store.deliveries_owed(10) == []


async def test_a_discarded_delivery_does_not_come_back(world: PipelinedWorld) -> None:
    """A delivery that is discarded while its handler fails is neither owed nor dead afterwards, nor after a restart."""
    flag = world.folder / "go"
    await world.handlers(pipe("h", f"while ! test -e {flag}; do sleep 0.02; done; exit 1", retry_delay=1))
    await world.owe(result("1", handlers=["h"]))
    await world.until(lambda: world.counters.at_work)
    (owed,) = await world.listed()
    assert await discard(world, owed["id"]) == Deleted()
    flag.touch()
    await world.ended(1)
    await world.until(lambda: not world.pipelined.holds(owed["id"]))
    assert await world.listed() == []
    await world.restart()
    await world.clock.advance(60)
    assert await world.listed() == []
    assert world.counters.outcomes == []


@pytest.mark.world(bounds=Bounds(running_max=1, per_handler_max=2))
async def test_a_retry_without_room_waits_in_the_store(world: PipelinedWorld) -> None:
    """A dead letter for a handler that is busy up to its bound is owed again, and runs when there is room."""
    await world.handlers(pipe("h", "exit 1", retry_attempts=0))
    await world.owe(result("dead", entity="d", handlers=["h"]))
    await world.ended(1)
    await world.settled()
    (dead,) = await world.listed("dead")
    flag = world.folder / "go"
    hang = f"while ! test -e {flag}; do sleep 0.02; done"
    await world.handlers(pipe("h", f"{hang}; {world.append_command('log')}"))
    await world.owe(*(result(str(i), entity=f"e{i}", handlers=["h"]) for i in range(3)))
    await world.until(lambda: world.counters.at_work == 1)
    assert isinstance(await retry(world, dead["id"]), Written)
    owed = {each["id"] for each in await world.listed("owed")}
    assert dead["id"] in owed
    assert not world.pipelined.holds(dead["id"])
    flag.touch()
    await world.settled()
    assert sorted(world.outputs("log")) == ["0", "1", "2", "dead"]


@pytest.mark.world(bounds=Bounds(per_handler_max=2))
async def test_asking_for_what_waits_for_room_changes_nothing(world: PipelinedWorld) -> None:
    """A delivery that rests in the store for want of room keeps its place, however often it is asked for."""
    flag = world.folder / "go"
    await world.handlers(pipe("h", f"while ! test -e {flag}; do sleep 0.02; done; {world.append_command('log')}"))
    await world.owe(*(result(str(i), handlers=["h"]) for i in range(6)))
    await world.until(lambda: world.counters.at_work == 1)
    last = (await world.listed())[-1]["id"]
    assert not world.pipelined.holds(last)
    for _ in range(5):
        assert isinstance(await retry(world, last), Written)
    flag.touch()
    await world.settled()
    assert world.outputs("log") == [str(i) for i in range(6)]


async def test_why_and_when_outlive_a_restart(world: PipelinedWorld) -> None:
    """Each workflow of a delivery keeps its own attempts, next time and reason in the store."""
    await world.handlers(pipe("soon", "exit 1", retry_delay=7), pipe("late", "exit 2", retry_delay=3000))
    await world.owe(result("1", handlers=["soon", "late"]))
    await world.ended(2)
    await world.restart()
    (owed,) = await world.store.deliveries_owed(2)
    steps = steps_of(owed.rest, 0.0)
    assert steps is not None
    told = {name[-4:]: (step.tries, step.due_at, step.why) for name, step in steps.items()}
    assert told == {"soon": (1, START + 7, "exit status 1"), "late": (1, START + 300 * 10, "exit status 2")}
    await world.clock.advance(8)
    await world.ended(1)
    await world.clock.advance(100)
    assert [name for name, _ in world.counters.outcomes] == ["soon"]


class Reader:
    """Access for who may list deliveries of the namespace `default`, and nothing else."""

    def allows(self, who: Identity, verb: str, resource: str, *, name: str = "", namespace: str = "") -> bool:
        return (verb, resource, namespace) == ("list", "deliveries", "default")


async def test_who_may_see_deliveries_may_not_change_them(world: PipelinedWorld) -> None:
    """Each request needs its verb on `deliveries` in the namespace."""
    await world.owe(result("x", handlers=["nobody"]), wake=False)
    (owed,) = await world.store.deliveries_owed(1)
    number = str(owed.id)
    access = cast(Access, Reader())
    reader = Deliveries(world.store, access, world.offered, AuditLog(world.store, access, world.clock))
    assert isinstance(await reader.listing(ANYBODY, "default", "", PageRequest()), Listing)
    assert await reader.listing(ANYBODY, "other", "", PageRequest()) == Denied()
    assert await reader.get(ANYBODY, "default", number) == Denied()
    assert await reader.retry(ANYBODY, "default", number) == Denied()
    assert await reader.discard(ANYBODY, "default", number) == Denied()
    assert len(await world.store.deliveries_owed(10)) == 1
