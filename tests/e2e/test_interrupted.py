"""Programs that are interrupted at a terminal, or whose standard input ends."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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

    def __init__(self, *arguments: str) -> None:
        self._end, slave = pty.openpty()
        script = "from sensu.programs import backend; backend()"
        command = [sys.executable, "-c", script, "init", *arguments]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read what is shown up to a text."""
        deadline = time.monotonic() + 20
        while text not in self.seen and time.monotonic() < deadline:
            try:
                self.seen += os.read(self._end, 4096).decode()
            except OSError:
                break
        assert text in self.seen, self.seen

    def type(self, text: str) -> None:
        """Type at the keyboard."""
        os.write(self._end, text.encode())

    def ended(self) -> int:
        """The exit status, with all that was shown read."""
        status = self.process.wait(10)
        try:
            while more := os.read(self._end, 4096).decode():
                self.seen += more
        except OSError:
            pass
        os.close(self._end)
        return status


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_init_that_is_interrupted_at_a_question(tmp_path: Path, answers: int) -> None:
    """The first Ctrl-C at any question ends init with 130, without a traceback, and nothing was made."""
    terminal = Terminal("--interactive", "--state-dir", str(tmp_path / "state"))
    questions = ["Cluster Admin Username: ", "Cluster Admin Password: ", "Retype Cluster Admin Password: "]
    for question in questions[:answers]:
        terminal.until(question)
        terminal.type("P@ssw0rd!\n")
    terminal.until(questions[answers])
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.ended() == 130
    assert "Traceback" not in terminal.seen
    assert not (tmp_path / "state").exists()


def test_init_at_a_terminal(tmp_path: Path) -> None:
    """The questions are those of the documentation; passwords are not shown."""
    terminal = Terminal("--interactive", "--state-dir", str(tmp_path / "state"))
    for question, answer in (
        ("Cluster Admin Username: ", "root"),
        ("Cluster Admin Password: ", "correct horse"),
        ("Retype Cluster Admin Password: ", "correct horse"),
        ("Cluster Admin API Key: ", ""),
    ):
        terminal.until(question)
        terminal.type(f"{answer}\n")
    assert terminal.ended() == 0
    assert "administrator root" in terminal.seen
    assert "correct horse" not in terminal.seen
    assert "()" not in terminal.seen
