"""Programs that are interrupted at a terminal, or whose standard input ends."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TIMEOUT_S = 30.0

INTERRUPTED_AT = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from sensu.programs import {program}
{program}()
"""


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("backend", "sensu.backend.main"),
        ("backend", "sensu.backend.pipelined.daemon"),
        ("agent", "sensu.agent.main"),
        ("agent", "sensu.agent.connection"),
        ("sensuctl", "sensu.sensuctl.main"),
        ("sensuctl", "sensu.sensuctl.tree.contents"),
    ],
)
def test_a_program_that_is_interrupted_while_it_loads(program: str, module: str) -> None:
    """Ctrl-C before a program is ready ends it at once with 130, without a word."""
    script = INTERRUPTED_AT.format(program=program, module=module)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (130, "")


class Terminal:
    """`sensu-backend init` at a terminal of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", end: int) -> None:
        self.process, self._end = process, end
        self.seen = ""

    def until(self, text: str) -> None:
        """Read what is shown up to a text."""
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.seen and time.monotonic() < deadline and self._more():
            pass
        assert text in self.seen, self.seen

    def type(self, text: str) -> None:
        """Type at the keyboard."""
        os.write(self._end, text.encode())

    def ended(self) -> int:
        """The exit status, with all that was shown read."""
        status = self.process.wait(TIMEOUT_S)
        while self._more():
            pass
        return status

    def _more(self) -> bool:
        """Whether the program may show more; waits for it for a moment."""
        if not select.select([self._end], [], [], 0.1)[0]:
            return self.process.returncode is None
        try:
            data = os.read(self._end, 4096)
        except OSError:  # the program has ended
            return False
        self.seen += data.decode()
        return bool(data)


@contextmanager
def init_at_a_terminal(folder: Path, ignored: str = "") -> Iterator[Terminal]:
    """`sensu-backend init --interactive`; `ignored` is a signal that its shell ignores."""
    end, slave = pty.openpty()
    program = [sys.executable, "-c", "from sensu.programs import backend; backend()"]
    command = [*program, "init", "--interactive", "--state-dir", str(folder)]
    if ignored:
        command = ["sh", "-c", f'trap "" {ignored}; exec "$@"', "sh", *command]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
        os.close(slave)
        try:
            yield Terminal(process, end)
        finally:
            process.kill()
            os.close(end)


QUESTIONS = ["Cluster Admin Username: ", "Cluster Admin Password: ", "Retype Cluster Admin Password: "]


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_init_that_is_interrupted_at_a_question(tmp_path: Path, answers: int) -> None:
    """The first Ctrl-C at any question ends init with 130, without a traceback, and nothing was made."""
    with init_at_a_terminal(tmp_path / "state") as terminal:
        for question in QUESTIONS[:answers]:
            terminal.until(question)
            terminal.type("P@ssw0rd!\n")
        terminal.until(QUESTIONS[answers])
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.ended() == 130
        assert "Traceback" not in terminal.seen
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_init_whose_shell_ignores_interrupts(tmp_path: Path, answers: int) -> None:
    """Where the shell ignores Ctrl-C, as for background jobs, init does too; the end of the input ends it."""
    with init_at_a_terminal(tmp_path / "state", ignored="INT") as terminal:
        for question in QUESTIONS[:answers]:
            terminal.until(question)
            terminal.process.send_signal(signal.SIGINT)
            terminal.type("P@ssw0rd!\n")
        terminal.until(QUESTIONS[answers])
        terminal.process.send_signal(signal.SIGINT)
        terminal.type("\x04")
        assert terminal.ended() == 1
        assert "standard input ended before all values were given" in terminal.seen
    assert not (tmp_path / "state").exists()


def test_init_at_a_terminal(tmp_path: Path) -> None:
    """The questions are those of the documentation; passwords are not shown."""
    answers = ["root", "correct horse", "correct horse", ""]
    with init_at_a_terminal(tmp_path / "state") as terminal:
        for question, answer in zip([*QUESTIONS, "Cluster Admin API Key: "], answers, strict=True):
            terminal.until(question)
            terminal.type(f"{answer}\n")
        assert terminal.ended() == 0
        assert "administrator root" in terminal.seen
        assert "correct horse" not in terminal.seen
        assert "()" not in terminal.seen
