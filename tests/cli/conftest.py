"""A real backend and a home folder for command lines."""

import asyncio
import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sensu.sensuctl.main import run
from sensu.testing.backend_process import PASSWORD, USER, BackendProcess


class Ended(NamedTuple):
    """How a command line ended."""

    status: int
    out: str
    err: str


Sensuctl = Callable[..., Ended]


@contextlib.contextmanager
def running_backend(home: Path) -> Iterator[str]:
    """The URL of the API of a fresh backend with the user admin, whose files are in a folder."""
    backend = BackendProcess(home)
    with asyncio.Runner() as runner:
        runner.run(backend.initialise())
        try:
            runner.run(backend.start(["--dashboard-url", "https://sensu.example.com/"]))
            yield backend.api_url
        finally:
            runner.run(backend.stop())


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def logged_in(url: str, home: Path, *, terminal: bool = False) -> Sensuctl:
    """Runs a command line as admin, in a home folder of its own; the words are not split."""

    def play(*words: str, stdin: str = "", **environment: str) -> Ended:
        out, err = io.StringIO(), Terminal() if terminal else io.StringIO()
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], **environment}
        status = run(words, variables, io.StringIO(stdin), out, err)
        return Ended(status, out.getvalue(), err.getvalue())

    done = play("configure", "-n", "--url", url, "--username", USER, "--password", PASSWORD)
    assert done[:2] == (0, ""), done
    return play


@pytest.fixture(scope="module")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh backend with the user admin."""
    with running_backend(tmp_path_factory.mktemp("backend")) as url:
        yield url


@pytest.fixture(scope="module")
def sensuctl(api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Sensuctl:
    """Runs command lines as admin."""
    return logged_in(api_url, tmp_path_factory.mktemp("home"))
