import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sensu.errors import ExecutionError
from sensu.execution.command import KILLED_STATUS, LINGER_S, Command, CommandResult, as_text, run

T = TypeVar("T")


def result_of(text: str, **more: Any) -> CommandResult:
    return asyncio.run(run(Command(text, **more)))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def wait_until_gone(pid: int) -> bool:
    """Whether the process ends within a bounded time."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
def test_exit_status_is_passed_on(status: int) -> None:
    """A command's exit status is the result's status, as it is."""
    result = result_of(f"echo out; exit {status}")
    assert (result.status, result.text, result.timed_out) == (status, "out\n", False)


def test_stdout_and_stderr_come_in_order() -> None:
    """What a command writes to both outputs is kept in the order in which it wrote it."""
    assert result_of("echo one; echo two >&2; echo three").text == "one\ntwo\nthree\n"


def test_killed_by_a_signal() -> None:
    """A command that a signal ends has the status the wire format has for it."""
    assert result_of("kill -9 $$").status == KILLED_STATUS


def test_command_not_found_is_the_shells_answer() -> None:
    """A program that does not exist is status 127 with the shell's message, not an error of ours."""
    result = result_of("nosuchcommand --x")
    assert result.status == 127
    assert "not found" in result.text


def test_stdin_reaches_the_command_and_ends() -> None:
    """A command reads its input to the end, also when that is larger than a pipe holds."""
    stdin = b"x" * 1_000_000
    assert result_of("wc -c", stdin=stdin).text.strip() == "1000000"


def test_no_stdin_is_an_empty_one() -> None:
    """A command without input sees the end of it at once."""
    assert result_of("cat; echo done").text == "done\n"


def test_command_that_ignores_its_input() -> None:
    """A command that ends without reading a large input has not failed."""
    result = result_of("exit 0", stdin=b"x" * 5_000_000)
    assert result.status == 0


def test_environment_is_the_given_one() -> None:
    """A command sees exactly the environment it is given."""
    assert result_of('echo "[$FOO][$HOME]"', env={"FOO": "a b"}).text == "[a b][]\n"


def test_output_beyond_the_bound_is_read_and_dropped() -> None:
    """100 MB of output end the command normally, and only what the bound allows is kept."""
    result = result_of("head -c 100000000 /dev/zero | tr '\\0' y", output_bytes_max=1000)
    assert result.status == 0
    assert result.output == b"y" * 1000
    assert result.dropped_bytes == 100_000_000 - 1000


def test_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    """At its time-out a command dies with its children, with status 2, the notice and what it wrote so far."""
    pid_file = tmp_path / "pid"
    result = result_of(f"echo start; sleep 60 & echo $! > {pid_file}; sleep 60; echo end", timeout_s=0.3)
    assert (result.status, result.text, result.timed_out) == (2, "Execution timed out\nstart\n", True)
    assert result.duration_s < 2
    assert wait_until_gone(int(pid_file.read_text()))


def test_timeout_of_a_command_that_ignores_sigterm() -> None:
    """A command that ignores SIGTERM does not outlive its time-out."""
    result = result_of("trap '' TERM INT HUP; echo start; while :; do sleep 0.05; done", timeout_s=0.3)
    assert (result.status, result.text) == (2, "Execution timed out\nstart\n")


def test_child_that_forks_away_does_not_hold_us(tmp_path: Path) -> None:
    """A command that leaves a child behind which holds the output open is over soon after its own end."""
    pid_file = tmp_path / "pid"
    result = result_of(f"echo out; setsid sleep 60 & echo $! > {pid_file}; exit 1")
    pid = int(pid_file.read_text())
    try:
        assert (result.status, result.text) == (1, "out\n")
        assert result.duration_s < LINGER_S + 2
    finally:
        os.kill(pid, signal.SIGKILL)


def test_timeout_although_a_child_left_the_group(tmp_path: Path) -> None:
    """A child that left the group is killed at the time-out too, and does not delay the result for long."""
    pid_file = tmp_path / "pid"
    result = result_of(f"setsid sleep 60 & echo $! > {pid_file}; sleep 60", timeout_s=0.3)
    assert result.timed_out
    assert result.duration_s < 4
    status = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    deadline = time.monotonic() + 2
    while status.exists() and status.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.01)


async def test_cancelled_caller_kills_the_command(tmp_path: Path) -> None:
    """When the owner of a run is cancelled, the command does not live on."""
    pid_file = tmp_path / "pid"

    task = asyncio.create_task(run(Command(f"echo $$ > {pid_file}; sleep 60")))
    deadline = time.monotonic() + 5
    while not (pid_file.exists() and pid_file.read_text().strip()) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wait_until_gone(int(pid_file.read_text()))


def test_command_that_cannot_be_started() -> None:
    """A command that the system refuses to start is an error that says why."""
    with pytest.raises(ExecutionError, match="argument list too long"):
        result_of("x" * 3_000_000)
    with pytest.raises(ExecutionError, match="invalid argument"):
        result_of("echo \0")


async def test_no_file_descriptors_are_left_open() -> None:
    """Running and failing commands leak no file descriptors."""
    await run(Command("true"))
    before = open_files()
    for _ in range(5):
        await asyncio.gather(run(Command("cat", stdin=b"x")), run(Command("sleep 9", timeout_s=0.02)))
    with pytest.raises(ExecutionError):
        await run(Command("x" * 3_000_000))
    assert open_files() == before


async def test_many_at_once() -> None:
    """Many commands run side by side, each with its own result."""
    results = await asyncio.gather(*(run(Command(f"echo {n}; exit {n}")) for n in range(50)))
    assert [(r.status, r.text) for r in results] == [(n, f"{n}\n") for n in range(50)]


@pytest.mark.parametrize(
    ("output", "text"),
    [(b"\xc3\xa9 \xff\n", "é \ufffd\n"), (b"\xe2\x82", "\ufffd\ufffd"), (b"\xed\xa0\x80", "\ufffd" * 3)],
)
def test_bytes_that_are_not_text(output: bytes, text: str) -> None:
    """Every byte of an output that is not UTF-8 becomes one replacement character."""
    assert as_text(output) == text
