"""Recordings of what the agent makes of check requests (`agent-exec*`): all cases of a file go to one agent."""

import asyncio
import base64
import json
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.contract import compare
from tests.contract.agent_process import arguments_in, entity_config_frame, running_agent
from tests.contract.compare import Difference, Json
from tests.contract.fake_backend import FakeBackend
from tests.contract.scenario import ScenarioFailed

FIRST_KEEPALIVE_TIMEOUT_S = 20.0
EVENT_PATIENCE_S = 12.0
REQUEST_GAP_S = 0.6
SILENCE_S = 0.45
ISSUED_BASE, ISSUED_STEP = 1_700_000_000, 100
KEPT_LINES = re.compile(r"output reduced to lines with (\S+)")


async def exec_differences(recording: Json, folder: Path) -> dict[str, list[Difference]]:
    """For each case what differs in the events, the fetched assets and the output."""
    greeting = entity_config_frame(recording["entity_config"])
    arguments = ["--subscriptions", "linux", *_own_arguments(recording, folder)]
    async with FileServer(recording.get("asset_files", {})) as files, FakeBackend(greeting) as backend:
        async with running_agent(folder, [backend.url], arguments) as agent:
            if not await backend.until(lambda: bool(backend.frames), FIRST_KEEPALIVE_TIMEOUT_S):
                raise ScenarioFailed(f"the agent sent no keepalive: {agent.program.last_words()}")
            run = ExecRun(backend, files, {"DIR": str(folder), "FILES": files.url})
            return {case["case"]: await run.case(case) for case in recording["cases"]}


def _own_arguments(recording: Json, folder: Path) -> list[str]:
    """The flags the recording adds to those every run has."""
    arguments = arguments_in(recording["before"], folder)
    return [word for word in arguments if word not in {"--name", "ag1", "--subscriptions", "linux"}]


class FileServer:
    """Serves the recorded asset files and keeps who asked for what."""

    def __init__(self, files: dict[str, Json]) -> None:
        self._files = {name: base64.b64decode(file["base64"]) for name, file in files.items()}
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.fetched: list[list[Any]] = []

    async def __aenter__(self) -> "FileServer":
        application = web.Application()
        application.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        own = sorted([str(name), value] for name, value in request.headers.items() if name.lower().startswith("x-"))
        self.fetched.append([request.path_qs, own])
        content = self._files.get(request.match_info["path"])
        return web.Response(status=404) if content is None else web.Response(body=content)


class ExecRun:
    """The cases of one file, one after another."""

    def __init__(self, backend: FakeBackend, files: FileServer, known: dict[str, str]) -> None:
        self._backend = backend
        self._files = files
        self._known = known
        self._issued = ISSUED_BASE + ISSUED_STEP

    async def case(self, case: Json) -> list[Difference]:
        """What differs in one case."""
        seen, fetched = len(self._backend.events()), len(self._files.fetched)
        for request in self._numbered(case):
            count = len(self._backend.events())
            connection = self._backend.open
            if connection is None:
                return [Difference("events", case["events"], None, "the agent is not connected")]
            await connection.send("check_request\n" + json.dumps(compare.expand(request, self._known)))
            await self._backend.until(partial(self._more_than, count), REQUEST_GAP_S)
        await self._settle(seen + len(case["events"]))
        return self._compared(case, self._backend.events()[seen:], self._files.fetched[fetched:])

    def _more_than(self, count: int) -> bool:
        return len(self._backend.events()) > count

    def _numbered(self, case: Json) -> list[Json]:
        """The requests with `@i` replaced: by the numbers that the recorded events tell, where they tell them."""
        requests = case["requests"]
        start = self._issued
        recorded = [event["check"]["issued"] for event in case["events"] if event.get("check", {}).get("issued")]
        counted = [index for index, request in enumerate(requests) if request.get("issued") == "@i"]
        later = [number for number in recorded if number >= start]
        if counted and later and (min(later) - start) % ISSUED_STEP == 0:
            spread = {start + ISSUED_STEP * place for place in range(len(counted))}
            start = start if set(later) <= spread else min(later)
        numbers = iter(range(start, start + ISSUED_STEP * len(counted), ISSUED_STEP))
        numbered = [{**one, "issued": next(numbers)} if one.get("issued") == "@i" else one for one in requests]
        self._issued = start + ISSUED_STEP * len(counted)
        return numbered

    async def _settle(self, count: int) -> None:
        await self._backend.until(lambda: len(self._backend.events()) >= count, EVENT_PATIENCE_S)
        quiet = time.monotonic()
        seen = len(self._backend.events())
        while time.monotonic() - quiet < SILENCE_S:
            await asyncio.sleep(0.02)
            if len(self._backend.events()) != seen:
                seen, quiet = len(self._backend.events()), time.monotonic()

    def _compared(self, case: Json, events: list[Json], fetched: list[Any]) -> list[Difference]:
        marked = KEPT_LINES.search(case.get("note", ""))
        if marked:
            events = [_reduced(event, marked.group(1)) for event in events]
        want = compare.expand({"events": case["events"]}, self._known)
        vary = case["vary"]
        pairs = compare.pair(want["events"], events, _subject, _alike(vary))
        problems = compare.paired_differences(pairs, vary, "events")
        if "fetched" in case:
            problems += compare.differences(case["fetched"], fetched, vary, "fetched")
        if "output_json" in case:
            problems += _output_differences(case, events)
        return problems


def _subject(event: Json) -> Json:
    return ((event.get("check") or {}).get("metadata") or {}).get("name")


def _alike(vary: list[str]) -> Any:
    return lambda want, got: not compare.differences(want, got, vary, "events.0")


def _reduced(event: Json, mark: str) -> Json:
    lines = str(event.get("check", {}).get("output", "")).splitlines(keepends=True)
    return {**event, "check": {**event["check"], "output": "".join(line for line in lines if mark in line)}}


def _output_differences(case: Json, events: list[Json]) -> list[Difference]:
    """The output of the check compared as JSON."""
    output = events[0].get("check", {}).get("output", "") if events else ""
    try:
        value = json.loads(output)
    except ValueError:
        return [Difference("output_json", case["output_json"], output, f"the output is no JSON: {output[:200]!r}")]
    return compare.differences(case["output_json"], value, case["vary"], "output_json")
