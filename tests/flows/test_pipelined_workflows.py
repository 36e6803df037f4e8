"""What handlers get of which events: filters, mutators, sets and pipelines, with real commands and sockets."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Retry
from sensu.resources.asset import Asset
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import ASSET, EVENT_FILTER, MUTATOR, PIPELINE
from sensu.resources.time_window import ClockWindow, TimeWindowWhen, WindowDays
from sensu.resources.wire import encode
from sensu.testing.factories import make_metadata, make_metrics_event
from tests.flows.pipelined_world import (
    PipelinedWorld,
    event_filter,
    mutator,
    network,
    pipe,
    pipeline,
    result,
    workflow,
)


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


async def test_a_handler_gets_the_event_on_its_standard_input(world: PipelinedWorld) -> None:
    """A pipe handler is given the whole event as JSON, its own variables, and the name of the delivery."""
    command = world.append_command("log", f'echo "$COLOUR $SENSU_DELIVERY_ID" >> {world.folder / "variables"}')
    await world.handlers(pipe("slack", command, env_vars=("COLOUR=red",)))
    event = result("disk full", handlers=["slack"])
    await world.owe(event)
    await world.settled()
    assert world.got("log") == [msgspec.json.decode(encode(event))]
    (variables,) = world.lines("variables")
    colour, delivery = variables.split(" ")
    assert colour == "red"
    assert delivery.endswith("legacy-pipeline-workflow-slack")
    assert world.counters.outcomes == [("slack", Delivered())]
    assert world.counters.concluded_events == [(1, True)]
    assert world.counters.stages["handler", "core/v2.Handler(Name=slack)", True] == 1


@pytest.mark.world(web_url="https://sensu.example.com/ui")
async def test_alerts_carry_links_into_the_web_ui(world: PipelinedWorld) -> None:
    """With the web UI's URL, handlers and mutators get links to the event and to a silence, in JSON and environment."""
    place = "https://sensu.example.com/ui/n/default"
    links = {
        "event": f"{place}/events/web1/http",
        "silence": f"{place}/silences/new?entity=web1&check=http&expire=3600",
    }
    command = world.append_command("log", f'echo "$SENSU_EVENT_URL $SENSU_SILENCE_URL" >> {world.folder / "variables"}')
    script = mutator("link", eval="return JSON.stringify({text: event.urls.event})", type="javascript")
    await world.configure(MUTATOR, script)
    await world.handlers(pipe("slack", command), pipe("mail", world.append_command("mail"), mutator="link"))
    event = result("disk full", handlers=["slack", "mail"])
    await world.owe(event)
    await world.settled()
    assert world.got("log") == [{**msgspec.json.decode(encode(event)), "urls": links}]
    assert world.lines("variables") == [f"{links['event']} {links['silence']}"]
    assert world.got("mail") == [{"text": links["event"]}]


async def test_without_the_web_uis_url_alerts_carry_no_links(world: PipelinedWorld) -> None:
    """A backend that does not know how people reach the web UI adds nothing to events."""
    command = world.append_command("log", f'env | grep -c "^SENSU_EVENT_URL=" >> {world.folder / "variables"}; true')
    await world.handlers(pipe("slack", command))
    await world.owe(result("disk full", handlers=["slack"]))
    await world.settled()
    assert "urls" not in world.got("log")[0]
    assert world.lines("variables") == ["0"]


def recovery() -> Event:
    event = result("fine", status=0, handlers=["slack"])
    assert event.check is not None
    history = tuple(msgspec.convert([{"status": 2, "executed": 1}, {"status": 0, "executed": 2}], list[Any]))
    check = msgspec.convert({**msgspec.to_builtins(event.check), "history": history}, type(event.check))
    return msgspec.structs.replace(event, check=check)


@pytest.mark.parametrize(
    ("name", "event", "passes"),
    [
        ("is_incident", result("down", status=2, handlers=["slack"]), True),
        ("is_incident", result("fine", status=0, handlers=["slack"]), False),
        ("is_incident", recovery(), True),
        ("not_silenced", result("down", handlers=["slack"], silenced=("*:http",)), False),
        ("not_silenced", result("down", handlers=["slack"]), True),
        ("has_metrics", result("down", handlers=["slack"]), False),
        ("has_metrics", make_metrics_event(handlers=("slack",)), True),
    ],
)
async def test_built_in_filters(world: PipelinedWorld, name: str, event: Event, passes: bool) -> None:
    """Incidents and recoveries, events that are not silenced, and events with points pass the filters named so."""
    await world.handlers(pipe("slack", world.append_command("log"), filters=(name,)))
    await world.owe(event)
    await world.settled()
    assert len(world.got("log")) == passes
    assert world.counters.outcomes == [("slack", Delivered() if passes else Filtered(name))]


@pytest.mark.parametrize(
    ("stored", "passes"),
    [
        (event_filter("mine", "event.check.status == 2", "event.entity.name == 'web1'"), True),
        (event_filter("mine", "event.check.status == 2", "event.entity.name == 'db1'"), False),
        (event_filter("mine", "event.check.status == 1", "event.check.output == 'down'", action="deny"), False),
        (event_filter("mine", "event.check.status == 1", action="deny"), True),
        (event_filter("mine", "event.check.nosuch.deeper == 1"), True),
        (event_filter("mine", "event.check.nosuch.deeper == 1", action="deny"), True),
        (event_filter("mine", "while (true) {}"), True),
    ],
)
async def test_stored_filters(world: PipelinedWorld, stored: EventFilter, passes: bool) -> None:
    """All expressions must allow, any may deny; one that throws or never ends decides nothing."""
    await world.configure(EVENT_FILTER, stored)
    await world.handlers(pipe("slack", world.append_command("log"), filters=("mine",)))
    await world.owe(result("down", handlers=["slack"]))
    await world.settled()
    assert len(world.got("log")) == passes


async def test_a_filter_lets_pass_inside_its_window_only(world: PipelinedWorld) -> None:
    """A filter with a window allows inside of it; the same event a minute later is kept back."""
    window = ClockWindow(begin="10:00PM", end="10:14PM")
    when = TimeWindowWhen(days=WindowDays(tuesday=(window,)))
    await world.configure(EVENT_FILTER, event_filter("hours", "true", when=when))
    await world.handlers(pipe("slack", world.append_command("log"), filters=("hours",)))
    await world.owe(result("at 22:13", handlers=["slack"]))
    await world.settled()
    await world.clock.advance(60)
    await world.owe(result("at 22:14:20", handlers=["slack"]))
    await world.settled()
    assert world.outputs("log") == ["at 22:13"]


async def test_filters_use_the_scripts_of_assets(world: PipelinedWorld, tmp_path: Path) -> None:
    """An expression may call what the JavaScript assets of its filter define."""
    library = tmp_path / "assets" / "tools" / "lib"
    library.mkdir(parents=True)
    (library / "tools.js").write_text("function bad(check) { return check.status > 1; }")

    await world.configure(ASSET, Asset(metadata=make_metadata("tools"), url="http://127.0.0.1/x", sha512="0"))
    await world.configure(EVENT_FILTER, event_filter("mine", "bad(event.check)", runtime_assets=("tools",)))
    await world.handlers(pipe("slack", world.append_command("log"), filters=("mine",)))
    await world.owe(result("one", status=1, handlers=["slack"]), result("two", status=2, handlers=["slack"]))
    await world.settled()
    assert world.outputs("log") == ["two"]


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (mutator("m", type="pipe", command="grep -o 'disk [a-z]*'"), "disk full"),
        (mutator("m", type="javascript", eval="return event.check.output + '!'"), "disk full!"),
        (mutator("m", type="javascript", eval="return W + event.check.status", env_vars=("W=status ",)), "status 2"),
    ],
)
async def test_mutators_make_what_the_handler_gets(world: PipelinedWorld, how: Any, text: str) -> None:
    """A command's output or what a script returns is what the handler gets."""
    await world.configure(MUTATOR, how)
    await world.handlers(pipe("slack", world.append_command("log"), mutator="m"))
    await world.owe(result("disk full", handlers=["slack"]))
    await world.settled()
    assert world.lines("log") == [text]


async def test_a_script_that_changes_the_event_changes_it_for_its_own_handler_only(world: PipelinedWorld) -> None:
    """What one mutator does to an event, later workflows do not see."""
    await world.configure(MUTATOR, mutator("m", type="javascript", eval="event.check.output = 'changed';"))
    await world.handlers(
        pipe("a", world.append_command("a"), mutator="m"),
        pipe("b", world.append_command("b")),
        pipe("c", world.append_command("c"), mutator="only_check_output"),
    )
    await world.owe(result("as it was", handlers=["a", "b", "c"]))
    await world.settled()
    assert (world.outputs("a"), world.outputs("b"), world.lines("c")) == (["changed"], ["as it was"], ["as it was"])


async def test_sets_and_sockets(world: PipelinedWorld) -> None:
    """The members of a set get the event in its stead: a connection and a datagram, each with nothing but the event."""
    received: list[tuple[str, bytes]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(("tcp", await reader.read()))
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
            received.append(("udp", data))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, ("127.0.0.1", 0))
    await world.handlers(
        network("t", "tcp", server.sockets[0].getsockname()[1]),
        network("u", "udp", datagrams.get_extra_info("sockname")[1]),
        pipe("all", "", type="set", handlers=("t", "u")),
    )
    event = result("down", handlers=["all"])
    await world.owe(event)
    await world.until(lambda: len(received) == 2)
    assert sorted(kind for kind, _ in received) == ["tcp", "udp"]
    assert [msgspec.json.decode(data) for _, data in received] == [msgspec.json.decode(encode(event))] * 2
    server.close()
    datagrams.close()


async def test_a_workflow_that_fails_does_not_stop_the_others(world: PipelinedWorld) -> None:
    """Missing filters, mutators and handlers and failing mutators harm their own workflow only."""
    await world.configure(MUTATOR, mutator("broken", type="pipe", command="exit 3"))
    await world.handlers(pipe("good", world.append_command("log")))
    await world.configure(
        PIPELINE,
        pipeline(
            "p",
            workflow("1", "good", "nosuchfilter"),
            workflow("2", "good", mutator="nosuchmutator"),
            workflow("3", "nosuchhandler"),
            workflow("4", "good", mutator="broken"),
            workflow("5", "good", "is_incident", mutator="only_check_output"),
        ),
    )
    await world.owe(result("down", pipelines=["p", "nosuchpipeline"], handlers=["good"]))
    await world.until(lambda: len(world.lines("log")) == 2)
    first, second = world.lines("log")
    assert (first, msgspec.json.decode(second)["check"]["output"]) == ("down", "down")
    whys = {outcome.why for _, outcome in world.counters.outcomes if isinstance(outcome, Dropped | Retry)}
    assert whys >= {
        "filter nosuchfilter does not exist",
        "mutator nosuchmutator does not exist",
        "handler nosuchhandler does not exist",
        "mutator broken: exit status 3",
    }


async def test_workflows_of_one_name_are_told_apart(world: PipelinedWorld) -> None:
    """Two workflows of one pipeline with the same name and handler both run, in order."""
    await world.configure(MUTATOR, mutator("m", type="javascript", eval="return 'second'"))
    await world.handlers(pipe("h", world.append_command("log")))
    twins = (workflow("w", "h", mutator="only_check_output"), workflow("w", "h", mutator="m"))
    await world.configure(PIPELINE, pipeline("p", *twins))
    await world.owe(result("first", pipelines=["p", "p"]))
    await world.settled()
    assert world.lines("log") == ["first", "second"]


async def test_metrics_alone_pass_filters_and_mutators(world: PipelinedWorld) -> None:
    """An event without a check goes through expressions and scripts like any other."""
    await world.configure(EVENT_FILTER, event_filter("f", "event.has_metrics && !event.has_check"))
    await world.configure(MUTATOR, mutator("m", type="javascript", eval="return event.metrics.points[0].name"))
    await world.handlers(pipe("influx", world.append_command("log"), filters=("f",), mutator="m"))
    await world.owe(make_metrics_event(handlers=("influx",)))
    await world.settled()
    assert world.lines("log") == ["cpu"]
    assert world.counters.concluded_events == [(1, True)]


async def test_the_last_line_of_a_command_that_failed_says_why(
    world: PipelinedWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The delivery, and explain with it, show the last line of a handler or mutator that failed, without secrets."""
    monkeypatch.setenv("SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD", "the admin's")
    usage = "echo Usage; echo '  --help'; echo"
    post = f'{usage}; echo "post $API_KEY: refused ${{SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD:-no password}}" >&2; exit 1'

    await world.configure(MUTATOR, mutator("broken", command="echo bad template >&2; exit 3"))
    await world.handlers(
        pipe("slack", post, env_vars=("API_KEY=abc-def-ghi",)),
        pipe("mail", "cat", mutator="broken"),
    )
    await world.owe(result("down", handlers=["slack", "mail"]))
    await world.until(lambda: len(world.counters.outcomes) == 2)
    whys = {name: outcome.why for name, outcome in world.counters.outcomes if isinstance(outcome, Retry)}
    assert whys == {
        "slack": "exit status 1: post REDACTED: refused no password",
        "mail": "mutator broken: exit status 3: bad template",
    }
    assert "abc-def-ghi" not in caplog.text


@pytest.mark.parametrize(
    ("check", "handler", "alarms"),
    [
        ("keepalive", "keepalive", False),
        ("registration", "registration", False),
        ("keepalive", "pagerduty", True),
        ("http", "keepalive", True),
    ],
)
async def test_a_handler_that_need_not_exist_is_no_error(
    world: PipelinedWorld, caplog: pytest.LogCaptureFixture, check: str, handler: str, alarms: bool
) -> None:
    """The handlers that keepalives and registrations name by themselves may be missing; any other is an error."""
    await world.owe(result("fine", name=check, handlers=[handler]))
    await world.settled()
    assert [r.levelname for r in caplog.records if r.message == "event not handled"] == ["ERROR"] * alarms
