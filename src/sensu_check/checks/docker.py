"""Containers, as the Docker daemon reports them."""

import http.client
import json
import socket
from argparse import ArgumentParser, Namespace
from typing import Any
from urllib.parse import quote

from sensu_check.finding import Finding, Measure, Status, Unknown
from sensu_check.network import failed

EXAMPLES = ("web db", "--all-healthy", "web --socket /run/user/1000/podman/podman.sock")
SOCKET = "/var/run/docker.sock"
ANSWER_MAX = 16 * 1024 * 1024


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("container", nargs="*", metavar="NAME", help="containers that must run and not be unhealthy")
    parser.add_argument("--all-healthy", action="store_true", help="no container may be unhealthy or restarting")
    parser.add_argument("--socket", default=SOCKET, metavar="PATH", help=f"socket of the daemon (default: {SOCKET})")


def check(args: Namespace) -> Finding:
    """Ask the daemon for each container, or for all."""
    if not args.container and not args.all_healthy:
        raise Unknown("name containers, or use --all-healthy")
    running = _asked(args, "/containers/json") or []
    problems = [problem for name in args.container if (problem := _problem(args, name))]
    if args.all_healthy:
        every = _asked(args, "/containers/json?all=true") or []
        problems += [f"{_name(each)} is {bad}" for each in every if (bad := _bad(each))]
    measure = Measure("running", len(running), "", None, None, 0)
    if problems:
        return Finding(", ".join(problems), [measure], Status.CRITICAL)
    return Finding(f"{', '.join(args.container) or 'all containers'} fine, {len(running)} running", [measure])


def _problem(args: Namespace, name: str) -> str | None:
    about = _asked(args, f"/containers/{quote(name, safe='')}/json")
    if about is None:
        return f"{name} does not exist"
    state = about["State"]
    if state["Status"] != "running":
        return f"{name} is {state['Status']}" + (
            f" with status {state['ExitCode']}" if state["Status"] == "exited" else ""
        )
    health = state.get("Health", {}).get("Status")
    return f"{name} is unhealthy" if health == "unhealthy" else None


def _bad(listed: dict[str, Any]) -> str | None:
    if listed["State"] in ("restarting", "dead"):
        return str(listed["State"])
    return "unhealthy" if "(unhealthy)" in listed.get("Status", "") else None


def _name(listed: dict[str, Any]) -> str:
    names = listed.get("Names") or [listed["Id"][:12]]
    return str(names[0]).lstrip("/")


class _Daemon(http.client.HTTPConnection):
    """A connection to the socket of the daemon."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _asked(args: Namespace, path: str) -> Any:
    """The daemon's answer; None if what was asked for does not exist."""
    daemon = _Daemon(args.socket, args.timeout)
    try:
        daemon.request("GET", path)
        response = daemon.getresponse()
        body = response.read(ANSWER_MAX)
        if response.status == 404:
            return None
        if response.status != 200:
            raise Unknown(f"the daemon answered {response.status} {response.reason}")
        return json.loads(body)
    except PermissionError:
        raise Unknown(f"this user may not use {args.socket}: add it to the group docker") from None
    except OSError as err:
        raise failed(args.socket, err) from None
    except (http.client.HTTPException, ValueError) as err:
        raise Unknown(f"{args.socket} did not answer as a Docker daemon does: {err}") from None
    finally:
        daemon.close()
