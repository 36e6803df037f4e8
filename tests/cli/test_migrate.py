"""One backend's resources copied to another."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bcrypt
import pytest

from sensu.testing.backend_process import PASSWORD, USER
from tests.checks.servers import Pages, http_server
from tests.cli.conftest import Sensuctl, logged_in, running_backend

LOG_IN = {"SENSU_FROM_USERNAME": USER, "SENSU_FROM_PASSWORD": PASSWORD}
RESOURCES = """\
type: Namespace
spec: {name: prod}
---
type: User
spec: {username: ann, password: P@ssw0rd!, groups: [ops]}
---
type: User
spec: {username: bob, password: P@ssw0rd!}
---
type: ClusterRoleBinding
metadata: {name: ops}
spec: {role_ref: {type: ClusterRole, name: view}, subjects: [{type: Group, name: ops}]}
---
type: Secret
api_version: secrets/v1
metadata: {name: token, namespace: prod}
spec: {provider: env, id: SHOP_TOKEN}
---
type: Handler
metadata: {name: pager, namespace: prod}
spec: {type: pipe, command: A=b /opt/pager --now}
---
type: Pipeline
metadata: {name: pages, namespace: prod}
spec: {workflows: [{name: w, handler: {name: pager, type: Handler, api_version: core/v2}}]}
---
type: Entity
metadata: {name: web, namespace: prod, labels: {team: shop}}
spec: {entity_class: proxy}
---
type: Silenced
metadata: {namespace: prod}
spec: {check: disk, expire: 3600, reason: works}
---
type: EtcdReplicator
api_version: federation/v1
metadata: {name: away}
spec:
  {url: "http://127.0.0.1:1", api_version: core/v2, resource: Role, replication_interval_seconds: 3600, insecure: true}
"""
CHECKS = 40


def check(number: int) -> str:
    return (
        f"---\ntype: CheckConfig\nmetadata: {{name: c{number}, namespace: prod}}\nspec: {{command: x, interval: 60}}\n"
    )


def result(name: str, status: int, executed: int) -> dict[str, Any]:
    return {
        "entity": {"metadata": {"name": "web", "namespace": "prod"}, "entity_class": "proxy"},
        "check": {
            "metadata": {"name": name, "namespace": "prod"},
            "status": status,
            "executed": executed,
            "output": "o",
            "interval": 60,
            "handlers": ["pager"],
        },
    }


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a backend with resources of many kinds, a failing check and API keys."""
    with running_backend(tmp_path_factory.mktemp("old")) as url:
        play = logged_in(url, tmp_path_factory.mktemp("old-home"))
        assert play("create", stdin=RESOURCES + "".join(map(check, range(CHECKS)))).status == 0
        assert play("api-key", "grant", USER).status == 0
        events = [result("http", status, 1_700_000_000 + 60 * at) for at, status in enumerate([0, 2, 2, 2])]
        for event in [*events, result("dns", 0, 1_700_000_000), result("keepalive", 0, 1_700_000_000)]:
            text = json.dumps({"type": "Event", "api_version": "core/v2", "metadata": {}, "spec": event})
            assert play("create", "--namespace", "prod", stdin=text).status == 0
        yield url


def shown(sensuctl: Sensuctl, *words: str) -> Any:
    return json.loads(sensuctl(*words, "--format", "json").out)


def sensu_go(lists: dict[str, list[Any]], refused: str) -> Pages:
    """The pages of a Sensu Go 6 that gives one resource a page, and refuses a list."""

    def page(path: str) -> Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]:
        def answer(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
            assert request.headers["Authorization"] == "Key old-key"
            if path == refused:
                return 403, {}, b'{"message": "request unauthorized", "code": 8}'
            at = int(parse_qs(urlsplit(request.path).query).get("continue", ["0"])[0])
            more = {"Sensu-Continue": str(at + 1)} if at + 1 < len(lists[path]) else {}
            return 200, {"Content-Type": "application/json", **more}, json.dumps(lists[path][at : at + 1]).encode()

        return answer

    return {f"/api/core/v2/{path}": page(path) for path in (*lists, refused)}


GO = {
    "namespaces": [{"name": "default"}, {"name": "go"}],
    "users": [{"username": "admin", "groups": ["cluster-admins"], "disabled": False}],
    "apikeys": [{"metadata": {"name": "19276b6c-2981-4ca3-acb9-806c5b875d74"}, "username": "ci", "created_at": 1}],
    "checks": [
        {
            "command": "check-cpu.sh",
            "handlers": ["slack"],
            "high_flap_threshold": 0,
            "interval": 60,
            "low_flap_threshold": 0,
            "publish": False,
            "runtime_assets": ["cpu"],
            "subscriptions": ["linux"],
            "proxy_entity_name": "",
            "check_hooks": None,
            "stdin": False,
            "subdue": None,
            "ttl": 0,
            "timeout": 0,
            "round_robin": False,
            "output_metric_format": "",
            "output_metric_handlers": None,
            "env_vars": None,
            "metadata": {"name": name, "namespace": "go", "created_by": "admin"},
            "secrets": None,
            "pipelines": [],
        }
        for name in ("cpu", "disk", "load")
    ],
    "entities": [
        {
            "entity_class": "agent",
            "subscriptions": ["linux"],
            "last_seen": 1600000000,
            "deregister": False,
            "system": {"hostname": "web-1", "os": "linux", "network": {"interfaces": None}, "processes": None},
            "metadata": {"name": "web-1", "namespace": "go", "labels": {"ok": "o", "password": "REDACTED"}},
            "deregistration": {},
            "sensu_agent_version": "6.9.2",
            "redact": ["password"],
        }
    ],
}


def test_a_sensu_go_is_copied_in_pages(sensuctl: Sensuctl) -> None:
    """Lists come in pages; what the old backend does not have, hides, or refuses to list, stops nothing."""
    with http_server(sensu_go(GO, refused="mutators")) as url:
        ended = sensuctl("migrate", "--from", url, SENSU_FROM_API_KEY="old-key")
        again = sensuctl("migrate", "--from", url, SENSU_FROM_API_KEY="old-key")
    assert ended.status == 0, ended.out
    assert ended.out.splitlines() == [
        "namespaces: 1 unchanged, 1 created",
        "users: 1 unchanged",
        "checks: 3 created",
        "entities: 1 created",
        "not copied:",
        "  1 API key of ci: their secrets cannot be copied; issue new ones with 'sensuctl api-key grant'",
        "  mutators: the other backend refuses to list them: request unauthorized",
        "  some labels and annotations of Entity go/web-1: the API hides the values of password; set them again",
    ]
    assert "entities: 1 unchanged" in again.out
    [entity] = shown(sensuctl, "entity", "list", "--namespace", "go")
    assert entity["metadata"]["labels"] == {"ok": "o"}
    assert entity["system"]["hostname"] == "web-1"


def test_a_backend_that_cannot_take_anything_ends_the_run(sensuctl: Sensuctl) -> None:
    """A backend without its store refuses no resource for good: the run ends, and is continued by the next."""
    away: Pages = {
        "/api/core/v2/namespaces": lambda _: (200, {}, b"[]"),
        "/api/core/v2/namespaces/default": lambda _: (503, {}, b'{"message": "store away", "code": 0}'),
    }
    with http_server(sensu_go({"namespaces": GO["namespaces"]}, refused="mutators")) as old, http_server(away) as here:
        here_flags = ("--api-url", here, "--api-key", "k")
        ended = sensuctl(*here_flags, "migrate", "--from", old, SENSU_FROM_API_KEY="old-key")
    assert ended.status == 1
    assert "store away; run the command again to continue" in ended.err
    assert "refused" not in ended.out


@contextmanager
def killing_relay(url: str, after: int, victim: list[subprocess.Popen[bytes]]) -> Iterator[str]:
    """The URL of a relay to an API that kills a process at its request number `after` to change something."""
    host, port = url.removeprefix("http://").split(":")
    seen = [0]

    def forward(reading: socket.socket, writing: socket.socket, *, counted: bool) -> None:
        try:
            while data := reading.recv(65_536):
                seen[0] += data.count(b"PUT /") if counted else 0
                if seen[0] >= after:
                    victim[0].send_signal(signal.SIGKILL)
                    break
                writing.sendall(data)
        except OSError:
            pass
        writing.close()

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                backend = socket.create_connection((host, int(port)))
                for ends, counted in (((client, backend), True), ((backend, client), False)):
                    threading.Thread(target=forward, args=ends, kwargs={"counted": counted}, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_users_log_in_with_the_hashes_that_are_known(
    sensuctl: Sensuctl, api_url: str, old: str, tmp_path: Path
) -> None:
    """A user with a hash has its password and is enabled; another one is disabled until it gets a password."""
    file = tmp_path / "hashes.yml"
    file.write_text("bob: plain\n")
    refused = sensuctl("migrate", "--from", old, "--hashes", str(file), **LOG_IN)
    assert "must have lines NAME: HASH with the bcrypt hashes of users" in refused.err
    file.write_text(f"bob: {bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    ended = sensuctl("migrate", "--from", old, "--only", "users", "--hashes", str(file), **LOG_IN)
    assert ended.out.splitlines()[0].endswith("2 created")
    assert ended.out.splitlines()[-1] == "  ann"
    users = {one["username"]: one["disabled"] for one in shown(sensuctl, "user", "list")}
    assert (users["ann"], users["bob"]) == (True, False)
    assert sensuctl("user", "test-creds", "bob", "--password", PASSWORD).status == 0


def test_a_backend_is_copied_also_if_the_first_run_was_killed(
    sensuctl: Sensuctl, api_url: str, old: str, tmp_path: Path
) -> None:
    """A dry run changes nothing; the run after a killed one copies the rest; the next one finds nothing to do."""
    before = sensuctl("dump", "all").out
    planned = sensuctl("migrate", "--from", old, "--dry-run", **LOG_IN)
    assert planned.status == 0, planned.err
    assert f"checks: {CHECKS} to create" in planned.out
    assert sensuctl("dump", "all").out == before

    victim: list[subprocess.Popen[bytes]] = []
    with killing_relay(api_url, CHECKS // 2, victim) as relay:
        home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        program = [sys.executable, "-m", "sensu.sensuctl.main"]
        log_in = ["configure", "-n", "--url", relay, "--username", USER, "--password", PASSWORD]
        assert subprocess.run([*program, *log_in], env=home, check=False, timeout=30).returncode == 0
        victim.append(subprocess.Popen([*program, "migrate", "--from", old], env={**home, **LOG_IN}))
        assert victim[0].wait(60) == -signal.SIGKILL
    copied = len(shown(sensuctl, "check", "list", "--namespace", "prod"))
    assert 0 < copied < CHECKS

    rest = sensuctl("migrate", "--from", old, **LOG_IN)
    assert rest.status == 0, rest.out
    assert f"checks: {copied} unchanged, {CHECKS - copied} created" in rest.out
    again = sensuctl("migrate", "--from", old, **LOG_IN)
    assert " created" not in again.out
    assert " updated" not in again.out
    assert " different" not in again.out

    there = logged_in(old, tmp_path / "there")
    for words in (["check", "list"], ["handler", "list"], ["pipeline", "list"], ["secret", "list"], ["entity", "list"]):
        assert shown(sensuctl, *words, "--namespace", "prod") == shown(there, *words, "--namespace", "prod")

    [silence] = shown(sensuctl, "silenced", "list", "--namespace", "prod")
    assert silence["expire_at"] - silence["begin"] == 3600
    listed = shown(sensuctl, "event", "list", "--namespace", "prod")
    events = {one["check"]["metadata"]["name"]: one["check"] for one in listed}
    assert sorted(events) == ["dns", "http"]
    assert (events["http"]["occurrences"], events["http"]["status"]) == (3, 2)
    assert events["http"]["last_ok"] == 1_700_000_000
    assert shown(sensuctl, "delivery", "list", "--namespace", "prod") == []
    assert shown(there, "delivery", "list", "--namespace", "prod") != []

    assert "  1 API key of admin: their secrets cannot be copied" in rest.out
    assert "  1 replicator: they name other clusters" in rest.out
    assert "  the program /opt/pager, for Handler prod/pager" in rest.out
    assert "  the environment variable SHOP_TOKEN, for Secret prod/token" in rest.out


def test_what_is_different_is_replaced_only_if_asked(sensuctl: Sensuctl, old: str) -> None:
    """A resource that was changed here is named and left alone, until --overwrite replaces it."""
    assert sensuctl("migrate", "--from", old, "--only", "namespaces,checks", **LOG_IN).status == 0
    changed = "type: CheckConfig\nmetadata: {name: c7, namespace: prod}\nspec: {command: mine, interval: 60}\n"
    assert sensuctl("create", stdin=changed).status == 0
    ended = sensuctl("migrate", "--from", old, "--only", "checks", **LOG_IN)
    assert ended.out.splitlines()[0] == f"checks: {CHECKS - 1} unchanged, 1 different"
    assert "  CheckConfig prod/c7" in ended.out
    assert shown(sensuctl, "check", "info", "c7", "--namespace", "prod")["command"] == "mine"
    assert "1 updated" in sensuctl("migrate", "--from", old, "--only", "checks", "--overwrite", **LOG_IN).out
    assert shown(sensuctl, "check", "info", "c7", "--namespace", "prod")["command"] == "x"


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({}, "no credentials for {old}: set SENSU_FROM_API_KEY, or SENSU_FROM_USERNAME and SENSU_FROM_PASSWORD"),
        ({**LOG_IN, "SENSU_FROM_PASSWORD": "wrong"}, "cannot log in at {old}: "),
        ({"SENSU_FROM_API_KEY": "none"}, "run the command again to continue"),
    ],
)
def test_a_backend_that_lets_nobody_in_is_named(
    sensuctl: Sensuctl, old: str, variables: dict[str, str], error: str
) -> None:
    """The message says which credentials are missing or wrong."""
    ended = sensuctl("migrate", "--from", old, **variables)
    assert ended.status == 1
    assert error.format(old=old) in ended.err


def test_a_backend_is_not_copied_to_itself(sensuctl: Sensuctl, api_url: str) -> None:
    """Source and target must differ."""
    assert "name the old one" in sensuctl("migrate", "--from", f"{api_url}/", **LOG_IN).err
