"""Three backends on one PostgreSQL database, and three agents, on this machine.

    python examples/cluster/run.py                  until Ctrl-C
    python examples/cluster/run.py --for 20         20 seconds, then exit 0 if all went well

It needs the programs of PostgreSQL (on Debian: apt-get install postgresql) and the Python package asyncpg. If HAProxy
is installed (apt-get install haproxy), it is started with haproxy.cfg, so that clients have one address. Stop one of
the backends (`kill PID`), or freeze it (`kill -STOP PID`), and see how the others go on.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from sensu.testing import postgres_server

HERE = Path(__file__).resolve().parent
STATE = Path("/tmp/sensu-cluster")  # noqa: S108 - short, because paths of sockets are
NAMES = ("a", "b", "c")
ADMIN = "admin"
READY_S = 60.0
BALANCED_URL = "http://127.0.0.1:8090"


class Failed(Exception):
    """The example cannot go on; the text says why."""


def main() -> int:
    """Run until Ctrl-C, or for a time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for", dest="seconds", type=float, default=0.0, help="end after this many seconds")
    seconds: float = parser.parse_args().seconds
    try:
        with contextlib.ExitStack() as stack:
            cluster = Cluster(stack)
            cluster.start()
            cluster.show(seconds)
    except (Failed, RuntimeError) as err:
        print(f"examples/cluster: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
    return 0


class Cluster:
    """The programs of the example; those that run are stopped when `stack` closes."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._password = secrets.token_urlsafe(9)
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self.url = api_url(0)

    def start(self) -> None:
        """Start everything in order; what an earlier run left is deleted."""
        shutil.rmtree(STATE, ignore_errors=True)
        STATE.mkdir(mode=0o711)
        say("starting PostgreSQL")
        server = postgres_server.Server(STATE / "pg", ("listen_addresses=",))
        server.create()
        postgres_server.guard(server)
        server.start()
        self._stack.callback(server.stop, "fast")
        store = ["--store", server.url()]
        administrator = ["--cluster-admin-username", ADMIN, "--cluster-admin-password", self._password]
        run("sensu-backend", "init", "--state-dir", str(STATE / "a"), *administrator, *store)
        say("starting three backends")
        for number, name in enumerate(NAMES):
            self._spawn(f"backend {name}", [*program("sensu-backend"), "start", *backend_flags(number), *store])
        for number, name in enumerate(NAMES):
            self._wait_until_ready(f"backend {name}", api_url(number))
        self._start_haproxy()
        say("loading examples/cluster/checks.yaml, and starting three agents")
        run("sensuctl", "configure", "-n", "--url", self.url, "--username", ADMIN, "--password", self._password)
        run("sensuctl", "create", "-f", str(HERE / "checks.yaml"))
        for number, name in enumerate(NAMES):
            self._spawn(f"agent {name}", [*program("sensu-agent"), "start", *agent_flags(number, name)])

    def _start_haproxy(self) -> None:
        haproxy = shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin")
        if haproxy is None:
            say("HAProxy is not installed, so clients use one of the backends")
            return
        say(f"starting HAProxy at {BALANCED_URL}")
        self._spawn("haproxy", [haproxy, "-f", str(HERE / "haproxy.cfg")])
        self._wait_until_ready("haproxy", BALANCED_URL)
        self.url = BALANCED_URL

    def _spawn(self, name: str, command: Sequence[str]) -> None:
        with (STATE / f"{name.replace(' ', '-')}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        self._programs[name] = process
        self._stack.callback(stop, process)

    def _wait_until_ready(self, name: str, url: str) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self._programs[name].poll() is not None:
                raise Failed(f"{name} ended: see the log in {STATE}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/ready", timeout=2):  # noqa: S310
                return
            time.sleep(0.1)
        raise Failed(f"{name} was not ready within {READY_S:g} s: see the log in {STATE}")

    def show(self, seconds: float) -> None:
        """Show who owns what, until the time is over (0: forever); raises Failed if there is no backend left."""
        print(
            f"\nbackends  {'  '.join(f'{name}: {api_url(n)} (process {self._pid(n)})' for n, name in enumerate(NAMES))}"
        )
        print(f"web UI    http://127.0.0.1:{13000}  user {ADMIN}, password {self._password}")
        print(f"sensuctl  SENSU_CONFIG_DIR={STATE / 'sensuctl'} sensuctl cluster health")
        print(f"logs      {STATE}/*.log\n", flush=True)
        until = time.monotonic() + seconds
        while not seconds or time.monotonic() < until:
            time.sleep(min(10.0, seconds or 10.0))
            with contextlib.suppress(Failed):
                print(run("sensuctl", "cluster", "owners"), end="", flush=True)
                print(run("sensuctl", "event", "list"), flush=True)
            if all(process.poll() is not None for name, process in self._programs.items() if "backend" in name):
                raise Failed(f"all backends have ended: see the logs in {STATE}")
        if "load" not in run("sensuctl", "event", "list"):
            raise Failed("no results of checks have arrived")

    def _pid(self, number: int) -> int:
        return self._programs[f"backend {NAMES[number]}"].pid


def say(text: str) -> None:
    """Show progress."""
    print(f"· {text}", flush=True)


def api_url(number: int) -> str:
    """The URL of the API of a backend."""
    return f"http://127.0.0.1:{18080 + 100 * number}"


def backend_flags(number: int) -> list[str]:
    """Ports and folders of a backend; on hosts of their own, all have the usual ones."""
    ports = 100 * number
    folder = STATE / NAMES[number]
    return [
        *("--state-dir", str(folder), "--cache-dir", str(folder / "cache")),
        *("--api-listen-address", f"127.0.0.1:{18080 + ports}", "--api-url", api_url(number)),
        *("--agent-host", "127.0.0.1", "--agent-port", str(18081 + ports)),
        *("--dashboard-host", "127.0.0.1", "--dashboard-port", str(13000 + ports)),
        *("--member-listen-address", f"127.0.0.1:{18082 + ports}", "--log-level", "info"),
    ]


def agent_flags(number: int, name: str) -> list[str]:
    """An agent with the URLs of all backends, of which it uses one that works."""
    urls = [
        word for backend in range(len(NAMES)) for word in ("--backend-url", f"ws://127.0.0.1:{18081 + 100 * backend}")
    ]
    own = ["--name", f"agent-{name}", "--subscriptions", "cluster", "--cache-dir", str(STATE / f"agent-{name}")]
    return [*urls, *own, "--disable-sockets", "--disable-api", "--api-port", str(18083 + 100 * number)]


def program(name: str) -> list[str]:
    """A program of this interpreter's environment."""
    return [str(Path(sys.executable).parent / name)]


def run(name: str, *arguments: str) -> str:
    """The output of a program; raises Failed."""
    environment = {**os.environ, "SENSU_CONFIG_DIR": str(STATE / "sensuctl")}
    command = [*program(name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)  # noqa: S603
    if done.returncode != 0:
        raise Failed(f"{name} {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program: asked first, killed if it does not listen."""
    process.terminate()
    try:
        process.wait(45)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
