"""The recorded handshakes: one raw request after another to the backend's agent address."""

import asyncio
import re
from pathlib import Path

from tests.contract import compare, websocket
from tests.contract.backend_process import Backend, BackendFactory
from tests.contract.compare import Difference, Json
from tests.contract.scenario import ScenarioFailed

ANSWER_TIMEOUT_S = 10.0
GRANT = re.compile(r"user (\S+): role (\S+) in (\S+) with verb (\S+) on (\S+)")


async def handshake_differences(recording: Json, folder: Path, backends: BackendFactory) -> dict[str, list[Difference]]:
    """For each case what differs, all against one backend."""
    async with backends.fresh(folder) as backend:
        await _set_up(backend, recording.get("before") or {})
        found = {}
        for case in recording["cases"]:
            try:
                got = await asyncio.wait_for(_answer(backend, case["request"]), ANSWER_TIMEOUT_S)
            except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
                text = f"no answer: {error or type(error).__name__}"
                found[case["case"]] = [Difference("response", case["response"], None, text)]
            else:
                found[case["case"]] = _response_differences(case["response"], got, case.get("vary", []))
    return found


async def _set_up(backend: Backend, before: Json) -> None:
    for namespace in before.get("namespaces", []):
        await _need(backend, f"/api/core/v2/namespaces/{namespace}", {"name": namespace})
    for user in before.get("users", []):
        body = {"groups": [], "disabled": False, **user}
        await _need(backend, f"/api/core/v2/users/{user['username']}", body)
    for user, role, namespace, verb, resource in GRANT.findall(before.get("grants", "")):
        scope = f"/api/core/v2/namespaces/{namespace}"
        rules = [{"verbs": [verb], "resources": [resource], "resource_names": []}]
        metadata = {"name": role, "namespace": namespace}
        await _need(backend, f"{scope}/roles/{role}", {"metadata": metadata, "rules": rules})
        binding = {
            "metadata": metadata,
            "role_ref": {"type": "Role", "name": role},
            "subjects": [{"type": "User", "name": user}],
        }
        await _need(backend, f"{scope}/rolebindings/{role}", binding)


async def _need(backend: Backend, path: str, body: Json) -> None:
    answer = await backend.api.request("PUT", path, body)
    if answer.status not in (200, 201):
        raise ScenarioFailed(f"PUT {path} answered {answer.status} {compare.show(answer.body)}")


async def _answer(backend: Backend, request: Json) -> Json:
    reader, writer = await asyncio.open_connection("127.0.0.1", backend.agent_port)
    try:
        first_line = f"{request['method']} {request['path']} HTTP/1.1"
        writer.write(websocket.head_bytes(first_line, [(name, value) for name, value in request["headers"]]))
        head = await websocket.read_head(reader)
        status = int(head.first_line.split()[1])
        body = None if status == 101 else (await websocket.read_body(reader, head)).decode("utf-8", "replace")
        return {"status": status, "headers": [[name, value] for name, value in head.headers], "body": body}
    finally:
        writer.close()


def _response_differences(want: Json, got: Json, vary: list[str]) -> list[Difference]:
    problems = compare.header_differences(want["headers"], got["headers"], "response.headers")
    for part in ("status", "body"):
        problems += compare.differences(want[part], got[part], vary, f"response.{part}")
    return problems
