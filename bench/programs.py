"""Starts the measured programs in separate folders, reads their resource use from /proc, and stops them."""

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sensu.testing import postgres_server
from sensu.testing.ports import free_ports

ADMIN, PASSWORD = "admin", "P@ssw0rd!"
READY_S = 60.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A running process with its children, as seen in /proc."""

    pid: int

    def cpu_s(self) -> float:
        """The CPU seconds used by it and its children, including ended ones."""
        return sum(_threads_cpu_s(pid) + _ended_children_cpu_s(pid) for pid in self._family())

    def own_cpu_s(self) -> float:
        """The CPU seconds used by the process itself."""
        return _threads_cpu_s(self.pid)

    def written_bytes(self) -> int:
        """The bytes that it and its children have written to disks."""
        return sum(_written_bytes(pid) for pid in self._family())

    def memory_mib(self) -> float:
        """The resident memory of it and its children."""
        return sum(_memory_kib(pid, "VmRSS:") for pid in self._family()) / 1024

    def peak_mib(self) -> float:
        """The peak resident memory of it and its children since `forget_peak`."""
        return sum(_memory_kib(pid, "VmHWM:") for pid in self._family()) / 1024

    def forget_peak(self) -> None:
        """Reset the peak memory."""
        for pid in self._family():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _family(self) -> list[int]:
        family = [self.pid]
        for pid in family:
            with contextlib.suppress(OSError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    family += map(int, (thread / "children").read_text().split())
        return family


def _threads_cpu_s(pid: int) -> float:
    """The CPU seconds of its threads, in nanoseconds: ticks count periodic work as whole ticks or not at all."""
    with contextlib.suppress(OSError):
        threads = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    return 0.0


def _ended_children_cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, words[13:15])) / TICKS_PER_S
    return 0.0


def _written_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
    return 0


def _memory_kib(pid: int, word: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(word):
                return int(line.split()[1])
    return 0


@dataclass(frozen=True)
class Server(Process):
    """A running backend, ours or another; `state_dir` and `ready_s` are known if it was started here."""

    api_url: str
    agents_url: str
    state_dir: Path | None = None
    ready_s: float = 0.0
    database: Process | None = None
    """The server of its database, if it has one."""


def program(name: str) -> str:
    """The path of one of the three programs in the environment of this interpreter."""
    return str(Path(sys.executable).parent / name)


@contextlib.contextmanager
def backend(state_dir: Path, extra: Sequence[str] = (), store: Sequence[str] = ()) -> Iterator[Server]:
    """A fresh backend on loopback; `ready_s` is the time from its start to the first 200 of /health.

    `store` are the flags that name its database.
    """
    initialised(state_dir, store)
    with started_again(state_dir, [*extra, *store]) as server:
        yield server


def initialised(state_dir: Path, store: Sequence[str] = ()) -> None:
    """Initialise a database."""
    init = [program("sensu-backend"), "init", "--state-dir", str(state_dir), "--cluster-admin-username", ADMIN, *store]
    subprocess.run([*init, "--cluster-admin-password", PASSWORD], check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def backend_on_postgresql(folder: Path) -> Iterator[Server]:
    """A fresh backend whose database is in a fresh PostgreSQL server with the usual settings."""
    database = postgres_server.Server(folder / "pg", ("listen_addresses=",))
    folder.chmod(0o711)  # the server runs as another user
    database.create()
    postgres_server.guard(database)
    database.start()
    try:
        with backend(folder / "state", store=["--store", database.url()]) as server:
            yield dataclasses.replace(server, database=Process(database.pid))
    finally:
        database.stop()


@contextlib.contextmanager
def started_again(state_dir: Path, extra: Sequence[str] = ()) -> Iterator[Server]:
    """A backend on the database that is in a folder."""
    api, agents = free_ports(2)
    command = [program("sensu-backend"), "start", "--state-dir", str(state_dir), "--agent-host", "127.0.0.1"]
    command += ["--cache-dir", str(state_dir / "cache"), "--api-listen-address", f"127.0.0.1:{api}"]
    command += ["--agent-port", str(agents), "--dashboard-port", "0", *extra]
    started = time.monotonic()
    with running(command, state_dir / "backend.log") as process:
        ready_s = wait_until_ready(f"http://127.0.0.1:{api}", process, started)
        yield Server(process.pid, f"http://127.0.0.1:{api}", f"ws://127.0.0.1:{agents}/", state_dir, ready_s)


@contextlib.contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running program, which is stopped at the end of the context."""
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def wait_until_ready(api_url: str, process: subprocess.Popen[bytes], started: float) -> float:
    """The seconds from `started` to the first response of /health; raises SystemExit if there is none."""
    while time.monotonic() - started < READY_S:
        if process.poll() is not None:
            sys.exit(f"the backend ended with status {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{api_url}/health", timeout=1):
            return time.monotonic() - started
        time.sleep(0.002)
    sys.exit(f"the backend did not answer within {READY_S} s")


def folder_mib(folder: Path) -> float:
    """The size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1024 / 1024
