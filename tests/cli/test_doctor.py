"""`sensuctl doctor` finds what is wrong, with real backends, real TLS and wrong settings."""

import datetime
import io
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sensu.sensuctl.main import run
from sensu.testing.backend_process import PASSWORD, USER
from sensu.testing.ports import free_ports
from sensu.tls import server_context
from tests.cli.conftest import Ended, Sensuctl
from tests.flows.certificate_authority import Authority

ORPHAN = """type: CheckConfig
api_version: core/v2
metadata:
  name: orphan
spec:
  command: "true"
  interval: 60
  publish: true
  subscriptions: [nobody]
  handlers: [missing]
"""


def doctor(home: Path, *words: str) -> Ended:
    """A run with the home of somebody who has not logged in."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    status = run(["doctor", *words], environment, io.StringIO(), out, err)
    return Ended(status, out.getvalue(), err.getvalue())


def test_a_check_that_nobody_runs_is_named_with_what_helps(sensuctl: Sensuctl) -> None:
    """Everything else is fine, so the exit status is 1; JSON has the same findings."""
    assert sensuctl("create", stdin=ORPHAN).status == 0
    ended = sensuctl("doctor")
    lines = ended.out.splitlines()
    assert (ended.status, ended.err) == (1, "")
    at = next(place for place, line in enumerate(lines) if "check orphan" in line)
    assert lines[at].endswith("check orphan: No connected agent has one of its subscriptions.")
    assert lines[at + 1] == "    see: sensuctl check explain orphan"
    found = {one["subject"]: one["level"] for one in json.loads(sensuctl("doctor", "--format", "json").out)}
    assert found == {
        "configuration": "good",
        "URL": "good",
        "connection": "good",
        "clock": "good",
        "backend": "good",
        "health": "good",
        "log-in": "good",
        "namespace": "good",
        "rights": "good",
        "agents": "warning",
        "checks": "good",
        "check orphan": "warning",
        "schedule": "good",
        "deliveries": "good",
    }


def test_a_namespace_that_does_not_exist_is_a_problem(sensuctl: Sensuctl) -> None:
    """What depends on the namespace is left out."""
    ended = sensuctl("doctor", "--namespace", "no-such")
    assert ended.status == 2
    assert ended.out.splitlines()[-2].endswith("namespace: no-such does not exist, or you may not see it")


def test_what_a_user_may_not_see_is_listed(sensuctl: Sensuctl, api_url: str, tmp_path: Path) -> None:
    """A user without any role gets a problem, a wrong API key another one."""
    assert sensuctl("user", "create", "guest", "--password", "guest-s-secret").status == 0
    who = ("--url", api_url, "--username", "guest", "--password", "guest-s-secret")
    assert run(["configure", "-n", *who], {"HOME": str(tmp_path)}, io.StringIO(), io.StringIO(), io.StringIO()) == 0
    guest = doctor(tmp_path)
    assert guest.status == 2
    assert "rights: may not list" in guest.out or "namespace: default does not exist" in guest.out
    stranger = doctor(tmp_path, "--api-key", "83abef1e-e7d7-4beb-91fc-79ad90084d5b")
    assert (stranger.status, "log-in: the credentials are not accepted" in stranger.out) == (2, True)


def test_a_backend_that_does_not_run_is_a_problem(tmp_path: Path) -> None:
    """The words say which URL is not answered, and what to look at."""
    (port,) = free_ports(1)
    ended = doctor(tmp_path, "--api-url", f"http://127.0.0.1:{port}")
    assert ended.status == 2
    assert "connection: " in ended.out
    assert "connection refused" in ended.out
    assert "Is the backend running" in ended.out


def test_nothing_is_configured(tmp_path: Path) -> None:
    """The first step is named, and nothing else is tried."""
    ended = doctor(tmp_path)
    assert ended.status == 2
    assert [line.strip() for line in ended.out.splitlines() if "run: sensuctl configure" in line]
    assert "no URL is set" in ended.out


def test_other_users_must_not_read_the_session(sensuctl: Sensuctl, api_url: str, tmp_path: Path) -> None:
    """A file with wrong permissions is named with the command that mends it."""
    who = ("--url", api_url, "--username", USER, "--password", PASSWORD)
    assert run(["configure", "-n", *who], {"HOME": str(tmp_path)}, io.StringIO(), io.StringIO(), io.StringIO()) == 0
    file = tmp_path / ".config" / "sensu" / "sensuctl" / "cluster"
    file.chmod(0o644)
    ended = doctor(tmp_path)
    assert ended.status == 2
    assert f"run: chmod 600 {file}" in ended.out


class Version(BaseHTTPRequestHandler):
    """Answers as a backend does that nobody has logged in to."""

    def do_GET(self) -> None:
        body = json.dumps({"sensu_backend": "6.9.2", "ClusterHealth": [{"Name": "default", "Healthy": True}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Authority]]:
    """The URL of a server whose certificate ends within four days, and its authority."""
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1", ends=datetime.timedelta(days=3, hours=1))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Version)
    server.socket = server_context(str(pair.cert_file), str(pair.key_file)).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", authority
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_that_ends_soon_is_a_warning(secure: tuple[str, Authority], tmp_path: Path) -> None:
    """With its authority trusted, the days that are left are said."""
    url, authority = secure
    ended = doctor(tmp_path, "--api-url", url, "--trusted-ca-file", authority.file)
    assert "certificate: is valid for 3 more days" in ended.out
    assert "renew it" in ended.out


def test_an_authority_that_is_not_trusted_is_a_problem(secure: tuple[str, Authority], tmp_path: Path) -> None:
    """The words name the flag; without TLS in the URL they name the other URL."""
    url, _ = secure
    ended = doctor(tmp_path, "--api-url", url)
    assert (ended.status, "--trusted-ca-file" in ended.out) == (2, True)
    plain = doctor(tmp_path, "--api-url", url.replace("https:", "http:"))
    assert (plain.status, "https://" in plain.out) == (2, True)
