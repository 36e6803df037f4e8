"""What an agent makes of check requests, with real commands."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from sensu.agent.allow_list import AllowList, AllowListEntry
from tests.flows.agent_world import agent_world

RED = "entity_config\n" + json.dumps(
    {
        "metadata": {"name": "ag1", "namespace": "default", "labels": {"color": "red", "password": "pw"}},
        "subscriptions": ["linux"],
        "redact": ["password"],
    }
)


async def test_a_check_runs_and_its_event_arrives(tmp_path: Path) -> None:
    """A requested check becomes an event with its status, output, times, and the agent's entity, secrets hidden."""
    async with agent_world(tmp_path, greeting=RED) as world:
        event = await world.result_of("echo out; exit 1", handlers=["h"])
    check = event["check"]
    assert (check["status"], check["output"], check["handlers"]) == (1, "out\n", ["h"])
    assert (check["processed_by"], event["sequence"]) == ("ag1", 1)
    assert event["entity"]["metadata"]["labels"] == {"color": "red", "password": "REDACTED"}
    assert check["duration"] > 0
    assert event["id"]


async def test_what_a_command_is_given(tmp_path: Path) -> None:
    """A command sees env_vars, secrets and, where asked for, its event on standard input."""
    async with agent_world(tmp_path, greeting=RED) as world:
        told = await world.result_of(
            'echo "$A $B {{ .labels.color }}"', env_vars=["A=1"], more={"secrets": ["B=hunter2"]}
        )
        read = await world.result_of("cat", stdin=True)
    assert told["check"]["output"] == "1 hunter2 red\n"
    assert "hunter2" not in json.dumps({**told, "check": {**told["check"], "output": ""}})
    shown = json.loads(read["check"]["output"])
    assert (shown["check"]["status"], shown["check"]["output"], shown["id"]) == (0, "", None)
    assert shown["entity"]["metadata"]["labels"]["password"] == "REDACTED"


async def test_a_check_that_runs_too_long(tmp_path: Path) -> None:
    """A check is killed at its time-out, and other checks do not wait for it."""
    async with agent_world(tmp_path) as world:
        await world.request("slow", "echo start; sleep 60", timeout=1)
        await world.request("quick", "echo quick")
        events = await world.events(2)
    assert [event["check"]["metadata"]["name"] for event in events] == ["quick", "slow"]
    assert (events[1]["check"]["status"], events[1]["check"]["output"]) == (2, "Execution timed out\nstart\n")


async def test_output_is_bounded_while_it_is_taken(tmp_path: Path) -> None:
    """A check's max_output_size bounds what is kept of it, and the event says how much is missing."""
    async with agent_world(tmp_path) as world:
        event = await world.result_of("yes | head -c 50000000", max_output_size=10)
    assert event["check"]["output"] == "y\n" * 5
    assert event["metadata"]["labels"] == {"sensu.io/output_truncated_bytes": str(50_000_000 - 10)}


async def test_refused_metric_lines_are_counted(tmp_path: Path) -> None:
    """Lines of output that break the metric format cost only themselves, and the agent's `/metrics` counts them."""
    async with agent_world(tmp_path) as world:
        command = r"printf 'a 1 7\nb 1,5 7\nc\nd 2 7\n'"
        event = await world.result_of(command, output_metric_format="graphite_plaintext")
        _, exposition = await world.http("GET", "/metrics")
    assert [(one["name"], one["value"]) for one in event["metrics"]["points"]] == [("a", 1), ("d", 2)]
    assert 'sensu_agent_metric_lines_refused{format="graphite_plaintext"} 2\n' in exposition


async def test_a_check_for_load_tests(tmp_path: Path) -> None:
    """The command that load tests ask for is answered without running anything."""
    async with agent_world(tmp_path) as world:
        event = await world.result_of("!sensu_test_check!")
    assert (event["check"]["status"], "duration" in event["check"]) == (0, False)


async def test_requests_that_are_not_run(tmp_path: Path) -> None:
    """A request that repeats an earlier one, is older, or comes while its check runs, is dropped."""
    async with agent_world(tmp_path) as world:
        for issued, command in (
            (10, "sleep 0.3; echo one"),
            (10, "echo again"),
            (11, "echo while"),
            (5, "echo old"),
        ):
            config = {"command": command, "interval": 60, "metadata": {"name": "dup", "namespace": "default"}}
            await world.send("check_request\n" + json.dumps({"config": config, "issued": issued}))
        await world.request("last", "sleep 0.6; echo last")
        outputs = [event["check"]["output"] for event in await world.events(2)]
        counters = world.agent.counters
        name = "sensu_go_agent_check_requests_dropped"
        dropped = {why: counters.value(name, why) for why in ("already received", "still running")}
    assert outputs == ["one\n", "last\n"]
    assert dropped == {"already received": 1, "still running": 1}


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ({"interval": 0}, "given check is invalid: check interval must be greater than 0"),
        ({"command": "echo {{ .nosuch }}"}, "error while substituting check tokens: command: unmatched token"),
        ({"command": "x" * 3_000_000}, "argument list too long"),
    ],
)
async def test_checks_that_cannot_be_run(tmp_path: Path, config: dict[str, Any], output: str) -> None:
    """A check that cannot be run is an unknown event that says why."""
    async with agent_world(tmp_path) as world:
        command = config.pop("command", "true")
        event = await world.result_of(command, **config)
    assert event["check"]["status"] == 3
    assert output in event["check"]["output"]


async def test_the_allow_list_governs_checks_and_hooks(tmp_path: Path) -> None:
    """Commands that are not on the allow list are not run, as checks or as hooks."""
    allowed = AllowList([AllowListEntry("/bin/echo", ("yes",)), AllowListEntry("false", ("-x",))])

    async with agent_world(tmp_path, allowed=allowed) as world:
        good = await world.result_of("/bin/echo yes")
        bad = await world.result_of("/bin/echo no")
        hook = {"metadata": {"name": "h", "namespace": "default"}, "command": "ls", "timeout": 5}
        hooked = await world.result_of("false", check_hooks=[{"non-zero": ["h"]}], more={"hooks": [hook]})
    assert good["check"]["output"] == "yes\n"
    assert (bad["check"]["status"], bad["check"]["output"]) == (3, "check command denied by the agent allow list")
    assert hooked["check"]["hooks"][0]["output"] == "check hook command denied by the agent allow list"


async def test_hooks_gather_more_after_a_failure(tmp_path: Path) -> None:
    """Hooks run after the check by its status, one of them reading the event."""
    hooks = [
        {"metadata": {"name": n, "namespace": "default"}, "command": c, "timeout": 1, "stdin": n == "reads"}
        for n, c in (("reads", "grep -c '\"status\":2'"), ("slow", "sleep 9"), ("other", "echo other"))
    ]
    async with agent_world(tmp_path) as world:
        event = await world.result_of(
            "exit 2", check_hooks=[{"critical": ["reads", "slow"]}, {"ok": ["other"]}], more={"hooks": hooks}
        )
    done = {hook["metadata"]["name"]: (hook["status"], hook["output"]) for hook in event["check"]["hooks"]}
    assert done == {"reads": (0, "1\n"), "slow": (2, "Execution timed out\n")}


async def test_many_checks_at_once(tmp_path: Path) -> None:
    """A burst of checks is run to the last, each with its own result."""
    async with agent_world(tmp_path) as world:
        for number in range(200):
            await world.request(f"burst{number}", f"echo {number}")
        events = await world.events(200)
    outputs = {event["check"]["metadata"]["name"]: event["check"]["output"] for event in events}
    assert outputs == {f"burst{number}": f"{number}\n" for number in range(200)}


async def test_stopping_kills_what_runs(tmp_path: Path) -> None:
    """An agent that is stopped ends soon, and its running commands with it."""
    mark = tmp_path / "mark"

    async with agent_world(tmp_path) as world:
        await world.request("long", f"echo started > {mark}; sleep 2; echo ended > {mark}")
        await world.until(mark.exists)
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert mark.read_text() == "started\n"


async def test_frames_that_cannot_be_used(tmp_path: Path) -> None:
    """Whatever a backend sends in a frame ends neither the agent nor its session."""
    hostile = [
        "nosuch\n{}",
        "check_request\n{bad",
        "check_request\nnull",
        "check_request\n{}",
        "check_request\n" + "[" * 100_000,
        'check_request\n{"config": null, "issued": 1}',
        'check_request\n{"config": {"command": 5}, "issued": "x"}',
        'check_request\n{"config": {"command": "\\u0000", "interval": 1, "metadata": {"name": "n", "namespace": "d"}}}',
        'check_request\n{"config": {"timeout": -1}, "issued": 99999999999999999999999}',
        "entity_config\n[]",
        'entity_config\n{"metadata": null, "subscriptions": 7}',
        "ack\n{}",
        'ack\n{"stored": [[1, 99999999999]]}',
        "\n",
        "check_request\n\x00\x01",
    ]

    async with agent_world(tmp_path) as world:
        for frame in hostile:
            await world.send(frame)
        await world.until(lambda: world.agent.counters.value("sensu_go_agent_messages_received", "ack") == 2)
        seen = len(world.backend.events())
        await world.request("after", "echo fine")
        event = (await world.events(seen + 1))[-1]
        assert event["check"]["output"] == "fine\n"
        assert len(world.backend.connections) == 1


async def test_no_assets_for_hooks_either(tmp_path: Path) -> None:
    """With assets disabled a hook that needs one is not run, and nothing is fetched."""
    hook = {"metadata": {"name": "h", "namespace": "default"}, "command": "echo ran", "timeout": 5}
    asset = {"metadata": {"name": "a", "namespace": "default"}, "url": "http://127.0.0.1:1/a", "sha512": "0" * 128}
    more = {"hooks": [hook], "hook_assets": {"h": {"assets": [asset]}}}

    async with agent_world(tmp_path, "--disable-assets") as world:
        event = await world.result_of("exit 1", check_hooks=[{"warning": ["h"]}], more=more)
    [done] = event["check"]["hooks"]
    assert (done["status"], done["output"]) == (3, "check hook command denied by the agent allow list")
    assert not list((tmp_path / "cache").glob("*.archive"))


async def test_commands_do_not_see_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks and hooks get the agent's environment, without the password that it logs in with."""
    monkeypatch.setenv("SENSU_PASSWORD", "hunter2")
    monkeypatch.setenv("SENSU_OTHER", "seen")
    hook = {"metadata": {"name": "h", "namespace": "default"}, "command": "env", "timeout": 5}

    async with agent_world(tmp_path) as world:
        event = await world.result_of("env; exit 1", check_hooks=[{"warning": ["h"]}], more={"hooks": [hook]})
    for output in (event["check"]["output"], event["check"]["hooks"][0]["output"]):
        assert "SENSU_OTHER=seen" in output
        assert "hunter2" not in output
