"""Recordings of an agent against the backend: connections, frames, check requests (`session-*`, `request-*` ...)."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.contract import compare, websocket
from tests.contract.backend_process import Backend, BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.fake_agent import FakeAgent, Frame, Refused
from tests.contract.http_client import Answer, NoAnswer
from tests.contract.scenario import ScenarioFailed

PAUSE_S = 0.4
STOP_TIMEOUT_S = 10.0


def planned_s(recording: Json) -> float:
    """How long the steps take by themselves."""
    return sum(float(step.get("seconds", 0)) + float(step.get("wait", PAUSE_S)) for step in recording["steps"])


async def session_differences(recording: Json, folder: Path, backends: BackendFactory) -> list[Difference]:
    """What differs when the steps are played against a fresh backend."""
    async with backends.fresh(folder) as backend:
        session = AgentSession(backend)
        try:
            for index, step in enumerate(recording["steps"]):
                await session.step(index, step)
            received = {name: _received(agent, recording) for name, agent in session.agents.items()}
        finally:
            for agent in session.agents.values():
                await agent.cut()
    wanted = _wanted(recording)
    for name, one in received.items():
        _forgive_one_more(wanted.get(name, {}), one)
    want = {"received": wanted, "results": _result_lists(recording["results"], recording)}
    found = {"received": received, "results": _result_lists(session.results, recording)}
    problems = []
    for part in ("received", "results"):
        problems += compare.differences(want[part], found[part], recording["vary"], part)
    return problems


class AgentSession:
    """The connections of one scenario and what the API answered in between."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.agents: dict[str, FakeAgent] = {}
        self.results: list[dict[str, Json]] = []

    async def step(self, index: int, step: Json) -> None:
        """Does one step and lets its pause pass."""
        actions = {
            "connect": self._connect,
            "send": self._send,
            "put": self._put,
            "request": self._request,
            "ping": self._ping,
            "close": self._close,
            "sleep": self._sleep,
            "stop_backend": self._stop_backend,
        }
        if step["do"] not in actions:
            raise ScenarioFailed(f"step {index}: nothing known to do for {compare.show(step)}")
        await actions[step["do"]](index, step)
        await asyncio.sleep(step.get("wait", PAUSE_S))

    def _agent(self, index: int, step: Json) -> FakeAgent:
        name = step.get("as") or step.get("name")
        if name not in self.agents:
            raise ScenarioFailed(f"step {index}: {name} is not connected")
        return self.agents[name]

    async def _connect(self, index: int, step: Json) -> None:
        namespace = step.get("namespace", "default")
        subscriptions = step.get("subscriptions") or []
        try:
            agent = await FakeAgent.connect(self._backend.agent_port, step["name"], namespace, subscriptions)
        except Refused as refused:
            self.results.append({"step": index, "status": refused.status, "body": refused.body})
        else:
            self.agents[step.get("as", step["name"])] = agent

    async def _send(self, index: int, step: Json) -> None:
        agent = self._agent(index, step)
        if "raw" in step:
            await agent.send_raw(step["raw"])
        elif "raw_text" in step:
            await agent.send_raw(step["raw_text"], websocket.TEXT)
        elif step["payload"] == "@entity-keepalive":
            await agent.send(step["type"], agent.keepalive(step.get("keepalive", {})))
        else:
            await agent.send(step["type"], step["payload"])

    async def _put(self, index: int, step: Json) -> None:
        answer = await self._backend.api.put_resource(step["resource"])
        if answer.status not in (200, 201):
            self.results.append({"step": index, "status": answer.status, "body": answer.body})

    async def _request(self, index: int, step: Json) -> None:
        try:
            answer = await self._backend.api.request(step["method"], step["path"], step.get("body"))
        except NoAnswer as error:
            answer = Answer(0, str(error))
        kept = {"body": answer.body} if step.get("keep") else {}
        self.results.append({"step": index, "status": answer.status, **kept})

    async def _ping(self, index: int, step: Json) -> None:
        pong = await self._agent(index, step).ping(step.get("data", "").encode())
        self.results.append({"step": index, "pong": pong})

    async def _close(self, index: int, step: Json) -> None:
        await self._agent(index, step).close(step.get("code", 1000), step.get("reason", ""))

    async def _sleep(self, index: int, step: Json) -> None:
        await asyncio.sleep(step["seconds"])

    async def _stop_backend(self, index: int, step: Json) -> None:
        self._backend.program.terminate()
        await self._backend.program.wait(STOP_TIMEOUT_S)
        for agent in self.agents.values():
            await agent.wait_closed(PAUSE_S)


def _received(agent: FakeAgent, recording: Json) -> dict[str, Json]:
    """What a connection received, in the recorded form."""
    found: dict[str, Json] = {"frames": [frame.recorded() for frame in agent.frames], "closed": agent.closed}
    if recording.get("counts"):
        requests = [frame for frame in agent.frames if frame.type == "check_request"]
        kept = [frame for frame in agent.frames if frame.type != "check_request" or frame is requests[0]]
        found |= {
            "frames": [frame.recorded() for frame in kept],
            "check_requests": len(requests),
            "gaps_seconds": _gaps(requests),
        }
    found["frames"] = _ordered(found["frames"], recording)
    return found


def _forgive_one_more(want: Json, got: Json) -> None:
    """Lets a schedule fire once more or less in the time of a scenario: its phase within a second is not recorded."""
    counts = want.get("check_requests", 0), got.get("check_requests", 0)
    if min(counts) > 1 and max(counts) - min(counts) == 1:
        shared = min(len(want["gaps_seconds"]), len(got["gaps_seconds"]))
        want |= {"check_requests": got["check_requests"], "gaps_seconds": want["gaps_seconds"][:shared]}
        got["gaps_seconds"] = got["gaps_seconds"][:shared]


def _gaps(frames: list[Frame]) -> list[int]:
    return [round(later.at - earlier.at) for earlier, later in pairwise(frames)]


def _wanted(recording: Json) -> Json:
    return {
        name: {**received, "frames": _ordered(received["frames"], recording)}
        for name, received in recording["received"].items()
    }


def _ordered(frames: list[Json], recording: Json) -> list[Json]:
    """The frames as they are compared: sorted where `sort`, equal check requests once where `unique`."""
    names = recording["received"]
    vary = [path.removeprefix(f"received.{name}.") for name in names for path in recording["vary"]]

    def key(frame: Json) -> str:
        return compare.canonical(compare.without(frame, vary, "frames.0"))

    if recording.get("unique"):
        first: dict[str, Any] = {}
        for number, frame in enumerate(frames):
            single = key(frame) if frame["type"] == "check_request" else str(number)
            first.setdefault(single, frame)
        frames = list(first.values())
    return sorted(frames, key=key) if recording.get("sort") else frames


def _result_lists(results: list[Json], recording: Json) -> list[Json]:
    """The results, lists in them sorted where `sort_results`."""
    if not recording.get("sort_results"):
        return results

    def sorted_body(body: Json) -> Json:
        if not isinstance(body, list):
            return body
        vary = recording["vary"]
        return sorted(body, key=lambda item: compare.canonical(compare.without(item, vary, "results.0.body.0")))

    return [{**result, "body": sorted_body(result["body"])} if "body" in result else result for result in results]
