"""Recordings of kind `agent-local`: the agent's HTTP API, TCP and UDP socket, statsd, and its queue while offline."""

import asyncio
import contextlib
import json
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.contract import compare
from tests.contract.agent_process import Agent, arguments_in, entity_config_frame, local_ports_open, running_agent
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.fake_backend import FakeBackend
from tests.contract.scenario import CaseResult, Scenario, ScenarioFailed, recordings, verdict

KIND = "agent-local"
SILENCE_S = 0.45
EVENT_PATIENCE_S = 6.0
ANSWER_TIMEOUT_S = 9.0
AT_ONCE_S = 2.0
FLUSH_WAIT_S = 2.6
RECONNECT_TIMEOUT_S = 30.0
OWN_METRICS = re.compile(r"^# TYPE (sensu_\S+) ", re.MULTILINE)


def scenarios(contract: Path, departures: Departures) -> list[Scenario]:
    """The agent-local recordings of a folder."""
    found = []
    for path, recording in recordings(contract / KIND):
        names = [case["case"] for case in recording["cases"]]
        timeout_s = 60.0 + 12.0 * len(names)
        found.append(Scenario(KIND, path.stem, names, _player(path.stem, recording, departures), timeout_s))
    return found


def _player(name: str, recording: Json, departures: Departures) -> Callable[[], Awaitable[list[CaseResult]]]:
    async def play() -> list[CaseResult]:
        with tempfile.TemporaryDirectory(prefix="sensu-agent-local-") as folder:
            found = await _played(recording, Path(folder))
        return [verdict(KIND, name, case, problems, departures) for case, problems in found.items()]

    return play


async def _played(recording: Json, folder: Path) -> dict[str, list[Difference]]:
    arguments = arguments_in(recording["before"], folder)
    async with FakeBackend(entity_config_frame(recording["entity_config"])) as backend:
        async with running_agent(folder, [backend.url], arguments) as agent:
            if not await local_ports_open(agent):
                raise ScenarioFailed(f"the agent's API is not there: {agent.program.last_words()}")
            if not await backend.until(lambda: bool(backend.frames), EVENT_PATIENCE_S):
                raise ScenarioFailed(f"the agent sent no keepalive: {agent.program.last_words()}")
            player = _player_for(recording)(backend, agent)
            return {case["case"]: await player.case(case) for case in recording["cases"]}


def _player_for(recording: Json) -> Any:
    players = {"api": ApiPlayer, "tcp": TcpPlayer, "udp": UdpPlayer, "statsd": StatsdPlayer, "offline": OfflinePlayer}
    for name, player in players.items():
        if recording["name"].startswith(name):
            return player
    raise ScenarioFailed(f"nothing known to do for a recording named {recording['name']}")


class Player:
    """What all players share: the events that come for a case."""

    def __init__(self, backend: FakeBackend, agent: Agent) -> None:
        self.backend = backend
        self.agent = agent

    async def events_after(self, seen: int, count: int) -> list[Json]:
        """The events beyond the first `seen`, when `count` of them are there and nothing more comes."""
        await self.backend.until(lambda: len(self.backend.events()) >= seen + count, EVENT_PATIENCE_S)
        known, quiet = len(self.backend.events()), time.monotonic()
        while time.monotonic() - quiet < SILENCE_S:
            await asyncio.sleep(0.02)
            if len(self.backend.events()) != known:
                known, quiet = len(self.backend.events()), time.monotonic()
        return self.backend.events()[seen:]


class ApiPlayer(Player):
    """Requests to the agent's HTTP API."""

    async def case(self, case: Json) -> list[Difference]:
        """What differs in the answer and the events."""
        seen = len(self.backend.events())
        request, want = case["request"], case["response"]
        got = await _http(self.agent, request)
        if isinstance(want["body"], list):
            return self._metrics(want, got)
        problems = _response_differences(_with_length(want, got), got, case["vary"])
        events = await self.events_after(seen, len(case.get("events", [])))
        return problems + compare.differences(case.get("events", []), events, case["vary"], "events")

    def _metrics(self, want: Json, got: Json) -> list[Difference]:
        """The body reduced to the names of metrics; more names than recorded are fine."""
        names = set(OWN_METRICS.findall(got["body"]))
        headers = [header for header in got["headers"] if header[0] != "Content-Length"]
        found = {"status": got["status"], "headers": headers, "body": [name for name in want["body"] if name in names]}
        return _response_differences(want, found, [])


class TcpPlayer(Player):
    """Documents sent to the TCP socket."""

    async def case(self, case: Json) -> list[Difference]:
        """What differs in the answer, its time and the events."""
        seen = len(self.backend.events())
        try:
            answer, seconds = await self._answer(case)
        except (OSError, TimeoutError) as error:
            return [Difference("answer", case["answer"], None, f"no answer: {error or type(error).__name__}")]
        after = "at once" if seconds < AT_ONCE_S else f"{round(seconds)}s"
        got = {"answer": answer, "answered_after": after}
        want = {name: case[name] for name in got}
        problems = [one for name in got for one in compare.differences(want[name], got[name], (), name)]
        events = await self.events_after(seen, len(case.get("events", [])))
        return problems + compare.differences(case.get("events", []), events, case["vary"], "events")

    async def _answer(self, case: Json) -> tuple[str, float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.agent.socket_port)
        try:
            started = time.monotonic()
            writer.write(_sent(case["send"]))
            if case["end_of_stream"]:
                writer.write_eof()
            answer = await asyncio.wait_for(reader.read(1000), ANSWER_TIMEOUT_S)
            return answer.decode("utf-8", "replace"), time.monotonic() - started
        finally:
            writer.close()


class UdpPlayer(Player):
    """Documents sent to the UDP socket."""

    async def case(self, case: Json) -> list[Difference]:
        """What differs in the events."""
        seen = len(self.backend.events())
        await _datagram(self.agent.socket_port, _sent(case["send"]))
        events = await self.events_after(seen, len(case.get("events", [])))
        return compare.differences(case.get("events", []), events, case["vary"], "events")


class StatsdPlayer(Player):
    """Datagrams sent to the statsd port."""

    async def case(self, case: Json) -> list[Difference]:
        """What differs in the points of the datagram's names, each at its first flush."""
        seen = len(self.backend.events())
        await _datagram(self.agent.statsd_port, _sent(case["send"]))
        names = {re.split(r"[:|]", line)[0] for line in str(case["send"]).splitlines()}
        wanted = {point["name"] for event in case["events"] for point in event["metrics"]["points"]}

        def flushed() -> bool:
            merged = _merged(self.backend.events()[seen:], names | wanted)
            return bool(wanted) and wanted <= {
                point["name"] for event in merged for point in event["metrics"]["points"]
            }

        await self.backend.until(flushed, FLUSH_WAIT_S)
        events = _merged(self.backend.events()[seen:], names | wanted)
        return compare.differences(case["events"], events, case["vary"], "events")


def _merged(events: list[Json], names: set[str]) -> list[Json]:
    """One event with the points of these names, each at its first flush; no event where there are none."""
    first: dict[str, Json] = {}
    frame: Json = None
    for event in events:
        for point in (event.get("metrics") or {}).get("points") or []:
            if any(point["name"] == name or point["name"].startswith(name + ".") for name in names):
                frame = frame or event
                first.setdefault(point["name"], _rounded(point))
    if frame is None:
        return []
    return [{**frame, "metrics": {**frame["metrics"], "points": [first[name] for name in sorted(first)]}}]


def _rounded(point: Json) -> Json:
    return {**point, "value": round(point["value"])} if point["name"].endswith(".per_second") else point


class OfflinePlayer(Player):
    """The agent while the backend is away, and after it is back; the cases are stages of one story."""

    async def case(self, case: Json) -> list[Difference]:
        """What differs at one stage."""
        stage = case["case"]
        if stage == "disconnected":
            await self.backend.go_away()
            await self._until_healthz(case["healthz"]["status"])
        if stage == "reconnected":
            await self.backend.listen()
        found: dict[str, Json] = {}
        problems: list[Difference] = []
        if "statuses" in case:
            found["statuses"] = [await self._post(number) for number in range(len(case["statuses"]))]
        if "events" in case:
            found |= await self._back(len(case["events"]))
        if "healthz" in case:
            healthz = await _http(self.agent, {"method": "GET", "path": "/healthz"})
            problems = _response_differences(case["healthz"], healthz, case["vary"], "healthz")
        return problems + [
            one for key in found for one in compare.differences(case[key], found[key], case["vary"], key)
        ]

    async def _until_healthz(self, status: int) -> None:
        deadline = time.monotonic() + EVENT_PATIENCE_S
        while time.monotonic() < deadline:
            if (await _http(self.agent, {"method": "GET", "path": "/healthz"}))["status"] == status:
                return
            await asyncio.sleep(0.05)

    async def _post(self, number: int) -> int:
        event = {"check": {"metadata": {"name": f"q{number}"}, "status": 0, "output": "queued"}}
        answer = await _http(self.agent, {"method": "POST", "path": "/events", "body": event})
        return int(answer["status"])

    async def _back(self, count: int) -> dict[str, Json]:
        before = len(self.backend.connections)
        await self.backend.until(lambda: len(self.backend.connections) > before, RECONNECT_TIMEOUT_S)
        if len(self.backend.connections) == before:
            return {"events": [], "first_type": None}
        connection = self.backend.connections[-1]

        def events() -> list[str]:
            return [frame.payload["check"]["metadata"]["name"] for frame in connection.frames if frame.type == "event"]

        await self.backend.until(lambda: len(events()) >= count, RECONNECT_TIMEOUT_S)
        return {"events": events(), "first_type": connection.frames[0].type if connection.frames else None}


def _response_differences(want: Json, got: Json, vary: list[str], path: str = "response") -> list[Difference]:
    problems = compare.header_differences(want["headers"], got["headers"], f"{path}.headers")
    for part in ("status", "body"):
        problems += compare.differences(want[part], got[part], vary, f"{path}.{part}")
    return problems


def _sent(value: Json) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()


async def _datagram(port: int, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port))
    with contextlib.closing(transport):
        transport.sendto(data)


async def _http(agent: Agent, request: Json) -> Json:
    """The answer of the agent's API in the recorded form: the headers sorted and without the date."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            call = session.request(request["method"], agent.api_url + request["path"], data=_body(request))
            async with call as response:
                headers = [[str(name).title(), value] for name, value in response.headers.items()]
                kept = [header for header in headers if header[0] != "Date"]
                return {"status": response.status, "headers": kept, "body": await response.text()}
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            return {"status": 0, "headers": [], "body": f"no answer: {error or type(error).__name__}"}


def _body(request: Json) -> bytes | None:
    """The bytes of a body: a text as it is, a value as JSON; null is the JSON null where the method has a body."""
    body = request.get("body")
    if body is None and request["method"] in {"GET", "HEAD"}:
        return None
    return _sent(body) if "body" in request else None


def _with_length(want: Json, got: Json) -> Json:
    """The recorded answer with the length that its body has here, where the body holds a placeholder."""
    if "${" not in want["body"]:
        return want
    length = str(len(got["body"].encode()))
    headers = [[name, length if name == "Content-Length" else value] for name, value in want["headers"]]
    return {**want, "headers": headers}
