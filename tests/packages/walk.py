"""The walk of a stranger: from the packages to the first alert, with only the lines that README.md says to type.

`python -m tests.packages.walk FOLDER` walks with the deb packages of a folder, and prints how long each line took.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from tests.packages.host import STEP_S, Host
from tests.sinks import http_sink, mail_sink

README = Path(__file__).resolve().parents[2] / "README.md"
SECTION = "Five minutes to a first alert"
PLACEHOLDER = "ntfy://choose-a-long-name"
"""What README.md asks people to replace by services of their own."""
STOPS = "kill %1"
"""The line that stops the web service."""
CHECK = "http-127.0.0.1-8000"
"""The check that those lines make."""
DONE = "__done__"


def typed_lines(readme: str) -> list[str]:
    """The lines of the section that people type."""
    section = readme.partition(f"## {SECTION}\n")[2].partition("\n## ")[0]
    return [line for block in re.findall(r"```console\n(.*?)```", section, re.S) for line in block.splitlines()]


class Line(NamedTuple):
    """A line that was typed, how long it took, and what it printed."""

    typed: str
    took_s: float
    printed: str


class Shell:
    """A shell on a host, as a context manager; background jobs go on between lines."""

    def __init__(self, host: Host, folder: str) -> None:
        self._host, self._folder = host, folder
        self._process: subprocess.Popen[str] | None = None
        self.lines: list[Line] = []

    def __enter__(self) -> "Shell":
        command = [*self._host.entered(), "bash", "-c", f"cd {self._folder}; exec bash --norc"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(STEP_S)

    def type(self, line: str) -> Line:
        """Type a line, and wait until it is done; fails if its status is not 0."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        began = time.monotonic()
        process.stdin.write(f"{line}\necho {DONE} $?\n")
        process.stdin.flush()
        printed: list[str] = []
        for text in process.stdout:
            if text.startswith(DONE):
                assert text.split() == [DONE, "0"], f"{line}\n{''.join(printed)}"
                break
            printed.append(text)
        self.lines.append(Line(line, time.monotonic() - began, "".join(printed)))
        return self.lines[-1]


class Messages:
    """What a webhook and a mail server on a host received; they run there as a process of ours."""

    def __init__(self, file: Path, urls: tuple[str, str]) -> None:
        self._file, self.urls = file, urls

    def titles(self) -> tuple[list[str], list[str]]:
        """The titles of the messages so far: at the webhook, and by mail."""
        found = [json.loads(line) for line in self._file.read_text().splitlines()]
        return [one["hook"] for one in found if "hook" in one], [one["mail"] for one in found if "mail" in one]

    def has(self, words: str) -> bool:
        """Whether both received a message whose title has some words."""
        return all(any(words in title for title in titles) for titles in self.titles())


@contextmanager
def messages_on(host: Host, folder: Path) -> Iterator[Messages]:
    """A webhook and a mail server on the loopback interface of a host."""
    file = folder / "messages"
    file.touch()
    command = [*host.network(), sys.executable, "-m", "tests.packages.walk", "--receive", str(file)]
    with subprocess.Popen(command, cwd=README.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        hook, mail = process.stdout.readline().split()
        urls = f"json://127.0.0.1:{hook}/", f"mailto://127.0.0.1:{mail}?from=sensu@example.org&to=me@example.org"
        try:
            yield Messages(file, urls)
        finally:
            process.kill()


def receive(file: Path) -> None:
    """Print the ports of a webhook and a mail server, and write the titles of their messages into a file."""
    with http_sink() as hook, mail_sink() as mail:
        print(hook.port, mail.port, flush=True)
        seen: list[dict[str, Any]] = []
        while True:
            found = [{"hook": one.json["title"]} for one in hook.requests]
            found += [{"mail": str(one["subject"])} for one in mail.mails]
            if len(found) > len(seen):
                seen = found
                file.write_text("".join(json.dumps(one) + "\n" for one in seen))
            time.sleep(0.05)


def walk(host: Host, debs: list[Path], folder: Path) -> list[Line]:
    """The lines of README.md, typed on a clean host, with the waits for the web page and the messages."""
    host.run("mkdir /srv/stranger")
    for deb in debs:
        host.copy(deb, f"/srv/stranger/{deb.name}")
    with messages_on(host, folder) as messages, Shell(host, "/srv/stranger") as shell:
        services = " --notify ".join(f"'{url}'" for url in messages.urls)
        for line in typed_lines(README.read_text()):
            shell.type(line.replace(PLACEHOLDER, services))
            if line.startswith("sensuctl configure"):
                _wait(host, shell, "the web page answers", lambda: "<title>Sensu</title>" in web_page(host))
            elif line == STOPS:
                _wait(host, shell, "a message at both services", lambda: messages.has(f"{CHECK} is critical"))
        _wait(host, shell, "the recovery at both services", lambda: messages.has(f"{CHECK} recovered"))
        return shell.lines


def web_page(host: Host) -> str:
    """The page of the web UI, empty if it does not answer."""
    code = "import urllib.request as u; print(u.urlopen('http://localhost:3000/').read().decode())"
    return host.run(f'python3 -c "{code}"', check=False)


def _wait(host: Host, shell: Shell, what: str, holds: Any) -> None:
    began = time.monotonic()
    try:
        host.wait(what, holds)
    except AssertionError as err:
        raise AssertionError(f"{err}\n{shown(shell.lines)}\n{host.run('sensuctl event list', check=False)}") from err
    shell.lines.append(Line(f"# {what}", time.monotonic() - began, ""))


def shown(lines: list[Line]) -> str:
    """The lines with their times, and the sum."""
    rows = [f"{line.took_s:6.1f} s  {line.typed}" for line in lines]
    return "\n".join([*rows, f"{sum(line.took_s for line in lines):6.1f} s  in all"])


def main() -> None:
    """Walk, or receive messages for somebody who does."""
    if sys.argv[1] == "--receive":
        receive(Path(sys.argv[2]))
    from tests.packages.conftest import root_of  # noqa: PLC0415 - only to walk by hand

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        root.mkdir()
        with Host(root_of(), root) as host:
            print(shown(walk(host, sorted(Path(sys.argv[1]).glob("*.deb")), Path(folder))))


if __name__ == "__main__":
    main()
