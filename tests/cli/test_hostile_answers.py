"""Every command against an API whose answers want to command the terminal or to deceive its reader."""

import http.server
import io
import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from sensu.resources.wire import encode
from sensu.sensuctl.command import Group
from sensu.sensuctl.main import run
from sensu.sensuctl.tree.contents import TREE
from sensu.sensuctl.type_names import NAMED
from sensu.testing import factories
from tests.cli.conftest import Terminal

HOSTILE = "a\x1b]0;owned\x07\x1b[31m\x9b2J\x7f\r\u202etxt.exe\u2066\u200b\ufeff\U000e0041\u2028z"
COLOURS = re.compile(r"\x1b\[(?:1;99|1;34|34|33|32|31|0)m")
UNSAFE = ("Cc", "Cf", "Zl", "Zp")
FORMATS = ("tabular", "json", "wrapped-json", "yaml")
NAMES = ("disk", "disk")
"""Words for whatever a command takes."""
SKIPPED = {
    "event list --watch",
    "command exec",
    "command install",
    "completion",
    "asset add",
    "asset outdated",
    "login oidc",
    "catalog server",
    "catalog preview",
}
"""Commands that follow, run programs, wait for a browser, or ask other servers than the API."""


def hostile(value: Any) -> Any:
    """A value of JSON with every text in it replaced, keys of maps and numbers kept."""
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value] or value
    return HOSTILE if isinstance(value, str) else value


def resource(segment: str) -> Any:
    """A resource of a kind with hostile texts in every place."""
    kind = next((kind for kind in NAMED if kind.segment == segment), None)
    if kind is None:
        return {"name": HOSTILE, "message": HOSTILE, "verdict": HOSTILE}
    if kind.type == "Event":
        found = json.loads(encode(factories.make_event()))
        found["check"]["output"] = "out"
    else:
        found = {**msgspec.to_builtins(kind.shape()), "name": "n", "username": "n", "command": "c", "url": "u"}
        found["metadata"] = {"name": "n", "namespace": "n", "labels": {"k": "v"}, "annotations": {}, "created_by": "x"}
    result: Any = hostile(found)
    result.setdefault("metadata", {}).update(labels={HOSTILE: HOSTILE}, annotations={HOSTILE: HOSTILE})
    return result


SINGLE = {kind.segment for kind in NAMED if kind.single}


class HostileAPI(http.server.BaseHTTPRequestHandler):
    """Answers everything, lists with a list; `/refuse/…` with an error."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        path = self.path.partition("?")[0]
        parts = [part for part in path.split("/") if part]
        status = 200
        if parts[0] == "refuse":
            status, content = 400, {"message": HOSTILE, "code": 3}
        elif parts[0] == "plain":
            self._send(400, HOSTILE.encode())
            return
        else:
            place = [i for i, part in enumerate(parts) if any(kind.segment == part for kind in NAMED)]
            segment = parts[place[-1]] if place else ""
            one = resource(segment)
            is_list = bool(place) and place[-1] == len(parts) - 1 and segment not in SINGLE
            content = [one] if is_list and self.command == "GET" else one
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "/api/core/v2/apikeys/\x9b2J")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names of the library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of the hostile API."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HostileAPI)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def lines() -> Iterator[tuple[str, ...]]:
    """A command line for each command, in each format that it has."""
    for name, found in sorted(TREE.items()):
        for command in found.commands if isinstance(found, Group) else (found,):
            words = (name, command.name) if isinstance(found, Group) else (name,)
            if " ".join(words) in SKIPPED:
                continue
            known = {flag.name for flag in command.flags}
            line = (*words, *(NAMES * 2)[: max(command.words[0], min(command.words[1], 1))])
            line += ("--skip-confirm",) if "skip-confirm" in known else ()
            for flag in command.flags:
                line += (f"--{flag.name}=5",) if flag.required else ()
            for form in FORMATS if "format" in known else ("",):
                yield (*line, f"--format={form}") if form else line


LINES = list(lines())


def unsafe(text: str) -> list[str]:
    left = COLOURS.sub("", text)
    return sorted({hex(ord(one)) for one in left if unicodedata.category(one) in UNSAFE and one not in "\n\t"})


def play(url: str, home: Path, line: tuple[str, ...], at_terminal: bool) -> tuple[int, str]:
    stream = Terminal if at_terminal else io.StringIO
    out, err = stream(), stream()
    variables = {"HOME": str(home), "SENSU_API_URL": url, "SENSU_API_KEY": "k", "EDITOR": "true", "TERM": "dumb"}
    status = run(line, variables, io.StringIO("\n" * 40), out, err)
    return status, out.getvalue() + err.getvalue()


def test_the_commands_are_all_played() -> None:
    """A command that is added later is played, too."""
    assert len({line[:2] for line in LINES}) > 100


@pytest.mark.parametrize("at_terminal", [False, True])
def test_no_command_shows_raw_what_the_api_answers(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_terminal: bool
) -> None:
    """Tables, details, JSON, YAML, questions and messages spell out control and format characters."""
    monkeypatch.chdir(tmp_path)  # backup writes there
    shown = 0
    for line in LINES:
        for base in (url, f"{url}/refuse", f"{url}/plain"):
            _, text = play(base, tmp_path, line, at_terminal)
            assert unsafe(text) == [], (line, base, text)
            shown += "txt.exe" in text
    assert shown > 2 * len(LINES)


def test_json_and_yaml_keep_the_texts(url: str, tmp_path: Path) -> None:
    """Programs read the same characters that the API sent."""
    status, text = play(url, tmp_path, ("check", "info", "disk", "--format=json"), False)
    assert (status, json.loads(text)["command"]) == (0, HOSTILE)
    _, text = play(url, tmp_path, ("check", "info", "disk", "--format=yaml"), False)
    assert yaml.safe_load(text)["spec"]["command"] == HOSTILE
    assert yaml.safe_load(text)["metadata"]["labels"] == {HOSTILE: HOSTILE}
