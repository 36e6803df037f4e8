"""What handlers ask for: how often and when to try again, and who gets what was given up."""

from pathlib import Path

import pytest

from sensu.backend.pipelined.steps.outcome import Delivered, Retry
from sensu.resources.kinds import HANDLER
from tests.flows.pipelined_world import PipelinedWorld, pipe, result


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def test_a_handler_says_how_often_and_when_it_is_tried_again(world: PipelinedWorld) -> None:
    """Pauses double up to the bound; after the last attempt the delivery is a dead letter."""
    await world.handlers(pipe("h", "exit 1", retry_attempts=4, retry_delay=10, retry_delay_max=30))
    await world.owe(result("down", handlers=["h"]))
    await world.ended(1)
    for number, pause_s in enumerate((10, 20, 30, 30), start=2):
        await world.clock.advance(pause_s - 0.5)
        assert len(world.counters.outcomes) == number - 1
        await world.clock.advance(0.5)
        await world.ended(number)
    await world.settled()
    ((letter, _),) = await world.store.dead_letters(10)
    assert letter.attempts == 5


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("set_by_s", [-7200, 7200])
async def test_setting_the_clock_puts_off_no_further_attempt(
    world: PipelinedWorld, tmp_path: Path, set_by_s: int, restarted: bool
) -> None:
    """A pause between attempts lasts as long as the handler asks for, and never longer than its longest."""
    await world.handlers(pipe("h", f"test -e {tmp_path / 'back'}", retry_delay=60, retry_delay_max=60))
    await world.owe(result("down", handlers=["h"]))
    await world.ended(1)
    world.clock.set_by(0 if restarted else set_by_s)
    await world.clock.advance(30)
    assert len(world.counters.outcomes) == 1
    (tmp_path / "back").touch()
    if restarted:
        await world.restart(set_by_s=set_by_s)
    await world.clock.advance(60)
    await world.ended(1 if restarted else 2)  # a restart forgets what was counted
    assert type(world.counters.outcomes[-1][1]) is Delivered


async def test_a_handler_that_wants_no_retries_gets_none(world: PipelinedWorld) -> None:
    """With no attempts beyond the first, a failure is final."""
    await world.handlers(pipe("h", "exit 1", retry_attempts=0))
    await world.owe(result("down", handlers=["h"]))
    await world.settled()
    assert len(await world.dead_letters()) == 1
    assert len(world.counters.outcomes) == 1


async def test_a_fallback_handler_gets_what_was_given_up(world: PipelinedWorld) -> None:
    """After the last attempt of a handler its fallback handler gets the event, and there is no dead letter."""
    await world.handlers(
        pipe("page", "exit 1", fallback_handler="mail"),
        pipe("mail", world.append_command("mails"), filters=("no_such_filter",)),
        pipe("log", world.append_command("log")),
    )
    await world.owe(result("down", handlers=["page", "log"]))
    await world.ended(2)
    await world.clock.advance(5)
    await world.settled()
    assert world.outputs("mails") == ["down"]
    assert world.outputs("log") == ["down"]
    assert await world.dead_letters() == []


async def test_what_a_fallback_handler_fails_at_is_a_dead_letter(world: PipelinedWorld) -> None:
    """A fallback handler is tried by its own rules and has none behind it; both reasons are told."""
    await world.handlers(
        pipe("page", "exit 1", retry_attempts=0, fallback_handler="mail"),
        pipe("mail", "exit 2", retry_attempts=0, fallback_handler="page"),
    )
    await world.owe(result("down", handlers=["page"]))
    await world.settled()
    assert [name for name, _ in world.counters.outcomes] == ["page", "mail"]
    (dead,) = await world.listed()
    assert dead["why"].endswith("legacy-pipeline-workflow-page: exit status 2")
    assert dead["workflows"][0]["workflow"].startswith("fallback(Name=mail)/")
    await world.handlers(pipe("mail", world.append_command("mails")))
    assert await world.offered.actions.retry("default", dead["id"])
    await world.settled()
    assert world.outputs("mails") == ["down"]


async def test_a_fallback_handler_that_is_not_there_loses_nothing(world: PipelinedWorld) -> None:
    """Where there is no such handler, or it is a set, the delivery is a dead letter that says so."""
    await world.handlers(
        pipe("page", "exit 1", retry_attempts=0, fallback_handler="gone"),
        pipe("call", "exit 1", retry_attempts=0, fallback_handler="all"),
        pipe("all", "", type="set", handlers=("page",)),
    )
    await world.owe(result("1", handlers=["page"]), result("2", handlers=["call"]))
    await world.settled()
    first, second = await world.dead_letters()
    assert "exit status 1; fallback handler gone does not exist" in first
    assert "exit status 1; fallback handler all is a handler set" in second


async def test_a_fallback_that_is_owed_outlives_a_restart(world: PipelinedWorld) -> None:
    """The event goes to the fallback handler once, whenever the backend stops after the last attempt."""
    await world.handlers(
        pipe("page", "exit 1", retry_attempts=0, fallback_handler="mail"),
        pipe("mail", "exit 1", retry_delay=600),
    )
    await world.owe(result("down", handlers=["page"]))
    await world.ended(2)
    await world.restart()
    await world.configure(HANDLER, pipe("mail", world.append_command("mails")))
    await world.clock.advance(601)
    await world.settled()
    assert world.outputs("mails") == ["down"]
    assert [type(outcome) for _, outcome in world.counters.outcomes] == [Delivered]
    assert not any(isinstance(outcome, Retry) for _, outcome in world.counters.outcomes)
