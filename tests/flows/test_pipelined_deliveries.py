"""Deliveries: at least once, in order, tried again, given up visibly, and nobody held up by somebody else's handler."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.steps.outcome import Delivered, Retry
from sensu.errors import StoreError
from sensu.resources.kinds import MUTATOR, PIPELINE
from sensu.resources.wire import encode
from sensu.rules.owed import steps_of
from sensu.store.values import OweDelivery
from tests.flows.pipelined_world import START, PipelinedWorld, mutator, network, pipe, pipeline, result, workflow


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def test_a_failed_handler_is_tried_again_then_the_delivery_is_a_dead_letter(world: PipelinedWorld) -> None:
    """After five seconds comes the second and last attempt, with the same name of the delivery; then it rests."""
    await world.handlers(pipe("bad", f"echo $SENSU_DELIVERY_ID >> {world.folder / 'ids'}; exit 3"))
    await world.owe(result("down", handlers=["bad"]))
    await world.ended(1)
    await world.clock.advance(4.9)
    assert len(world.lines("ids")) == 1
    await world.clock.advance(0.2)
    await world.ended(2)
    await world.settled()
    first, second = world.lines("ids")
    assert first == second
    (why,) = await world.dead_letters()
    assert why.endswith("legacy-pipeline-workflow-bad: exit status 3")
    ((letter, _),) = await world.store.dead_letters(1)
    assert letter.attempts == 2
    await world.clock.advance(1000)
    assert len(world.lines("ids")) == 2


async def test_a_handler_that_recovers_gets_what_it_missed(world: PipelinedWorld) -> None:
    """The second attempt delivers what the first could not, and nothing is a dead letter."""
    flag = world.folder / "up"
    await world.handlers(pipe("h", f"test -e {flag} || exit 1; {world.append_command('log')}"))
    await world.owe(result("down", handlers=["h"]))
    await world.ended(1)
    flag.touch()
    await world.clock.advance(5)
    await world.settled()
    assert world.outputs("log") == ["down"]
    assert await world.dead_letters() == []


async def test_only_what_failed_is_tried_again(world: PipelinedWorld) -> None:
    """A handler that got the event does not get it again because another one failed."""
    await world.handlers(pipe("bad", "exit 1"), pipe("good", world.append_command("log")))
    await world.owe(result("down", handlers=["bad", "good"]))
    await world.ended(2)
    await world.clock.advance(5)
    await world.ended(3)
    await world.settled()
    assert world.outputs("log") == ["down"]
    assert [name for name, outcome in world.counters.outcomes if isinstance(outcome, Retry)] == ["bad", "bad"]


async def test_after_a_restart_only_what_failed_is_tried_again(world: PipelinedWorld) -> None:
    """How often what was tried is kept over a restart, with when it is due."""
    await world.handlers(pipe("bad", f"echo x >> {world.folder / 'tries'}; exit 1"))
    await world.handlers(pipe("good", world.append_command("log")))
    await world.owe(result("down", handlers=["bad", "good"]))
    await world.ended(2)
    await world.restart()
    await world.clock.advance(4)
    assert len(world.lines("tries")) == 1
    await world.clock.advance(2)
    await world.settled()
    assert len(world.lines("tries")) == 2
    assert len(await world.dead_letters()) == 1
    assert world.outputs("log") == ["down"]


async def test_a_restart_finishes_what_was_owed(world: PipelinedWorld) -> None:
    """Deliveries that were committed and never begun are handled after the start, in order."""
    await world.handlers(pipe("h", world.append_command("log")))
    await world.owe(*(result(str(i), handlers=["h"]) for i in range(10)), wake=False)
    assert world.lines("log") == []
    await world.restart()
    await world.settled()
    assert world.outputs("log") == [str(i) for i in range(10)]


async def test_a_stop_waits_for_the_handler_that_runs_and_begins_no_other(world: PipelinedWorld) -> None:
    """An orderly stop neither doubles nor skips: the running handler ends and is settled, the next runs after it."""
    begun = world.folder / "begun"
    await world.handlers(pipe("h", f"touch {begun}; sleep 0.3; {world.append_command('log')}"))
    await world.owe(result("1", handlers=["h"]), result("2", handlers=["h"]))
    await world.until(begun.exists)
    await world.restart()
    assert world.outputs("log") == ["1"]
    assert len(await world.store.deliveries_owed(10)) == 1
    await world.settled()
    assert world.outputs("log") == ["1", "2"]


async def test_a_handler_that_does_not_end_is_broken_off_and_owed_still(world: PipelinedWorld) -> None:
    """A stop does not wait for ever; what it broke off is handled after the start."""
    begun = world.folder / "begun"
    await world.handlers(pipe("h", f"touch {begun}; sleep 60"))
    await world.owe(result("down", handlers=["h"]))
    await world.until(begun.exists)
    await world.restart()
    await world.until(lambda: world.counters.at_work == 1)
    assert len(await world.store.deliveries_owed(10)) == 1


async def test_events_of_a_check_on_an_entity_are_handled_in_order(world: PipelinedWorld) -> None:
    """However long each takes, a handler gets the events of an entity and check one after the other."""
    slow_first = f'case "$input" in *slow*) sleep 0.3;; esac; printf "%s\\n" "$input" >> {world.folder / "log"}'
    await world.handlers(pipe("h", f"input=$(cat); {slow_first}"))
    await world.owe(
        result("1 slow", handlers=["h"]), result("2", handlers=["h"]), result("other", entity="db1", handlers=["h"])
    )
    await world.settled()
    assert world.outputs("log") == ["other", "1 slow", "2"]


async def test_order_is_kept_while_an_event_waits_for_its_next_attempt(world: PipelinedWorld) -> None:
    """A later event of the same check waits; those of other checks and for other handlers do not."""
    flag = world.folder / "up"
    await world.handlers(pipe("h", f"test -e {flag} || exit 1; {world.append_command('log')}"))
    await world.handlers(pipe("other", world.append_command("others")))
    await world.owe(result("1", handlers=["h", "other"]))
    await world.until(lambda: len(world.counters.outcomes) == 2)
    flag.touch()
    await world.owe(result("2", handlers=["h", "other"]), result("3", entity="db1", handlers=["h"]))
    await world.until(lambda: world.outputs("log") == ["3"] and world.outputs("others") == ["1", "2"])
    await world.clock.advance(5)
    await world.settled()
    assert world.outputs("log") == ["3", "1", "2"]


async def test_a_failed_workflow_holds_up_only_itself(world: PipelinedWorld) -> None:
    """While one workflow of a handler waits for its next attempt, its other workflows hand on later events."""
    await world.configure(MUTATOR, mutator("broken", type="pipe", command="exit 3"))
    await world.handlers(pipe("h", world.append_command("log")))
    workflows = workflow("bad", "h", mutator="broken"), workflow("good", "h")
    await world.configure(PIPELINE, pipeline("p", *workflows))
    await world.owe(result("1", pipelines=["p"]), result("2", pipelines=["p"]))
    await world.until(lambda: world.outputs("log") == ["1", "2"])
    await world.until(lambda: len(world.counters.outcomes) == 3)
    await world.clock.advance(5)
    await world.ended(5)
    await world.clock.advance(5)
    await world.settled()
    assert len(await world.dead_letters()) == 2


@pytest.mark.world(bounds=Bounds(retry_early_above=3))
async def test_news_is_not_held_up_by_a_handler_that_always_fails(world: PipelinedWorld) -> None:
    """Where many events of a check wait, a failed one is tried again at once, so that none grows old."""
    await world.handlers(pipe("bad", "exit 1"))
    await world.owe(*(result(str(i), handlers=["bad"]) for i in range(6)))
    await world.until(lambda: len(world.counters.outcomes) == 2 * 3 + 1)
    await world.clock.advance(5)
    await world.ended(9)


@pytest.mark.world(bounds=Bounds(running_max=2, per_handler_max=4))
async def test_a_slow_handler_does_not_hold_up_others(world: PipelinedWorld) -> None:
    """Far more events for a handler that hangs than fit into memory delay no event for another, nor their own order."""
    flag = world.folder / "go"
    hang = f"while ! test -e {flag}; do sleep 0.05; done"
    await world.handlers(pipe("slow", f"{hang}; {world.append_command('slow')}"))
    await world.handlers(pipe("fast", world.append_command("fast")))
    await world.owe(*(result(str(i), entity=f"e{i % 7}", handlers=["slow"]) for i in range(40)))
    await world.until(lambda: world.counters.at_work == 2)
    await world.owe(*(result(str(i), entity=f"f{i}", handlers=["fast"]) for i in range(5)))
    await world.owe(result("both", entity="e0", handlers=["slow", "fast"]))
    await world.until(lambda: len(world.lines("fast")) == 5)
    assert world.counters.at_work_most <= 2 + 2
    assert world.lines("slow") == []
    flag.touch()
    await world.settled()
    for entity in range(7):
        outputs = [e["check"]["output"] for e in world.got("slow") if e["entity"]["metadata"]["name"] == f"e{entity}"]
        assert outputs == [str(i) for i in range(40) if i % 7 == entity] + ["both"] * (entity == 0)
    assert len(world.lines("fast")) == 6


@pytest.mark.world(bounds=Bounds(pending_max=5, event_bytes_max=1000))
async def test_memory_is_bounded_and_nothing_is_lost_by_it(world: PipelinedWorld) -> None:
    """With room for very few deliveries and bytes, all are handled, in order."""
    await world.handlers(pipe("h", world.append_command("log")))
    await world.owe(*(result(str(i), entity=f"e{i % 2}", handlers=["h"]) for i in range(30)))
    await world.settled()
    for entity in ("e0", "e1"):
        assert world.outputs("log", entity) == [str(i) for i in range(30) if i % 2 == int(entity[1])]


async def test_what_cannot_be_read_is_a_dead_letter(world: PipelinedWorld) -> None:
    """A delivery whose event is no event harms no other."""
    await world.handlers(pipe("h", world.append_command("log")))
    broken = [
        OweDelivery(world.store.next_delivery_id(), "default", event, 0.0, rest=rest)
        for event, rest in ((b"{no json", b""), (b"[]", b""), (encode(result()), b"{no json"))
    ]
    await world.store.commit(broken)
    await world.owe(result("down", handlers=["h"]))
    await world.settled()
    assert world.outputs("log") == ["down"]
    assert ["the event cannot be read" in why for why in await world.dead_letters()] == [True] * 3


async def test_a_delivery_that_was_missed_is_found(world: PipelinedWorld) -> None:
    """What is owed under an earlier number than others, such as a dead letter that is owed again, is found in time."""
    await world.handlers(pipe("h", world.append_command("log")))
    early = world.store.next_delivery_id()
    await world.owe(result("late", handlers=["h"]))
    await world.settled()
    await world.store.commit([OweDelivery(early, "default", encode(result("early", handlers=["h"])), 0.0)])
    await world.clock.advance(31)
    await world.settled()
    assert world.outputs("log") == ["late", "early"]


async def test_a_workflow_that_was_deleted_meanwhile_ends_the_delivery(world: PipelinedWorld) -> None:
    """What is left to do for a handler that is gone is nothing."""
    rest = encode({"core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-gone": 1})
    event = encode(result("down", handlers=["gone"]))
    owed = OweDelivery(world.store.next_delivery_id(), "default", event, 0.0, 1, rest)
    await world.store.commit([owed])
    world.pipelined.wake()
    await world.settled()
    assert await world.dead_letters() == []


async def test_sockets_that_refuse_or_hang_are_tried_again(world: PipelinedWorld) -> None:
    """A port where nobody listens, a peer that never reads and an event too large for a datagram are failures."""
    hang = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hang.wait()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1)
    closed = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    await world.handlers(
        network("closed", "tcp", port),
        network("hangs", "tcp", server.sockets[0].getsockname()[1], timeout=1),
        network("large", "udp", port),
    )
    await world.owe(result("x" * 10_000_000, handlers=["closed", "hangs", "large"]))
    await world.ended(3)
    assert all(isinstance(outcome, Retry) for _, outcome in world.counters.outcomes)
    await world.clock.advance(5)
    await world.ended(6)
    await world.settled()
    ((letter, why),) = await world.store.dead_letters(10)
    assert len(steps_of(letter.rest, 0.0) or ()) == 3
    assert "timed out" in why
    hang.set()
    server.close()


async def test_a_handler_at_its_time_out_is_ended_and_tried_again(world: PipelinedWorld) -> None:
    """A command that takes longer than its time-out counts as failed."""
    await world.handlers(pipe("h", "sleep 30", timeout=1))
    await world.owe(result("down", handlers=["h"]))
    await world.ended(1)
    assert world.counters.outcomes == [("h", Retry("timed out after 1 s"))]
    assert world.counters.outcomes != [("h", Delivered())]


async def test_a_handler_that_takes_at_once_leaves_turns_to_others(world: PipelinedWorld) -> None:
    """While many events of one check go to a handler that never makes wait, others on the loop get their turns."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        await world.handlers(network("log", "udp", sink.getsockname()[1]))
        await world.owe(*(result(str(number), handlers=["log"]) for number in range(200)))
        turns = 0
        while len(world.counters.outcomes) < 200:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 150


async def test_a_stored_delivery_keeps_its_keys(world: PipelinedWorld) -> None:
    """A delivery that an earlier backend stored is handled under the same ids, by its workflows that are left."""
    chat = "core/v2.Pipeline(Name=incidents)/chat"
    legacy = "core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-slack"
    mail = "fallback(Name=mail)/core/v2.Pipeline(Name=incidents)/page"
    failed = f'"tries":1,"due_at":{START}.0,"why":"exit status 3: no"'
    rests = (
        f'{{"{chat}":{{{failed}}},"{legacy}":{{{failed}}}}}',
        f'{{"{mail}":{{"tries":1,"due_at":{START + 60}.0,"why":"exit status 4"}}}}',
        f'{{"{legacy}":1}}',
    )

    note = f'echo "$SENSU_DELIVERY_ID" >> {world.folder / "ids"}'
    await world.handlers(*(pipe(name, note) for name in ("slack", "pager", "mail")))
    steps = (workflow("page", "pager"), workflow("chat", "slack", "is_incident"))
    await world.configure(PIPELINE, pipeline("incidents", *steps))
    event = encode(result("down", handlers=["slack"], pipelines=["incidents"]))
    ids = [world.store.next_delivery_id() for _ in rests]
    await world.store.commit(
        [OweDelivery(n, "default", event, START, 1, rest.encode()) for n, rest in zip(ids, rests, strict=True)]
    )
    shown = [[each["workflow"] for each in delivery["workflows"]] for delivery in await world.listed()]
    assert shown == [[chat, legacy], [mail], [legacy]]
    world.pipelined.wake()
    await world.ended(3)
    await world.clock.advance(60)
    await world.settled()
    handled = {f"{ids[0]}:{chat}", f"{ids[0]}:{legacy}", f"{ids[1]}:{mail}", f"{ids[2]}:{legacy}"}
    assert set(world.lines("ids")) == handled
    assert len(world.lines("ids")) == len(handled)


async def test_a_failed_delivery_is_stored_under_the_same_keys(world: PipelinedWorld) -> None:
    """What is stored of failed workflows keeps its form, so that an earlier backend can read it too."""
    await world.handlers(
        pipe("slack", "exit 3", retry_attempts=5),
        pipe("pager", "exit 2", retry_attempts=0, fallback_handler="mail"),
        pipe("mail", "exit 4", retry_delay=60),
    )
    await world.configure(PIPELINE, pipeline("incidents", workflow("page", "pager")))
    await world.owe(result("down", handlers=["slack"], pipelines=["incidents"]))
    await world.ended(3)
    await world.restart()
    first, second = [delivery.rest.decode() for delivery in await world.store.deliveries_owed(10)]
    legacy = "core/v2.LegacyPipeline(Name=legacy-pipeline)/legacy-pipeline-workflow-slack"
    mail = "fallback(Name=mail)/core/v2.Pipeline(Name=incidents)/page"
    assert first == f'{{"{legacy}":{{"tries":1,"due_at":{START + 5}.0,"why":"exit status 3"}}}}'
    assert second == f'{{"{mail}":{{"tries":1,"due_at":{START + 60}.0,"why":"exit status 4"}}}}'


async def test_a_delivery_that_ends_while_the_store_is_read_is_not_made_again(
    world: PipelinedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store answers may be older than what happened since it was asked."""
    release, answer, asked = world.folder / "release", asyncio.Event(), asyncio.Event()
    read = world.store.deliveries_owed

    async def read_slowly(*arguments: Any) -> Sequence[OweDelivery]:
        page = await read(*arguments)
        if page:
            asked.set()
            await answer.wait()
        return page

    waits = f"while ! test -e {release}; do sleep 0.01; done"
    await world.handlers(pipe("h", f"{world.append_command('log')} {waits}"))
    await world.owe(result("1", handlers=["h"]))
    await world.until(lambda: world.outputs("log") == ["1"])
    monkeypatch.setattr(world.store, "deliveries_owed", read_slowly)
    await world.clock.advance(30)
    await asyncio.wait_for(asked.wait(), 10)
    monkeypatch.setattr(world.store, "deliveries_owed", read)
    release.touch()
    await world.settled()
    await world.until(lambda: world.pipelined.pending() == 0)
    answer.set()
    await world.owe(result("2", handlers=["h"]))
    await world.settled()
    assert world.outputs("log") == ["1", "2"]


async def test_no_attempt_begins_while_another_member_may_have_taken_over(world: PipelinedWorld) -> None:
    """Without a sign of life that the database has answered, handlers are not started; then they go on in order."""
    feed = world.store.feed
    caught_up, is_valid = feed.caught_up, False

    async def checked() -> None:
        if not is_valid:
            raise StoreError("the database has not answered")
        await caught_up()

    feed.caught_up = checked  # type: ignore[method-assign]
    await world.handlers(pipe("h", world.append_command("log")))
    await world.owe(result("1", handlers=["h"]), result("2", handlers=["h"]))
    await world.clock.advance(20)
    assert world.counters.outcomes == []
    is_valid = True
    await world.clock.advance(1)
    await world.ended(2)
    assert world.outputs("log") == ["1", "2"]
