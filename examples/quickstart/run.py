"""Monitors this host: a backend, an agent, the checks of this folder, and a live table of their events.

    python examples/quickstart/run.py                   until Ctrl-C
    python examples/quickstart/run.py --until-handled   until a failing event was handled, then exit 0

Its state is kept in the folder given with --state (default: .state/quickstart in the checkout).
"""

import argparse
import contextlib
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from web_build import WebBuild

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
ADMIN = "admin"
READY_S = 20.0
HANDLED_S = 90.0
POLL_S = 0.2


class Failed(Exception):
    """The quick start cannot go on; the text says why."""


def main() -> int:
    """Run until Ctrl-C, or until a failing event was handled."""
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with contextlib.ExitStack() as stack:
            return monitor(options, stack)
    except Failed as err:
        print(f"make run: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--until-handled", action="store_true", help="exit as soon as a failing event was handled")
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".state" / "quickstart", help="where the state lies")
    parser.add_argument("--timeout", type=float, default=HANDLED_S, help="seconds that --until-handled waits")
    return parser.parse_args()


def monitor(options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    """Start everything in order, then watch."""
    state: Path = options.state
    state.mkdir(parents=True, exist_ok=True)
    incidents = state / "incidents.log"
    incidents.unlink(missing_ok=True)
    ports = choose_ports()
    api_url = f"http://127.0.0.1:{ports['api']}"
    web = WebBuild(state / "web-build.log")
    stack.callback(web.stop)
    web.start()
    password = initialise(state)
    say("starting the backend")
    backend = start_backend(stack, state, ports)
    wait_for_health(api_url, backend, state / "backend.log")
    say("loading examples/quickstart/*.yaml")
    sensuctl(state, "configure", "-n", "--url", api_url, "--username", ADMIN, "--password", password)
    sensuctl(state, "create", "-f", str(HERE / "handlers.yaml"), "-f", str(HERE / "checks.yaml"))
    say("starting the agent")
    agent = start_agent(stack, state, ports, api_url)
    programs = {"sensu-backend": backend, "sensu-agent": agent}
    web_url = f"http://127.0.0.1:{ports['web']}"
    if options.until_handled:
        deadline = time.monotonic() + options.timeout
        wait_until_handled(api_url, grant_api_key(state), incidents, programs, options.timeout)
        say_where_the_web_ui_is(web, web_url, deadline)
        return 0
    return show_forever(Shown(state, api_url, web, web_url, password, incidents), programs)


def say(text: str) -> None:
    """Show progress."""
    print(f"· {text}", flush=True)


def choose_ports() -> dict[str, int]:
    """The documented ports where they are free, else others."""
    wanted = {"api": 8080, "agents": 8081, "agent-api": 3031, "socket": 3030, "statsd": 8125, "web": 3000}
    return {name: port if is_free(port) else free_port() for name, port in wanted.items()}


def is_free(port: int) -> bool:
    """Whether nobody on this host listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> list[str]:
    """The command line of one of the three programs, as installed beside this interpreter."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise Failed(f"{name} is not installed; `make run` installs it")
    return [str(path)]


def initialise(state: Path) -> str:
    """The admin's password; the database is made, with a new password, where there is none."""
    password_file = state / "admin-password"
    if not password_file.exists():
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(12))
    password = password_file.read_text().strip()
    environment = {
        **os.environ,
        "SENSU_BACKEND_CLUSTER_ADMIN_USERNAME": ADMIN,
        "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD": password,
    }
    command = [*program("sensu-backend"), "init", "--state-dir", str(state), "--ignore-already-initialized"]
    run_to_end(command, environment, "sensu-backend init")
    return password


def run_to_end(command: Sequence[str], environment: dict[str, str], what: str) -> str:
    """The output of a command; raises Failed with its last words where it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Failed(f"{what} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def start_backend(stack: contextlib.ExitStack, state: Path, ports: dict[str, int]) -> subprocess.Popen[bytes]:
    """The backend, listening on loopback only."""
    arguments = ["--state-dir", str(state), "--cache-dir", str(state / "backend-cache"), "--agent-host", "127.0.0.1"]
    arguments += ["--api-listen-address", f"127.0.0.1:{ports['api']}", "--agent-port", str(ports["agents"])]
    arguments += ["--dashboard-host", "127.0.0.1", "--dashboard-port", str(ports["web"])]
    environment = {**os.environ, "QUICKSTART_DIR": str(state)}
    return start(stack, [*program("sensu-backend"), "start", *arguments], environment, state / "backend.log")


def start_agent(
    stack: contextlib.ExitStack, state: Path, ports: dict[str, int], api_url: str
) -> subprocess.Popen[bytes]:
    """The agent of this host."""
    arguments = ["--backend-url", f"ws://127.0.0.1:{ports['agents']}", "--subscriptions", "quickstart"]
    arguments += ["--cache-dir", str(state / "agent-cache"), "--labels", f"api_url={api_url}"]
    arguments += ["--api-port", str(ports["agent-api"]), "--socket-port", str(ports["socket"])]
    arguments += ["--statsd-metrics-port", str(ports["statsd"])]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return start(
        stack, [*program("sensu-agent"), "start", *arguments], {**os.environ, "PATH": path}, state / "agent.log"
    )


def start(
    stack: contextlib.ExitStack, command: Sequence[str], environment: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """A program that is stopped when `stack` closes, its log in a file."""
    with log.open("ab") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink, start_new_session=True)  # noqa: S603
    stack.callback(stop, process)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program: asked first, killed if it does not listen."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_health(api_url: str, backend: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the backend answers."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if backend.poll() is not None:
            raise Failed(f"the backend ended with status {backend.returncode}: {last_words(log)}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{api_url}/health", timeout=2):  # noqa: S310
            return
        time.sleep(0.05)
    raise Failed(f"the backend did not answer within {READY_S:.0f} s: {last_words(log)}")


def last_words(log: Path) -> str:
    """The last line of a log."""
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def sensuctl(state: Path, *arguments: str) -> str:
    """The output of a sensuctl command with a configuration of its own."""
    command = [*program("sensuctl"), "--config-dir", str(state / "sensuctl"), *arguments]
    return run_to_end(command, dict(os.environ), f"sensuctl {arguments[0]}")


def grant_api_key(state: Path) -> str:
    """A new API key of the admin; earlier ones of the quick start are revoked."""
    for old in json.loads(sensuctl(state, "api-key", "list", "--format", "json")):
        sensuctl(state, "api-key", "revoke", old["metadata"]["name"], "--skip-confirm")
    return sensuctl(state, "api-key", "grant", ADMIN).strip().rpartition("/")[2]


def events(api_url: str, key: str) -> list[dict[str, Any]]:
    """All events, read with an API key."""
    request = urllib.request.Request(f"{api_url}/api/core/v2/events", headers={"Authorization": f"Key {key}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return list(json.load(answer))
    except (OSError, ValueError) as err:
        raise Failed(f"the events cannot be read: {err}") from err


def handled(incidents: Path) -> Iterator[dict[str, Any]]:
    """The events that the handlers wrote down."""
    if incidents.exists():
        for line in incidents.read_text().splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def wait_until_handled(
    api_url: str, key: str, incidents: Path, programs: dict[str, subprocess.Popen[bytes]], timeout_s: float
) -> None:
    """Return as soon as a failing event of a check was handled and is listed; raises Failed after `timeout_s`."""
    say("waiting for a check to fail and its event to be handled")
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        fail_if_ended(programs)
        listed = {event_key(event) for event in events(api_url, key)}
        for event in handled(incidents):
            if event["check"]["status"] != 0 and event["check"].get("processed_by") and event_key(event) in listed:
                entity, check = event_key(event)
                say(f"handled: {check} on {entity}: {event['check']['output'].strip()}")
                return
        time.sleep(POLL_S)
    seen = ", ".join(f"{e['check']['metadata']['name']}={e['check']['status']}" for e in events(api_url, key)) or "none"
    raise Failed(f"no failing event was handled within {timeout_s:.0f} s; events so far: {seen}")


def event_key(event: dict[str, Any]) -> tuple[str, str]:
    """What an event is about."""
    return event["entity"]["metadata"]["name"], event["check"]["metadata"]["name"]


def fail_if_ended(programs: dict[str, subprocess.Popen[bytes]]) -> None:
    """Raise Failed if one of the programs has ended."""
    for name, process in programs.items():
        if process.poll() is not None:
            raise Failed(f"{name} ended with status {process.returncode}; see its log in the state folder")


def say_where_the_web_ui_is(web: WebBuild, url: str, deadline: float) -> None:
    """Wait for the build of the web UI until the deadline, and say how it ended."""
    if web.runs:
        say("waiting for the build of the web UI")
    while web.runs and time.monotonic() < deadline:
        time.sleep(POLL_S)
    say("\n  ".join(f"web UI: {line}" if not number else line for number, line in enumerate(web.state(url))))


@dataclass(frozen=True)
class Shown:
    """What the lines below the table are about."""

    state: Path
    api_url: str
    web: WebBuild
    web_url: str
    password: str
    incidents: Path

    def note(self) -> str:
        """Where everything is, now."""
        config = ["--config-dir", shown(self.state / "sensuctl")]
        return "\n".join(
            (
                "web UI   " + "\n         ".join(self.web.state(self.web_url)),
                f"API      {self.api_url}   log in to both as {ADMIN} / {self.password}",
                f"try      {shlex.join([shown(Path(*program('sensuctl'))), *config, 'event', 'list'])}",
                f"handled  incidents and recoveries are written to {shown(self.incidents)}",
                "sometimes-down fails every 40 seconds on purpose. Ctrl-C stops everything.",
            )
        )


def show_forever(about: Shown, programs: dict[str, subprocess.Popen[bytes]]) -> int:
    """`sensuctl event list --watch` until Ctrl-C, with where everything is below the events."""
    note, file = about.note(), about.state / "note.txt"
    file.write_text(note)
    print(note, flush=True)
    command = [*program("sensuctl"), "--config-dir", str(about.state / "sensuctl"), "event", "list", "--watch"]
    with subprocess.Popen([*command, "--note", f"@{file}"]) as table:  # noqa: S603
        try:
            while table.poll() is None:
                fail_if_ended(programs)
                if about.note() != note:
                    note = about.note()
                    write_whole(file, note)
                time.sleep(POLL_S)
        finally:
            stop(table)
    return table.returncode


def write_whole(file: Path, text: str) -> None:
    """Replace a file, so that a reader never sees half of it."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def shown(path: Path) -> str:
    """A path as it is typed in this folder: relative to it if it lies within."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
