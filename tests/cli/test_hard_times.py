"""What goes wrong around sensuctl: full disks, closed pipes, interrupts, many at the same time, certificates."""

import http.server
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Sensuctl, logged_in
from tests.flows.certificate_authority import Authority

SENSUCTL = [sys.executable, "-m", "sensu.sensuctl.main"]
AT_ONCE = 8


def started(home: Path, *words: str, stdout: int | None = subprocess.PIPE) -> "subprocess.Popen[str]":
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "TZ": "UTC"}
    return subprocess.Popen([*SENSUCTL, *words], env=variables, stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def home(api_url: str, tmp_path: Path) -> Path:
    """The home folder of somebody who is logged in."""
    logged_in(api_url, tmp_path / "home")
    return tmp_path / "home"


def test_many_at_the_same_time_renew_one_session_once(home: Path) -> None:
    """Those that start with too old a token take over the new one, and none breaks the files of the others."""
    cluster = home / ".config/sensu/sensuctl/cluster"
    old = json.loads(cluster.read_text())
    cluster.write_text(json.dumps({**old, "expires_at": 1}))
    running = [started(home, "namespace", "list") for _ in range(AT_ONCE)]
    ended = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * AT_ONCE, ended
    new = json.loads(cluster.read_text())
    assert new["expires_at"] > 1
    assert sorted(path.name for path in cluster.parent.iterdir()) == ["cluster", "profile"]
    assert {path.stat().st_mode & 0o777 for path in cluster.parent.iterdir()} == {0o600}
    assert cluster.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("words", [("namespace", "list"), ("describe-type", "all"), ("completion", "bash")])
def test_a_full_disk_behind_the_output_is_one_line(home: Path, words: tuple[str, ...]) -> None:
    """A script sees that the output is not whole."""
    with Path("/dev/full").open("w") as full:
        process = started(home, *words, stdout=full.fileno())
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "Error: no space left on device\n")


def test_a_reader_who_has_seen_enough_ends_it(home: Path) -> None:
    """`| head` leaves no trace."""
    process = started(home, "completion", "bash")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(30) == 141


def test_an_interrupt_ends_it_quietly(home: Path) -> None:
    """Ctrl-C is no error worth a trace."""
    process = started(home, "event", "list", "--watch")
    assert process.stdout is not None
    sensuctl = started(home, "create", "-f", str(event_file(home)))
    assert sensuctl.wait(30) == 0
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def event_file(home: Path) -> Path:
    spec = {
        "entity": {"entity_class": "proxy", "metadata": {"name": "e", "namespace": "default"}},
        "check": {"metadata": {"name": "c"}, "interval": 5},
    }
    path = home / "event.json"
    path.write_text(json.dumps({"type": "Event", "spec": spec}))
    return path


def test_closed_streams_are_nothing_to_stumble_over(home: Path) -> None:
    """A job without standard streams does its work."""
    command = " ".join([*SENSUCTL, "namespace", "list"])
    variables = {"HOME": str(home), "PATH": os.environ["PATH"]}
    shell = subprocess.run(f"{command} <&- >&- 2>&-", shell=True, env=variables, check=False, timeout=30)
    assert shell.returncode == 0


class EmptyList(http.server.BaseHTTPRequestHandler):
    """Answers every question with an empty list."""

    def do_GET(self) -> None:
        """The list."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that no system knows."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def https_url(authority: Authority) -> Iterator[str]:
    """An API with a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = authority.issue("127.0.0.1")
    context.load_cert_chain(pair.cert_file, pair.key_file)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyList) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


KEY = ("--api-key", "11111111-1111-4111-8111-111111111111")


def test_an_unknown_certificate_is_refused_unless_it_is_trusted(
    sensuctl: Sensuctl, authority: Authority, https_url: str, tmp_path: Path
) -> None:
    """The named authority, or the word that it does not matter, opens the door; anything else is told."""
    words = ("namespace", "list", "--api-url", https_url, *KEY)
    refused = sensuctl(*words)
    assert refused.status == 1
    assert "tls: failed to verify certificate: " in refused.err
    assert sensuctl(*words, "--trusted-ca-file", authority.file).status == 0
    assert sensuctl(*words, "--insecure-skip-tls-verify").status == 0
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    warned = sensuctl(*words, "--trusted-ca-file", str(junk))
    assert warned.status == 1
    assert f"No certificates could be parsed out of {junk}" in warned.err


def test_plain_http_behind_https_is_told(sensuctl: Sensuctl, api_url: str) -> None:
    """A wrong scheme is named as what it is."""
    ended = sensuctl("namespace", "list", "--api-url", api_url.replace("http:", "https:"), *KEY)
    assert "http: server gave HTTP response to HTTPS client: the server does not speak TLS" in ended.err
    assert ended.err.endswith(f"use {api_url}\n")


def test_files_of_a_web_server_are_read_with_the_trusted_authority(
    sensuctl: Sensuctl, authority: Authority, https_url: str
) -> None:
    """What is trusted for the API is trusted for files, too; that certificates do not matter is not."""
    assert "tls: failed" in sensuctl("create", "-f", f"{https_url}/x.yml", "--insecure-skip-tls-verify").err
    trusted = sensuctl("create", "-f", f"{https_url}/x.yml", "--trusted-ca-file", authority.file)
    assert "a resource must be an object" in trusted.err
