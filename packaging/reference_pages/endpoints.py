"""The endpoints of the API, from the OpenAPI document that a backend answers with."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from reference_pages.markdown import code, prose, table

HEAD = """# Endpoints

Every endpoint of the HTTP API, on port 8080. This page is generated from the routes. A running backend has the
same, with the schemas of all bodies, at `/docs` and `/openapi.json`. [The HTTP API](../api.md) describes what is not in
Sensu Go.

Requests have the header `Authorization: Bearer TOKEN` with the token that `GET /auth` answers with, or
`Authorization: Key KEY` with an API key (`sensuctl api-key grant`). Every GET endpoint also answers HEAD. Failed
requests are described with the [errors](errors.md).

These parameters are left out below:

| parameter | of | meaning |
| --- | --- | --- |
"""
START_S, STOP_S = 30.0, 10.0
ANSWER_S = 5.0
_METHODS = ("get", "post", "put", "patch", "delete")
_USUAL = {
    "limit": "lists",
    "continue": "lists",
    "labelSelector": "lists",
    "fieldSelector": "lists",
    "watch": "lists that can be watched",
    "Last-Event-ID": "lists that can be watched",
    "If-Match": "writes",
    "If-None-Match": "writes",
}
_GROUPS = {
    "/api/core/v2": "The open-source edition's resources, events and accounts.",
    "/api/core/v3": "Configurations and states of entities.",
    "/api/enterprise": "What Sensu Go has in its commercial edition.",
    "/api/sensu/v1": "What is not in Sensu Go.",
    "": "Log-ins, health, metrics and GraphQL.",
}


class NotStarted(Exception):
    """The backend that has the document did not start."""


def page() -> str:
    """The page in Markdown."""
    described = document()
    requests = sorted(_requests(described), key=lambda each: (list(_GROUPS).index(_group(each[1])), each[1]))
    parts = [HEAD + "".join(_usual_rows(described))]
    for group, each in groupby(requests, key=lambda request: _group(request[1])):
        rows = [(code(method.upper()), _path(path, group), _about(found)) for method, path, found in each]
        title = group or "Others"
        parts.append(f"## {title}\n\n{_GROUPS[group]}\n\n{table(('method', 'path', 'what it does'), rows)}")
    return "\n".join(parts)


def _group(path: str) -> str:
    return next(group for group in _GROUPS if path.startswith(group))


def _path(path: str, group: str) -> str:
    return code(path.removeprefix(group) if group and path != group else path)


def _requests(described: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in described["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield method, path, operations[method]


def _usual_rows(described: Mapping[str, Any]) -> Iterator[str]:
    texts = Counter(
        (parameter["name"], parameter.get("description", ""))
        for _, _, found in _requests(described)
        for parameter in found["parameters"]
    )
    for name, of in _USUAL.items():
        most = max((each for each in texts if each[0] == name), key=lambda each: texts[each])
        yield f"| {code(name)} | {of} | {prose(most[1])} |\n"


def _about(found: Mapping[str, Any]) -> str:
    lines = [prose(found["summary"])]
    lines += [
        f"{code(parameter['name'])}: {prose(parameter.get('description', ''))}"
        for parameter in found["parameters"]
        if parameter["in"] != "path" and parameter["name"] not in _USUAL
    ]
    taken = _schema(found.get("requestBody", {}).get("content", {}))
    given = [_schema(each.get("content", {})) for status, each in found["responses"].items() if status.startswith("2")]
    if taken:
        lines.append(f"Body: {taken}.")
    if any(given):
        lines.append(f"Answer: {', '.join(filter(None, given))}.")
    return "<br>".join(lines)


def _schema(content: Mapping[str, Any]) -> str:
    """What a body is, by the names of schemas."""
    for media_type, found in content.items():
        named = _named(found.get("schema", {}))
        return named if media_type == "application/json" else f"{named} ({media_type})".lstrip()
    return ""


def _named(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return code(schema["$ref"].rpartition("/")[2])
    if schema.get("type") == "array":
        inner = _named(schema.get("items", {}))
        return f"list of {inner}" if inner else "a list"
    several = [_named(each) for each in schema.get("anyOf", ())]
    return " or ".join(each for each in several if each)


def document() -> dict[str, Any]:
    """The document of a backend that is started for it, and that needs no database."""
    api, agents = _free_port(), _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "sensu-backend"), "start", "--dashboard-port", "0"]
        command += ["--state-dir", f"{folder}/state", "--cache-dir", f"{folder}/cache"]
        command += [
            "--api-listen-address",
            f"127.0.0.1:{api}",
            "--agent-host",
            "127.0.0.1",
            "--agent-port",
            str(agents),
        ]
        with (Path(folder) / "log").open("w+") as log:
            backend = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                return _asked(f"http://127.0.0.1:{api}/openapi.json", backend)
            except NotStarted as err:
                log.seek(0)
                raise NotStarted(f"{err}: {log.read()}") from err
            finally:
                backend.terminate()
                backend.wait(STOP_S)


def _asked(url: str, backend: subprocess.Popen[bytes]) -> dict[str, Any]:
    until = time.monotonic() + START_S
    while time.monotonic() < until and backend.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:  # noqa: S310 - it is http
                found: dict[str, Any] = json.load(answer)
                return found
        except OSError:
            time.sleep(0.05)
    raise NotStarted("no backend could be started to ask for its API")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
