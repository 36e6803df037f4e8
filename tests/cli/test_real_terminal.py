"""sensuctl at a real terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl, logged_in

SENSUCTL = [sys.executable, "-m", "sensu.sensuctl.main"]
END_OF_INPUT = b"\x04"
TIMEOUT_S = 30.0
CHECK = "type: CheckConfig\nmetadata: {name: a-check-with-quite-a-long-name}\n"
SPEC = "spec: {command: check-http --url https://example.com/health --timeout 5, interval: 60, subscriptions: [web]}\n"


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, home: Path, columns: int, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, columns))
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm", "NO_COLOR": "1"}
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        self._process = subprocess.Popen([*SENSUCTL, *words], env=variables, start_new_session=True, **streams)
        os.close(theirs)
        self.text = ""

    def read(self, until: str = "") -> str:
        """What is shown, up to a text or the end of the program."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline and not (until and until in self.text):
            if not select.select([self._ours], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # the program has ended
                break
            if not data:
                break
            self.text += data.decode().replace("\r\n", "\n")
        return self.text

    def type(self, data: bytes) -> None:
        """What a person types."""
        os.write(self._ours, data)

    def end(self) -> int:
        """The exit status."""
        self.read()
        os.close(self._ours)
        return self._process.wait(TIMEOUT_S)


@pytest.fixture(scope="module")
def home(sensuctl: Sensuctl, api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of somebody who is logged in, where there is a check."""
    assert sensuctl("create", stdin=CHECK + SPEC).status == 0
    folder = tmp_path_factory.mktemp("terminal")
    logged_in(api_url, folder)
    return folder


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_list_is_as_wide_as_the_terminal(home: Path, columns: int) -> None:
    """No row wraps, whatever the width of the window."""
    screen = Screen(home, columns, "check", "list")
    assert screen.end() == 0
    lines = screen.text.splitlines()
    assert max(map(len, lines)) <= columns
    assert re.match(r"  a-check-with-", lines[2])


def test_create_says_that_it_reads_what_is_typed(home: Path) -> None:
    """Nobody waits for a program that waits for them."""
    screen = Screen(home, 80, "create")
    assert "reading standard input, end with Ctrl-D" in screen.read("Ctrl-D")
    screen.type((CHECK + SPEC).encode())
    screen.type(END_OF_INPUT)
    assert screen.end() == 0
    assert "created or replaced: CheckConfig default/a-check-with-quite-a-long-name\n" in screen.text


def test_emptying_a_namespace_is_asked_for(home: Path, sensuctl: Sensuctl) -> None:
    """The person sees what would be lost, and only a yes deletes it."""
    assert sensuctl("namespace", "create", "attic").status == 0
    assert sensuctl("handler", "create", "mail", "--command", "cat", "--namespace", "attic").status == 0
    for answer, left in ((b"n\n", True), (b"y\n", False)):
        screen = Screen(home, 80, "namespace", "delete", "attic", "--recursive")
        assert "namespace attic contains 1 handler, 1 role, 1 role binding" in screen.read("(y/N)")
        screen.type(answer)
        assert screen.end() == 0
        assert ("attic" in sensuctl("namespace", "list").out) == left
