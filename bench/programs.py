"""The programs under measurement: started in a folder of their own, watched through /proc, stopped at the end."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ADMIN, PASSWORD = "admin", "P@ssw0rd!"
READY_S = 20.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Backend:
    """A running backend."""

    process: subprocess.Popen[bytes]
    state_dir: Path
    api_url: str
    agents_url: str
    ready_s: float

    def cpu_s(self) -> float:
        """CPU seconds it has used so far."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS_PER_S

    def memory_mib(self) -> float:
        """Its resident memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """The path of one of the three programs, as installed beside this interpreter."""
    return str(Path(sys.executable).parent / name)


@contextlib.contextmanager
def backend(state_dir: Path, extra: Sequence[str] = ()) -> Iterator[Backend]:
    """A fresh backend on loopback; `ready_s` is the time from its start to the first 200 of /health."""
    init = [program("sensu-backend"), "init", "--state-dir", str(state_dir), "--cluster-admin-username", ADMIN]
    subprocess.run([*init, "--cluster-admin-password", PASSWORD], check=True, capture_output=True, timeout=30)
    api, agents = free_port(), free_port()
    command = [program("sensu-backend"), "start", "--state-dir", str(state_dir), "--agent-host", "127.0.0.1"]
    command += ["--cache-dir", str(state_dir / "cache"), "--api-listen-address", f"127.0.0.1:{api}"]
    command += ["--agent-port", str(agents), "--dashboard-port", str(free_port()), *extra]
    started = time.monotonic()
    with (state_dir / "backend.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        ready_s = wait_until_ready(f"http://127.0.0.1:{api}", process, started)
        yield Backend(process, state_dir, f"http://127.0.0.1:{api}", f"ws://127.0.0.1:{agents}", ready_s)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


def wait_until_ready(api_url: str, process: subprocess.Popen[bytes], started: float) -> float:
    """Seconds from `started` to the first answer of /health; SystemExit where it does not come."""
    while time.monotonic() - started < READY_S:
        if process.poll() is not None:
            sys.exit(f"the backend ended with status {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{api_url}/health", timeout=1):
            return time.monotonic() - started
        time.sleep(0.002)
    sys.exit(f"the backend did not answer within {READY_S} s")
