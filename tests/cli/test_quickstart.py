"""`sensuctl quickstart`: something is watched with one command, and everything can be removed again."""

import json
from pathlib import Path

from tests.cli.conftest import Ended, Sensuctl
from tests.sinks import http_sink

RESULT = {
    "type": "Event",
    "api_version": "core/v2",
    "metadata": {"namespace": "default"},
    "spec": {
        "entity": {"entity_class": "proxy", "metadata": {"name": "web1", "namespace": "default"}},
        "check": {"metadata": {"name": "http-a.org", "namespace": "default"}, "interval": 30, "output": "HTTP OK"},
    },
}


def names(ended: Ended) -> list[str]:
    return [str(one["metadata"]["name"]) for one in json.loads(ended.out)]


def test_a_page_is_watched_and_no_longer(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """The resources are shown, saved and created, a test message goes out; `--remove` deletes them and their events."""
    file = tmp_path / "first.yml"
    assert sensuctl("create", stdin=json.dumps(RESULT)).status == 0
    with http_sink() as sink:
        url = f"json://127.0.0.1:{sink.port}/"
        ended = sensuctl("quickstart", "http", "http://a.org", "--notify", url, "--save", str(file))
        assert ended.status == 0, ended
        assert len(sink.requests) == 1
    assert "web1/http-a.org is OK: HTTP OK" in ended.out
    assert "sent in " in ended.out
    assert ended.out.startswith(file.read_text())
    assert sensuctl("diff", "-f", str(file)).out == ""
    assert names(sensuctl("check", "list", "--format", "json")) == ["http-a.org"]
    assert sensuctl("quickstart", "http", "http://a.org", "--remove").status == 0
    for noun in ("check", "handler", "event"):
        assert names(sensuctl(noun, "list", "--format", "json")) == []
    assert "has made nothing" in sensuctl("quickstart", "http", "http://a.org", "--remove").err


def test_what_others_made_is_not_replaced(sensuctl: Sensuctl) -> None:
    """A check with the same name that somebody else made stays as it is."""
    words = ("--command", "true", "--interval", "60", "--subscriptions", "linux")
    assert sensuctl("check", "create", "ping-db", *words).status == 0
    ended = sensuctl("quickstart", "ping", "db")
    assert (ended.status, 'check "ping-db" exists and was not made by quickstart' in ended.err) == (1, True)
    assert sensuctl("check", "delete", "ping-db", "--skip-confirm").status == 0


def test_a_dry_run_only_shows(sensuctl: Sensuctl) -> None:
    """Nothing is created; for a job, the line by which it reports is shown."""
    ended = sensuctl("quickstart", "cron", "backup", "--interval", "24h", "--dry-run", "--notify", "ntfy://x")
    assert ended.status == 0
    assert '"ttl": 95040' in ended.out
    assert names(sensuctl("handler", "list", "--format", "json")) == []
    mistyped = sensuctl("quickstart", "htpp", "http://a.org")
    assert (mistyped.status, 'did you mean "http"' in mistyped.err) == (1, True)
