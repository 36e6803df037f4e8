"""What people do every day, from the first word to the last."""

import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

from tests.cli.conftest import PASSWORD, USER, Sensuctl


def test_an_event_is_seen_and_resolved(sensuctl: Sensuctl) -> None:
    """A failing check shows in the list, and can be resolved by hand."""
    event = {
        "type": "Event",
        "api_version": "core/v2",
        "metadata": {"namespace": "default"},
        "spec": {
            "entity": {"entity_class": "proxy", "metadata": {"name": "sw1", "namespace": "default"}},
            "check": {
                "metadata": {"name": "ping", "namespace": "default"},
                "interval": 60,
                "status": 2,
                "output": "lost",
            },
        },
    }
    assert sensuctl("create", stdin=json.dumps(event)) == (0, "", "")
    row = sensuctl("event", "list").out.splitlines()[2].split()
    assert row[:5] == ["sw1", "ping", "lost", "2", "false"]
    assert sensuctl("event", "resolve", "sw1", "ping").out == "Resolved\n"
    check = json.loads(sensuctl("event", "info", "sw1", "ping", "--format", "json").out)["check"]
    assert (check["status"], check["output"]) == (0, "Resolved manually by sensuctl")
    assert sensuctl("event", "delete", "sw1", "ping", "--skip-confirm").out == "Deleted\n"
    assert sensuctl("event", "info", "sw1", "ping") == (1, "", "Error: not found\n")


def test_an_event_has_a_link_to_its_page(sensuctl: Sensuctl) -> None:
    """`event info` shows where the web UI has the event; JSON and YAML stay the event as it is."""
    event = {
        "type": "Event",
        "api_version": "core/v2",
        "metadata": {"namespace": "default"},
        "spec": {
            "entity": {"entity_class": "proxy", "metadata": {"name": "rack-1", "namespace": "default"}},
            "check": {"metadata": {"name": "ping", "namespace": "default"}, "interval": 60},
        },
    }
    page = "https://sensu.example.com/n/default/events/rack-1/ping"
    assert sensuctl("create", stdin=json.dumps(event)) == (0, "", "")
    assert page in sensuctl("event", "info", "rack-1", "ping").out
    assert page not in sensuctl("event", "info", "rack-1", "ping", "--format", "json").out


def test_a_check_is_changed_field_by_field(sensuctl: Sensuctl) -> None:
    """Each set- command changes its field alone, and each remove- command empties it."""
    sensuctl("check", "create", "fields", "-c", "x", "-s", "s", "-i", "60")
    assert sensuctl("check", "set-cron", "fields", "0 * * * *").out == "Updated\n"
    assert sensuctl("check", "set-handlers", "fields", "a, b").out == "Updated\n"
    assert sensuctl("check", "set-hooks", "fields", "-t", "critical", "-k", "h").out == "Added\n"
    assert sensuctl("check", "remove-hook", "fields", "critical", "h").out == "Removed\n"
    check = json.loads(sensuctl("check", "info", "fields", "--format", "json").out)
    assert (check["cron"], check["interval"], check["handlers"]) == ("0 * * * *", 0, ["a", "b"])
    assert sensuctl("check", "remove-handlers", "fields").out == "Removed\n"
    assert sensuctl("check", "set-publish", "fields", "maybe").err == (
        'Error: strconv.ParseBool: parsing "maybe": invalid syntax\n'
    )
    assert sensuctl("check", "execute", "fields").out == "Issued\n"
    sensuctl("check", "delete", "fields", "--skip-confirm")


def test_a_list_of_assets_has_a_row_for_each_build_of_those_that_match(sensuctl: Sensuctl) -> None:
    """Selectors choose the assets of a table as they choose those of JSON; each build of an asset has a row."""
    for name in ("plugins", "handlers"):
        url = f"https://example.com/{name}.tar.gz"
        assert sensuctl("asset", "create", name, "--url", url, "--sha512", "a" * 128).status == 0
    selector = ("--field-selector", "asset.name == plugins")
    table = sensuctl("asset", "list", *selector).out.splitlines()
    assert [line.split()[:2] for line in table[2:]] == [["plugins", "//example.com/.../plugins.tar.gz"]]
    listed = json.loads(sensuctl("asset", "list", *selector, "--format", "json").out)
    assert [asset["metadata"]["name"] for asset in listed] == ["plugins"]


def test_users_groups_and_rights(sensuctl: Sensuctl, api_url: str, tmp_path: Path) -> None:
    """A new user can do what the role of the group allows, and nothing once it is disabled."""
    assert sensuctl("user", "create", "lee", "--password", "Limited-1", "--groups", "team").out == "Created\n"
    assert sensuctl("role", "create", "readers", "-v", "get,list", "-r", "checks").out == "Created\n"
    assert sensuctl("role-binding", "create", "readers", "-r", "readers", "-g", "team").out == "Created\n"
    own = ("--config-dir", str(tmp_path))
    configure = ("configure", "-n", "--url", api_url, "--username", "lee", "--password", "Limited-1", *own)
    assert sensuctl(*configure) == (0, "", "")
    assert "Username:                 lee\n" in sensuctl("config", "view", *own).out
    assert sensuctl("check", "list", *own).status == 0
    denied = (1, "", "Error: unauthorized to perform action\n")
    assert sensuctl("check", "create", "x", "-c", "x", "-s", "s", "-i", "5", *own) == denied
    changed = ("user", "change-password", "--current-password", "Limited-1", "--new-password", "Limited-2", *own)
    assert sensuctl(*changed).out == "Updated\n"
    assert sensuctl("user", "test-creds", "lee", "--password", "Limited-2") == (0, "", "")
    assert sensuctl("user", "set-groups", "lee", "a,b").out == "Updated\n"
    assert sensuctl("user", "disable", "lee", "--skip-confirm").out == "Disabled\n"
    assert sensuctl("check", "list", *own).status == 1
    assert sensuctl("user", "test-creds", "lee", "--password", "Limited-2").status == 1


def test_an_old_session_is_renewed_and_a_finished_one_is_not(sensuctl: Sensuctl, api_url: str, tmp_path: Path) -> None:
    """Nobody logs in again because a token is old; whoever logs out has no session any more."""
    own = ("--config-dir", str(tmp_path))
    sensuctl("configure", "-n", "--url", api_url, "--username", USER, "--password", PASSWORD, *own)
    cluster = tmp_path / "cluster"
    before = json.loads(cluster.read_text())
    cluster.write_text(json.dumps({**before, "expires_at": 1}))
    assert sensuctl("namespace", "list", *own).status == 0
    after = json.loads(cluster.read_text())
    assert after["expires_at"] > 1
    assert sensuctl("logout", *own).out == "You have been logged out\n"
    left = json.loads(cluster.read_text())
    assert (left["access_token"], left["refresh_token"], left["api-url"]) == ("", "", api_url)
    cluster.write_text(json.dumps({**after, "expires_at": 1}))
    assert "failed to request new refresh token" in sensuctl("namespace", "list", *own).err


def test_a_silence_covers_a_subscription(sensuctl: Sensuctl) -> None:
    """A silence is named after what it silences, and found by it."""
    silence = ("--subscription", "web", "--reason", "planned", "--expire", "3600")
    assert sensuctl("silenced", "create", *silence).out == "Created\n"
    entries = json.loads(sensuctl("silenced", "list", "--subscription", "web", "--format", "json").out)
    assert [entry["metadata"]["name"] for entry in entries] == ["web:*"]
    assert sensuctl("silenced", "info", "-s", "web").out.startswith("=== web:*\nExpiration:      20")
    assert sensuctl("silenced", "delete", "web:*", "--skip-confirm").out == "Deleted\n"


def test_lists_come_whole_in_pages(sensuctl: Sensuctl) -> None:
    """A chunk size changes how a list is fetched, not what it holds."""
    for number in range(5):
        sensuctl("hook", "create", f"page-{number}", "-c", "x")
    whole = sensuctl("hook", "list", "--format", "json").out
    assert sensuctl("hook", "list", "--format", "json", "--chunk-size", "2").out == whole
    assert whole.count('"name": "page-') == 5


def test_commands_from_archives_run_with_the_session(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """An archive that was installed runs as a command, and gets the words and the session's variables."""
    (tmp_path / "bin").mkdir()
    entry = tmp_path / "bin" / "entrypoint"
    entry.write_text('#!/bin/sh\necho "$SENSU_NAMESPACE $*" > "$OUT"\n')
    entry.chmod(0o755)
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.add(entry, "bin/entrypoint")
    digest = hashlib.sha512((tmp_path / "c.tar.gz").read_bytes()).hexdigest()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/c.tar.gz"
        installed = sensuctl("command", "install", "hello", "--url", url, "--checksum", digest)
        assert installed.out == "command was installed successfully\n"
        again = sensuctl("command", "install", "hello", "--url", url, "--checksum", digest)
        assert again.err == "Error: the alias specified already exists\n"
        ran = sensuctl("command", "exec", "hello", "a", "--", "--b", OUT=str(tmp_path / "out"))
        server.shutdown()
    assert ran == (0, "", "")
    assert (tmp_path / "out").read_text() == "default a --b\n"
    assert sensuctl("command", "list").out.splitlines()[2].split()[0] == "hello"
    assert sensuctl("command", "delete", "hello", "--skip-confirm").out == "Deleted\n"


def test_the_installed_program_works_in_a_pipe(api_url: str, tmp_path: Path) -> None:
    """The program itself logs in, lists, and ends quietly when nobody reads on."""
    program = Path(sys.executable).with_name("sensuctl")
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    given = [str(program), "configure", "-n", "--url", api_url, "--username", USER, "--password", PASSWORD]
    subprocess.run(given, env=environment, check=True, timeout=30)
    shown = subprocess.run(
        [str(program), "namespace", "list"], env=environment, check=True, timeout=30, capture_output=True, text=True
    )
    assert "  default " in shown.stdout
    ended = subprocess.run(
        f"{program} dump all | head -n 1", shell=True, env=environment, timeout=30, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("type: Namespace\n", "")
