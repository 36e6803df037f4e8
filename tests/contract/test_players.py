"""The players against fakes: what they send, keep and conclude, without any of our programs."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.contract import pipeline_kind, websocket
from tests.contract.agent_process import arguments_in
from tests.contract.api_kind import judged, step_results
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.due import due_scenarios
from tests.contract.fake_agent import FakeAgent, Refused
from tests.contract.fake_backend import FakeBackend
from tests.contract.handler_inbox import HandlerInbox
from tests.contract.http_client import resource_body, resource_path
from tests.contract.runner import part_of, played
from tests.contract.scenario import KINDS, CaseResult, Scenario, ScenarioFailed
from tests.contract.sensuctl_kind import plain, same_where_varying

TIMEOUT_S = 5.0


async def test_an_agent_and_a_backend_exchange_frames() -> None:
    """The fake agent and the fake backend speak the same protocol: greeting, frames, pings, an orderly close."""
    async with FakeBackend('entity_config\n{"metadata": {"name": "not found"}}') as backend:
        agent = await FakeAgent.connect(backend.port, "a1", "default", ["linux"])
        await agent.send("keepalive", agent.keepalive({"check": {"critical": 9}, "entity": {"deregister": True}}))
        assert await agent.ping(b"hello")
        assert await backend.until(lambda: len(backend.frames) == 1, TIMEOUT_S)
        await agent.close(1000, "")
        assert [frame.type for frame in agent.frames] == ["entity_config"]
        assert agent.closed == {"code": 1000, "reason": ""}
        payload = backend.frames[0].payload
        assert payload["check"]["ttl"] == 9
        assert payload["entity"]["deregister"] is True
        assert payload["entity"]["subscriptions"] == ["linux", "entity:a1"]
        assert backend.connections[0].close_frame == (1000, "")
        assert backend.connections[0].head.value("sensu-subscriptions") == "linux"


async def test_a_refused_handshake_tells_status_and_body() -> None:
    """An agent that is not accepted gets the backend's answer."""
    async with FakeBackend(None, refusals=[(503, "later\n")]) as backend:
        with pytest.raises(Refused) as refused:
            await FakeAgent.connect(backend.port, "a1", "default", [])
        assert (refused.value.status, refused.value.body) == (503, "later\n")


@pytest.mark.parametrize("size", [0, 125, 126, 70_000])
async def test_frames_of_every_length_arrive_whole(size: int) -> None:
    """The three forms of a frame's length carry their data, masked and not."""
    async with FakeBackend(None) as backend:
        agent = await FakeAgent.connect(backend.port, "a1", "default", [])
        await agent.send_raw("event\n" + json.dumps("x" * size), websocket.TEXT)
        assert await backend.until(lambda: len(backend.frames) == 1, TIMEOUT_S)
        assert backend.frames[0].payload == "x" * size
        await agent.cut()


async def test_the_inbox_keeps_every_call_of_the_handler_script(tmp_path: Path) -> None:
    """A handler's name, standard input and added environment are kept, call by call."""
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

    async with HandlerInbox(tmp_path, base) as inbox:
        for text in ('{"a": 1}', "plain\n"):
            process = await asyncio.create_subprocess_exec(
                str(inbox.script), "h", env={**base, "ALPHA": "1"}, stdin=asyncio.subprocess.PIPE
            )
            await asyncio.wait_for(process.communicate(text.encode()), TIMEOUT_S)
        _, writer = await asyncio.open_connection("127.0.0.1", inbox.tcp_port)
        writer.write(b"{}\n")
        writer.close()
        await inbox.silence(0.1, at_least=3, patience_s=TIMEOUT_S)
        assert [arrival.recorded(0) for arrival in inbox.arrived()] == [
            {"after_input": 0, "handler": "h", "json": {"a": 1}, "newline": False, "env": {"ALPHA": "1"}},
            {"after_input": 0, "handler": "h", "text": "plain\n", "env": {"ALPHA": "1"}},
            {"after_input": 0, "handler": "tcp", "json": {}, "newline": True},
        ]


EVENT = {"entity": {"metadata": {"name": "srv"}}, "check": {"metadata": {"name": "c"}}}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"event": EVENT}, [("srv", "c", "default")]),
        ({"event": EVENT, "namespace": "ns2"}, [("srv", "c", "ns2")]),
        ({"event": EVENT, "quick": True}, []),
        ({"event": EVENT, "nowatch": True}, []),
        ({"event": {"entity": EVENT["entity"], "metrics": {}}}, []),
        ({"sleep": 1, "watch": ["a", "b", "ns2"]}, [("a", "b", "ns2")]),
        ({"sleep": 1}, []),
    ],
)
def test_the_event_that_is_looked_at_after_an_input(one: Json, expected: list[tuple[str, str, str]]) -> None:
    """An event is looked at after it was sent unless it is quick, and whatever an input names to be watched."""
    assert list(pipeline_kind.watched(one)) == expected


def test_a_delivery_too_many_fails_unless_its_handler_failed_before() -> None:
    """A second call with the same event is a fault, except for a handler that exits with a failure."""
    payload = {"after_input": 0, "handler": "h", "json": {"timestamp": 5}}
    departures = Departures([], [{"command": "exit [1-9]", "reason": "tried again"}])
    expected = {False: 1, True: 0}
    for fails, count in expected.items():
        command = "sh -c '${DIR}/h.sh h; exit 3'" if fails else "${DIR}/h.sh h"
        handler = {"type": "Handler", "metadata": {"name": "h"}, "spec": {"command": command}}
        recording = {"resources": [handler], "expected_handler_payloads": [payload], "vary": []}
        found: dict[str, list[Json]] = {part: [] for part in pipeline_kind.PARTS}
        found["expected_handler_payloads"] = [payload, {**payload, "after_input": 1}]
        repeats = pipeline_kind.Repeats(recording, departures)
        assert len(pipeline_kind.differences(recording, found, repeats)) == count


def test_a_departure_excuses_only_what_all_its_patterns_fit() -> None:
    """A rule for one scenario and path says nothing about others."""
    departures = Departures([{"kind": "^pipeline$", "scenario": "flap", "path": "state$", "reason": "hysteresis"}])
    state = Difference("expected_events.0.event.check.state", "failing", "flapping", "")
    status = Difference("expected_events.0.event.check.status", 1, 2, "")
    assert departures.reason("pipeline", "state-flap-on", "", state) == "hysteresis"
    assert departures.reason("pipeline", "state-changes", "", state) is None
    assert departures.reason("pipeline", "state-flap-on", "", status) is None


def test_every_departure_gives_its_reason_and_narrows_its_kind() -> None:
    """No rule of the data file accepts everything."""
    departures = Departures.from_file()
    for kind in KINDS:
        assert departures.reason(kind, "scenario", "case", Difference("nosuch.path", "want", "got", "")) is None


def test_flags_are_found_in_the_words_of_a_recording(tmp_path: Path) -> None:
    """The agent is started with the flags that `before` tells, a quoted list as a file."""
    text = "agent started with --name ag1 --subscriptions linux --flush 1; the backend answers"
    assert arguments_in(text, tmp_path) == ["--name", "ag1", "--subscriptions", "linux", "--flush", "1"]
    assert arguments_in("agent started with --disable-assets", tmp_path) == ["--disable-assets"]
    listed = arguments_in('agent started with --allow-list and this list: [{"exec": "a b"}]', tmp_path)
    assert listed == ["--allow-list", str(tmp_path / "list.json")]
    assert json.loads((tmp_path / "list.json").read_text()) == [{"exec": "a b"}]


def test_the_verdicts_of_replay_are_read_step_by_step() -> None:
    """Each step that replay.py prints counts once, with its differences or the reason it differs on purpose."""
    output = (
        "ok   users #1 log in\n"
        "FAIL users #2 create\n       PUT /x\n       status: want 201, got 500\n"
        "ok   users #3 again: differs on purpose, better\n"
        "2 passed, 1 failed\n"
    )
    assert step_results("users", output) == [
        CaseResult("#1 log in"),
        CaseResult("#2 create", ["PUT /x", "status: want 201, got 500"]),
        CaseResult("#3 again", (), ["better"]),
    ]


def test_a_step_passes_only_if_all_its_differences_are_on_purpose() -> None:
    """A rule of ours excuses what it names in a step of replay.py, and the rest still fails it."""
    departures = Departures([{"kind": "^api$", "case": "GET /x", "path": "^/state$", "reason": "better"}])
    lines = ['body /state: want "a", got "b"']
    assert judged("s", CaseResult("#1", ["GET /x", *lines]), departures) == CaseResult("#1", [], ["better (/state)"])
    more = judged("s", CaseResult("#1", ["GET /x", *lines, "status: want 200, got 500"]), departures)
    assert more.problems == ["GET /x", "status: want 200, got 500"]
    assert judged("s", CaseResult("#1", ["not reached: died"]), departures).problems == ["not reached: died"]


def test_texts_are_compared_without_colours_and_varying_parts() -> None:
    """Colour belongs to terminals, and what a pattern matches is the same everywhere."""
    assert plain("\x1b[1;99mName\x1b[0m  x") == "Name  x"
    assert same_where_varying("at 1795329889 and 1795330000", [r"\b1[789]\d{8}\b"]) == "at <varies> and <varies>"


async def test_a_scenario_that_breaks_off_fails_with_all_its_cases() -> None:
    """Whatever goes wrong in a scenario is the reason for its failure, and the run goes on."""

    async def broken() -> list[CaseResult]:
        raise ScenarioFailed("the program ended with 1")

    async def faulty() -> list[CaseResult]:
        raise KeyError("x")

    async def endless() -> list[CaseResult]:
        await asyncio.Event().wait()
        return []

    for play, reason in ((broken, "the program ended with 1"), (faulty, "KeyError: 'x'"), (endless, "not at its end")):
        result = await played(Scenario("units", "s", ["a", "b"], play, timeout_s=0.05))
        assert [case.name for case in result.cases] == ["a", "b"]
        assert all(case.problems[0].startswith(reason) for case in result.cases)


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_each_scenario_is_in_one_of_the_parts(of: int) -> None:
    """The parts of a kind contain each scenario once, and none of them all of the long ones."""
    lengths = [5.0, 90.0, 1.0, 80.0, 5.0, 70.0, 60.0]
    scenarios = [Scenario("api", f"s{number}", [], _never, length) for number, length in enumerate(lengths)]
    parts = [part_of(scenarios, number, of) for number in range(1, of + 1)]
    assert sorted(one.name for part in parts for one in part) == [one.name for one in scenarios]
    assert [part[0].timeout_s for part in parts] == sorted(lengths, reverse=True)[:of]


async def _never() -> list[CaseResult]:
    raise AssertionError("nothing plays it")


def test_resources_lie_where_the_api_has_them() -> None:
    """A wrapped resource is put to the path of its kind, its fields beside the metadata."""
    check = {"type": "CheckConfig", "metadata": {"name": "c", "namespace": "ns2"}, "spec": {"interval": 5}}
    assert resource_path(check) == "/api/core/v2/namespaces/ns2/checks/c"
    assert resource_body(check) == {"interval": 5, "metadata": {"name": "c", "namespace": "ns2"}}
    role = {"type": "ClusterRole", "metadata": {"name": "r"}, "spec": {"rules": []}}
    assert resource_path(role) == "/api/core/v2/clusterroles/r"


def test_the_due_list_names_known_kinds_and_each_scenario_once() -> None:
    """The gate has no line that cannot be run and none twice."""
    lines = [line for line in due_lines() if line]
    assert len(lines) == len(set(lines)) == len(due_scenarios())
    assert {kind for kind, _ in due_scenarios()} <= set(KINDS)


def due_lines() -> list[str]:
    text = Path(__file__).with_name("due.txt").read_text(encoding="utf-8")
    return [line.split("#")[0].strip() for line in text.splitlines()]
