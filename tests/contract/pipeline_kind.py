"""Recordings of kind `pipeline`: resources and inputs to a fresh backend, then its events and what handlers got."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.contract import compare
from tests.contract.backend_process import Backend, BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.fake_agent import FakeAgent, Refused
from tests.contract.handler_inbox import HandlerInbox
from tests.contract.http_client import Answer, NoAnswer
from tests.contract.processes import environment
from tests.contract.scenario import CaseResult, Scenario, ScenarioFailed, recordings, verdict

KIND = "pipeline"
SILENCE_S = 0.45
# How long a delivery that the recording names may take before the next input is sent.
DELIVERY_PATIENCE_S = 5.0
PARTS = ("rejected_resources", "results", "expected_events", "expected_handler_payloads")


def scenarios(contract: Path, backends: BackendFactory, departures: Departures) -> list[Scenario]:
    """The pipeline recordings of a folder."""
    found = []
    for _, recording in recordings(contract / KIND):
        name = recording["scenario"]
        play = _player(recording, backends, departures)
        found.append(Scenario(KIND, name, [name], play, timeout_s=60 + 3 * _planned_s(recording)))
    return found


def _player(recording: Json, backends: BackendFactory, departures: Departures) -> Any:
    async def play() -> list[CaseResult]:
        name = recording["scenario"]
        with tempfile.TemporaryDirectory(prefix="sensu-pipeline-") as folder:
            expanded, found = await _played(recording, Path(folder), backends)
        repeats = Repeats(expanded, departures)
        problems = differences(expanded, found, repeats)
        result = verdict(KIND, name, name, problems, departures)
        return [CaseResult(name, result.problems, [*result.on_purpose, *repeats.reasons])]

    return play


def _planned_s(recording: Json) -> float:
    waits = [float(one.get("sleep", 0) + one.get("settle", 0)) + SILENCE_S for one in recording["inputs"]]
    return sum(waits, float(recording.get("settle", 0)))


async def _played(recording: Json, folder: Path, backends: BackendFactory) -> tuple[Json, dict[str, list[Json]]]:
    """The recording with its placeholders filled in, and what our backend made of it."""
    base = environment(folder / "backend")
    async with backends.fresh(folder) as backend, HandlerInbox(folder, base) as inbox:
        known = {"DIR": str(folder), "API": backend.api_url, "WS": backend.agent_url}
        expanded = compare.expand(recording, known)
        player = PipelinePlayer(expanded, backend, inbox, folder)
        try:
            return expanded, await player.play()
        finally:
            await player.close()


class PipelinePlayer:
    """Plays one recording and gathers the parts that are compared."""

    def __init__(self, recording: Json, backend: Backend, inbox: HandlerInbox, folder: Path) -> None:
        self._recording = recording
        self._backend = backend
        self._inbox = inbox
        self._agents: dict[str, FakeAgent] = {}
        self._found: dict[str, list[Json]] = {part: [] for part in PARTS}
        for name, content in (recording.get("files") or {}).items():
            self._write(folder / name, content)

    async def play(self) -> dict[str, list[Json]]:
        """The parts of the recording as our backend made them."""
        for namespace in self._recording.get("namespaces") or []:
            answer = await self._backend.api.request("PUT", f"/api/core/v2/namespaces/{namespace}", {"name": namespace})
            if answer.status not in (200, 201):
                raise ScenarioFailed(f"namespace {namespace}: answered {answer.status} {compare.show(answer.body)}")
        for resource in self._recording["resources"]:
            await self._put_at_start(self._filled(resource))
        await asyncio.sleep(self._recording.get("settle", 0))
        arrived = 0
        for index, one in enumerate(self._recording["inputs"]):
            await self._input(index, one)
            arrived = self._keep_payloads(index, arrived)
        return self._found

    async def close(self) -> None:
        """Cuts the connections of agents."""
        for agent in self._agents.values():
            await agent.cut()

    def _write(self, path: Path, content: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        if path.suffix == ".sh":
            path.chmod(0o755)

    def _filled(self, value: Json) -> Json:
        """The value with its ports and times filled in."""
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if value == "${TCP_PORT}":
            return self._inbox.tcp_port
        if value == "${UDP_PORT}":
            return self._inbox.udp_port
        return at_now(value)

    async def _put_at_start(self, resource: Json) -> None:
        answer = await self._backend.api.put_resource(resource)
        if answer.status not in (200, 201):
            name = (resource.get("metadata") or {}).get("name")
            refused = {"type": resource["type"], "name": name, "status": answer.status, "body": answer.body}
            self._found["rejected_resources"].append(refused)

    async def _input(self, index: int, one: Json) -> None:
        if "event" in one:
            await self._post_event(index, one)
        elif "put" in one:
            self._result(index, await _answer(self._backend.api.put_resource(self._filled(one["put"]))))
        elif "request" in one:
            request = self._filled(one["request"])
            call = self._backend.api.request(request["method"], request["path"], request.get("body"))
            self._result(index, await _answer(call))
        elif "agent" in one:
            await self._agent(index, self._filled(one["agent"]))
        elif "sleep" in one:
            await asyncio.sleep(one["sleep"])
        else:
            raise ScenarioFailed(f"input {index}: nothing known to do for {compare.show(one)}")
        if not one.get("quick"):
            await self._settled(index, one)
        await self._look(index, one)

    async def _post_event(self, index: int, one: Json) -> None:
        path = f"/api/core/v2/namespaces/{_namespace(one)}/events"
        answer = await _answer(self._backend.api.request("POST", path, self._filled(one["event"])))
        if answer.status not in (200, 201, 202):
            self._result(index, answer)

    async def _agent(self, index: int, one: Json) -> None:
        name, action = one["name"], one["do"]
        if action == "connect":
            await self._connect(index, one)
        elif name not in self._agents:
            raise ScenarioFailed(f"input {index}: the agent {name} is not connected")
        elif action == "keepalive":
            await self._agents[name].send("keepalive", self._agents[name].keepalive(one))
        elif action == "event":
            await self._agents[name].send("event", self._agents[name].event(one["event"]))
        else:
            await self._agents[name].close()

    async def _connect(self, index: int, one: Json) -> None:
        namespace, port = one.get("namespace", "default"), self._backend.agent_port
        try:
            agent = await FakeAgent.connect(port, one["name"], namespace, one.get("subscriptions", []))
        except Refused as refused:
            self._result(index, Answer(refused.status, refused.body))
        else:
            self._agents[one["name"]] = agent

    async def _settled(self, index: int, one: Json) -> None:
        await asyncio.sleep(one.get("settle", 0))
        expected = [item for item in self._recording["expected_handler_payloads"] if item["after_input"] <= index]
        await self._inbox.silence(SILENCE_S, len(expected), DELIVERY_PATIENCE_S)

    async def _look(self, index: int, one: Json) -> None:
        for entity, check, namespace in watched(one):
            path = f"/api/core/v2/namespaces/{namespace}/events/{entity}/{check}"
            answer = await _answer(self._backend.api.request("GET", path))
            event = answer.body if answer.status == 200 else None
            kept = {"after_input": index, "entity": entity, "check": check, "event": event}
            self._found["expected_events"].append(kept)
        for path in one.get("get", []):
            self._result(index, await _answer(self._backend.api.request("GET", path)), path)

    def _result(self, index: int, answer: Answer, path: str | None = None) -> None:
        asked = {"get": path} if path else {}
        self._found["results"].append({"after_input": index, **asked, "status": answer.status, "body": answer.body})

    def _keep_payloads(self, index: int, arrived: int) -> int:
        arrivals = self._inbox.arrived()
        fresh = sorted(arrivals[arrived:], key=lambda arrival: arrival.handler)
        self._found["expected_handler_payloads"] += [arrival.recorded(index) for arrival in fresh]
        return len(arrivals)


async def _answer(call: Any) -> Answer:
    """The answer, of status 0 where the connection was closed without one."""
    try:
        answer: Answer = await call
    except NoAnswer:
        return Answer(0, "connection closed without an answer")
    return answer


def _namespace(one: Json) -> str:
    entity = one["event"].get("entity") or {}
    return str(one.get("namespace") or (entity.get("metadata") or {}).get("namespace") or "default")


def watched(one: Json) -> Iterator[tuple[str, str, str]]:
    """Which event is looked at after an input: the one named, else that of the event itself unless it is `quick`."""
    if "watch" in one:
        entity, check, *namespace = one["watch"]
        yield entity, check, namespace[0] if namespace else "default"
    elif "event" in one and not one.get("quick") and not one.get("nowatch"):
        names = [((one["event"].get(part) or {}).get("metadata") or {}).get("name") for part in ("entity", "check")]
        if all(names):
            yield str(names[0]), str(names[1]), _namespace(one)


def at_now(value: Json) -> Json:
    """`@now`, `@now+N` and `@now-N` as the time in seconds."""
    if not isinstance(value, str) or not value.startswith("@now"):
        return value
    return int(time.time()) + int(value[4:] or 0)


class Repeats:
    """Finds the second call of a handler that failed, where the first one is recorded."""

    def __init__(self, recording: Json, departures: Departures) -> None:
        self._reasons: dict[str, str] = {}
        self.reasons: list[str] = []
        for resource in recording["resources"]:
            command = resource["spec"].get("command", "")
            reason = departures.repeat_reason(command) if resource["type"] == "Handler" else None
            if reason:
                self._reasons[_called_name(command) or resource["metadata"]["name"]] = reason

    def is_one(self, payload: Json, recorded: list[Json]) -> bool:
        """Whether the payload is an earlier one of a failing handler again."""
        name = payload["handler"]
        reason = self._reasons.get(name)
        earlier = [one.get("json") for one in recorded if one["handler"] == name]
        again = any(_same_event(event, payload.get("json")) for event in earlier)
        if reason and again:
            self.reasons.append(f"{name} was called again after input {payload['after_input']} - {reason}")
        return bool(reason and again)


def _called_name(command: str) -> str | None:
    words = command.replace(";", " ").replace("'", " ").split()
    return next((words[i + 1] for i, word in enumerate(words[:-1]) if word.endswith("/h.sh")), None)


def _same_event(one: Json, other: Json) -> bool:
    """Whether two payloads carry the same event: the same result of the same check."""
    return isinstance(one, dict) and isinstance(other, dict) and _result_key(one) == _result_key(other)


def _result_key(event: Json) -> Json:
    check = event.get("check") or {}
    return [event.get("timestamp"), check.get("history"), check.get("occurrences"), check.get("output")]


def differences(recording: Json, found: dict[str, list[Json]], repeats: Repeats) -> list[Difference]:
    """What differs in the parts of a recording, elements compared with those of the same input and subject."""
    vary = recording["vary"]
    keys = {
        "rejected_resources": lambda item: item.get("name") or (item.get("metadata") or {}).get("name"),
        "results": lambda item: (item["after_input"], item.get("get")),
        "expected_events": lambda item: (item["after_input"], item["entity"], item["check"]),
        "expected_handler_payloads": lambda item: (item["after_input"], item["handler"]),
    }
    problems: list[Difference] = []
    for part, key in keys.items():
        wanted = recording.get(part) or []

        def alike(want: Json, got: Json, part: str = part) -> bool:
            return not compare.differences(want, got, vary, f"{part}.0")

        for index, (want, got) in enumerate(compare.pair(wanted, found[part], key, alike)):
            root = f"{part}.{index}"
            if want is None:
                extra = part == "expected_handler_payloads" and repeats.is_one(got, wanted)
                text = f"unexpected: {compare.show(got)}"
                problems += [] if extra else [Difference(root, None, got, text)]
            elif got is None:
                problems.append(Difference(root, want, None, f"missing: {compare.show(want)}"))
            elif part == "rejected_resources":
                problems += compare.differences(want, {name: got.get(name) for name in want}, vary, root)
            else:
                problems += [_about(item, want) for item in compare.differences(want, got, vary, root)]
    return problems


def _about(difference: Difference, want: Json) -> Difference:
    """The difference with the input it belongs to in its text."""
    subject = want.get("handler") or want.get("get") or "/".join([want.get("entity", ""), want.get("check", "")])
    text = f"{difference.what} (input {want['after_input']}, {subject.strip('/') or 'answer'})"
    return Difference(difference.path, difference.want, difference.got, text)
