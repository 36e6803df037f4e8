"""Recordings of kind `transport`: the agent protocol from both sides, and its protobuf form."""

import base64
import importlib
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.contract import compare
from tests.contract.agent_exec import exec_differences
from tests.contract.agent_observation import observation_differences, observation_planned_s
from tests.contract.agent_session import planned_s, session_differences
from tests.contract.backend_process import BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.departures import Departures
from tests.contract.handshake import handshake_differences
from tests.contract.scenario import CaseResult, Scenario, recordings, verdict

KIND = "transport"
CaseDifferences = dict[str, list[Difference]]


def scenarios(contract: Path, backends: BackendFactory, departures: Departures) -> list[Scenario]:
    """The transport recordings of a folder."""
    return [_scenario(path.stem, recording, backends, departures) for path, recording in recordings(contract / KIND)]


def _scenario(name: str, recording: Json, backends: BackendFactory, departures: Departures) -> Scenario:
    if "frames" in recording and "steps" not in recording:
        cases = [frame_name(number, frame) for number, frame in enumerate(recording["frames"])]

        async def played(folder: Path) -> CaseDifferences:
            return codec_differences(recording)

        timeout_s = 30.0
    elif "cases" in recording:
        cases = [case["case"] for case in recording["cases"]]
        from_backend = "response" in recording["cases"][0]

        async def played(folder: Path) -> CaseDifferences:
            if from_backend:
                return await handshake_differences(recording, folder, backends)
            return await exec_differences(recording, folder)

        timeout_s = 60.0 + 10 * len(cases)
    elif "steps" in recording:
        cases = [name]

        async def played(folder: Path) -> CaseDifferences:
            return {name: await session_differences(recording, folder, backends)}

        timeout_s = 60.0 + 2 * planned_s(recording)
    else:
        cases = [name]

        async def played(folder: Path) -> CaseDifferences:
            return {name: await observation_differences(recording, folder)}

        timeout_s = 60.0 + 2 * observation_planned_s(recording)
    return Scenario(KIND, name, cases, _player(name, played, departures), timeout_s)


def _player(
    name: str, played: Callable[[Path], Awaitable[CaseDifferences]], departures: Departures
) -> Callable[[], Awaitable[list[CaseResult]]]:
    async def play() -> list[CaseResult]:
        with tempfile.TemporaryDirectory(prefix="sensu-transport-") as folder:
            found = await played(Path(folder))
        return [verdict(KIND, name, case, problems, departures) for case, problems in found.items()]

    return play


def frame_name(number: int, frame: Json) -> str:
    """What a recorded protobuf frame is called in the report."""
    return f"frame {number} {frame['type']} of the {frame['from']}"


DECODERS = {
    "event": "decode_event",
    "keepalive": "decode_event",
    "check_request": "decode_check_request",
    "entity_config": "decode_entity_config",
}


def codec_differences(recording: Json) -> CaseDifferences:
    """For each protobuf frame what our codec makes of it, read, and written and read again."""
    found = {}
    for number, frame in enumerate(recording["frames"]):
        vary = frame.get("vary", []) + recording.get("vary", [])
        try:
            first, again = _read_twice(frame)
        except Exception as error:
            problem = f"the codec raised {type(error).__name__}: {error}"
            problems = [Difference("payload", frame["payload"], None, problem)]
        else:
            problems = compare.differences(frame["payload"], first, vary, "payload")
            problems += compare.differences(first, again, (), "encoded_again")
        found[frame_name(number, frame)] = problems
    return found


def _read_twice(frame: Json) -> tuple[Json, Json]:
    """The frame's payload as JSON, read from the recorded bytes, and from what our codec writes of it."""
    codec = importlib.import_module("sensu.transport.codec").PROTOBUF
    encode_json = importlib.import_module("sensu.resources.wire").encode
    decode = getattr(codec, DECODERS[frame["type"]])
    value = decode(base64.b64decode(frame["payload_base64"]))
    again = decode(codec.encode(frame["type"], value))
    return json.loads(encode_json(value)), json.loads(encode_json(again))
