"""Recordings of what the agent does in a situation (`agent-*` without `exec`): a setup and what was received.

A setup is played in phases: the agent starts, what the setup names happens after its first keepalive, and then as much
time passes as the recorded observations need. `OBSERVATIONS` tells how each recorded key is read off the run.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.contract import compare
from tests.contract.agent_process import NOT_FOUND, Agent, entity_config_frame, local_ports_open, running_agent
from tests.contract.compare import Difference, Json
from tests.contract.fake_backend import AgentConnection, FakeBackend
from tests.contract.http_client import ApiClient, NoAnswer
from tests.contract.scenario import ScenarioFailed
from tests.contract.websocket import Head

FIRST_KEEPALIVE_TIMEOUT_S = 20.0
STEP_TIMEOUT_S = 12.0
SETTLE_S = 1.0
EXIT_WATCH_S = 4.0
# Seconds are compared with this slack; where they vary they only tell a scale.
SECONDS_SLACK_S = 0.4
SCALE = 2.5


@dataclass
class Run:
    """Everything that was seen while one setup was played."""

    backends: list[FakeBackend]
    agent: Agent
    started_at: float
    exit_status: int | None = None
    exit_after_s: float | None = None
    running_after_4s: bool = False
    probe: dict[str, Any] = field(default_factory=dict)

    @property
    def backend(self) -> FakeBackend:
        """The backend that accepts."""
        return self.backends[-1]

    @property
    def connections(self) -> list[AgentConnection]:
        return self.backend.connections


def observation_planned_s(recording: Json) -> float:
    """How long the setup takes by itself."""
    return float(recording["setup"].get("seconds", 0)) + 10.0 * len(recording["received"])


async def observation_differences(recording: Json, folder: Path) -> list[Difference]:
    """What differs in the observations."""
    setup, want = recording["setup"], recording["received"]
    unknown = [key for key in want if key not in OBSERVATIONS]
    if unknown:
        raise ScenarioFailed(f"nothing known to observe for {', '.join(unknown)}")
    async with contextlib.AsyncExitStack() as stack:
        backends = [await stack.enter_async_context(backend) for backend in _backends(setup)]
        urls = [backend.url for backend in backends]
        arguments = [str(word) for word in setup.get("agent_args", [])]
        agent = await stack.enter_async_context(running_agent(folder, urls, arguments, setup.get("agent_env")))
        run = Run(backends, agent, time.monotonic())
        await _played(run, setup, want)
        found = {key: OBSERVATIONS[key](run) for key in want}
    return _compared(recording, compare.expand(want, {"BACKEND_HOST": urls[-1].removeprefix("ws://")}), found)


def _backends(setup: Json) -> list[FakeBackend]:
    greeting = entity_config_frame(setup.get("entity_config", NOT_FOUND))
    refusals = [(status, body) for status, body in setup.get("handshake_answers_before_accepting", [])]
    accepting = FakeBackend(greeting, refusals, setup.get("backend_answers_pings", True))
    if "backends" not in setup:
        return [accepting]
    return [FakeBackend(greeting, always_refuse=(503, "unavailable\n")), accepting]


async def _played(run: Run, setup: Json, want: Json) -> None:
    if "running_after_4s" in want:
        run.exit_status = await run.agent.program.wait(EXIT_WATCH_S)
        run.running_after_4s = run.exit_status is None
        return
    if not await run.backend.until(lambda: _frames(run, "keepalive") != [], FIRST_KEEPALIVE_TIMEOUT_S):
        raise ScenarioFailed(f"the agent sent no keepalive: {run.agent.program.last_words()}")
    if "frames_sent_after_first_keepalive" in setup:
        await _send_frames(run, setup["frames_sent_after_first_keepalive"])
        await _probe(run, want)
    elif "after_first_keepalive" in setup:
        await _disturb(run, setup["after_first_keepalive"], want)
    if "seconds" in setup:
        await asyncio.sleep(max(0.0, run.backend.attempts[0] + setup["seconds"] - time.monotonic()))


async def _send_frames(run: Run, frames: list[Json]) -> None:
    for frame in frames:
        connection = run.backend.open
        if connection is None:
            raise ScenarioFailed("the agent is not connected")
        text = frame["raw"] if "raw" in frame else f"{frame['type']}\n{json.dumps(frame['payload'])}"
        await connection.send(text)
    if frames:
        await asyncio.sleep(SETTLE_S)


async def _probe(run: Run, want: Json) -> None:
    """Posts an event to the agent's API and keeps the entity of that event and of the next keepalive."""
    others = len(want.get("other_events", []))
    await run.backend.until(lambda: len(run.backend.events()) >= others, STEP_TIMEOUT_S)
    await run.backend.until(lambda: run.backend.open is not None, STEP_TIMEOUT_S)
    if not await local_ports_open(run.agent):
        raise ScenarioFailed(f"the agent's API is not there: {run.agent.program.last_words()}")
    keepalives = len(_frames(run, "keepalive"))
    async with ApiClient(run.agent.api_url, "", "") as api:
        event = {"check": {"metadata": {"name": "probe"}, "status": 0, "output": "probe"}}
        try:
            run.probe["api_status"] = (await api.anonymous("POST", "/events", event)).status
        except NoAnswer as error:
            raise ScenarioFailed(f"the agent's API did not answer: {error}") from error
    await run.backend.until(lambda: _probe_event(run) is not None, STEP_TIMEOUT_S)
    await run.backend.until(lambda: len(_frames(run, "keepalive")) > keepalives, STEP_TIMEOUT_S)
    fresh = _frames(run, "keepalive")[keepalives:]
    run.probe["keepalive_entity"] = fresh[0].get("entity") if fresh else None


async def _disturb(run: Run, what: Json, want: Json) -> None:
    """What happens to the agent after its first keepalive, and the time to answer it."""
    connection = run.connections[0]
    if isinstance(what, dict) and "signal" in what:
        asked = time.monotonic()
        run.agent.program.terminate()
        run.exit_status = await run.agent.program.wait(STEP_TIMEOUT_S)
        run.exit_after_s = time.monotonic() - asked
        await run.backend.until(lambda: connection.ended_at is not None, SETTLE_S)
        return
    if isinstance(what, dict) and "close" in what:
        await connection.close(*what["close"])
    else:
        await connection.connection.cut()
    keepalives = len(want.get("types", []))
    await run.backend.until(lambda: len(_frames(run, "keepalive")) >= keepalives, STEP_TIMEOUT_S)


def _frames(run: Run, kind: str) -> list[Any]:
    return [frame.payload for frame in run.backend.frames if frame.type == kind]


def _probe_event(run: Run) -> Json:
    named = [event for event in run.backend.events() if _check_name(event) == "probe"]
    return named[0] if named else None


def _check_name(event: Json) -> Json:
    return ((event.get("check") or {}).get("metadata") or {}).get("name")


def _headers(head: Head) -> list[list[str]]:
    return [[name, value] for name, value in head.headers]


def _gaps(times: list[float], digits: int | None) -> list[float]:
    return [round(later - earlier, digits) for earlier, later in pairwise(times)]


def _logged_errors(run: Run) -> list[list[Json]]:
    """Level, message and error of what the agent logged as an error."""
    found = []
    for line in run.agent.program.output.read_text("utf-8", "replace").splitlines():
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict) and entry.get("level") in {"error", "fatal", "panic"}:
                found.append([entry["level"], entry.get("msg"), entry.get("error")])
    return found


def _reconnected_after(run: Run) -> float | None:
    first, *later = run.connections
    return round(later[0].opened_at - first.ended_at, 1) if later and first.ended_at else None


def _pings(run: Run) -> list[tuple[float, bytes]]:
    return sorted(ping for one in run.connections for ping in one.pings)


OBSERVATIONS: Mapping[str, Callable[[Run], Json]] = {
    "agent_close_frames": lambda run: [list(one.close_frame) for one in run.connections if one.ended_at],
    "alive": lambda run: run.agent.program.exit_status is None,
    "api_status": lambda run: run.probe.get("api_status"),
    "attempts": lambda run: len(run.backend.attempts),
    "close_frames": lambda run: [list(one.close_frame) for one in run.connections if one.ended_at],
    "connected_to_second": lambda run: len(run.connections),
    "connections": lambda run: len(run.connections),
    "errors": _logged_errors,
    "event_entity": lambda run: (_probe_event(run) or {}).get("entity"),
    "exit": lambda run: run.exit_status,
    "exit_within_seconds": lambda run: run.exit_after_s,
    "first_keepalive_after_seconds": lambda run: run.backend.frames[0].at - run.connections[0].opened_at,
    "frames": lambda run: [frame.recorded() for frame in run.backend.frames],
    "gaps_seconds": lambda run: _gaps([at for at, _ in _pings(run)] or run.backend.attempts, 1),
    "headers_last": lambda run: _headers(run.backend.heads[-1]),
    "headers_second": lambda run: _headers(run.backend.heads[1]) if len(run.backend.heads) > 1 else None,
    "keepalive_entity": lambda run: run.probe.get("keepalive_entity"),
    "other_events": lambda run: [event for event in run.backend.events() if _check_name(event) != "probe"],
    "path": lambda run: run.backend.heads[0].first_line.split()[1],
    "payloads": lambda run: sorted({data.decode("utf-8", "replace") for _, data in _pings(run)}),
    "pings": lambda run: len(_pings(run)),
    "reconnected_after_seconds": _reconnected_after,
    "request_headers": lambda run: _headers(run.backend.heads[0]),
    "running_after_4s": lambda run: run.running_after_4s,
    "types": lambda run: [frame.type for frame in run.backend.frames],
}


def _compared(recording: Json, want: Json, found: Json) -> list[Difference]:
    vary = recording["vary"]
    problems = []
    for key, wanted in want.items():
        path = f"received.{key}"
        if key == "exit_within_seconds":
            problems += _too_slow(path, wanted, found[key])
        elif key.endswith("_seconds"):
            problems += _seconds_differences(path, wanted, found[key], (*path.split("."), "0"), vary)
        elif "headers" in key:
            problems += compare.header_differences(wanted, found[key] or [], path)
        else:
            problems += compare.differences(wanted, _on_recorded_machine(wanted, found[key]), vary, path)
    return problems


def _on_recorded_machine(want: Json, got: Json) -> Json:
    """What was found without the network interfaces of this machine that the recorded one did not have."""
    if isinstance(want, dict) and isinstance(got, dict):
        got = {key: _on_recorded_machine(want.get(key), item) for key, item in got.items()}
        if isinstance(want.get("interfaces"), list) and isinstance(got.get("interfaces"), list):
            names = {one["name"] for one in want["interfaces"]}
            got["interfaces"] = [one for one in got["interfaces"] if one.get("name") in names]
        return got
    if isinstance(want, list) and isinstance(got, list):
        return [_on_recorded_machine(want[min(i, len(want) - 1)] if want else None, one) for i, one in enumerate(got)]
    return got


def _too_slow(path: str, want: float, got: float | None) -> list[Difference]:
    if got is not None and got <= want:
        return []
    return [Difference(path, want, got, f"want at most {want} s, got {got}")]


def _seconds_differences(path: str, want: Json, got: Json, element: compare.Path, vary: list[str]) -> list[Difference]:
    """Seconds are rounded and taken on a loaded machine: a slack, or a scale where they vary."""
    wanted, had = (value if isinstance(value, list) else [value] for value in (want, got))
    varies = element in compare.VaryingPaths(vary)
    if not varies and len(wanted) != len(had):
        return [Difference(path, want, got, f"want {want}, got {got}")]
    for expected, actual in zip(wanted, had, strict=False):
        slack = SECONDS_SLACK_S + (expected * (SCALE - 1) if varies else 0.05 * expected)
        low = expected / SCALE - SECONDS_SLACK_S if varies else expected - slack
        if actual is None or not low <= actual <= expected + slack:
            return [Difference(path, want, got, f"want about {want}, got {got}")]
    return []
