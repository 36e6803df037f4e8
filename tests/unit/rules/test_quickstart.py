"""The resources of `sensuctl quickstart`."""

import json
import subprocess

import pytest

from sensu.errors import InvalidResource
from sensu.files.documents import Document, read_documents
from sensu.rules.quickstart import TEMPLATES, QuickStart, default_name, documents, job_line


def wanted(template: str, target: str, *urls: str, name: str = "", interval_s: int = 30) -> QuickStart:
    return QuickStart(template, target, name or default_name(template, target), interval_s, "linux", urls)


@pytest.mark.parametrize(
    ("template", "target", "name", "commands"),
    [
        ("http", "https://a.org/x?y=1&z", "http-a.org-x-y-1-z", ["sensu-check http 'https://a.org/x?y=1&z'"]),
        ("port", "db:5432", "port-db-5432", ["sensu-check tcp db:5432"]),
        ("ping", "fe80::1", "ping-fe80-1", ["sensu-check ping fe80::1"]),
        ("host", "", "host", ["sensu-check disk", "sensu-check memory", "sensu-check load --per-cpu -w 2 -c 4"]),
        ("cron", "backup", "backup", []),
    ],
)
def test_each_template_makes_its_checks(template: str, target: str, name: str, commands: list[str]) -> None:
    """The YAML is that of checks which run, with the handler if there are services."""
    found = [
        one for one in read_documents(documents(wanted(template, target, "ntfy://x"))) if isinstance(one, Document)
    ]
    *checks, handler = found
    assert default_name(template, target) == name
    assert [check.body["command"] for check in checks] == commands
    assert all(check.body["handlers"] == [handler.name] == [name] and check.body["publish"] for check in checks)
    assert handler.body["notify"]["urls"] == ["ntfy://x"]
    assert {one.body["metadata"]["labels"]["made-by"] for one in found} == {"quickstart"}


def test_without_a_service_there_is_no_handler() -> None:
    """The check says then that nobody gets a message."""
    text = documents(wanted("http", "http://a.org"))
    assert "nobody gets a message" in text
    assert [one.kind.type for one in read_documents(text) if isinstance(one, Document)] == ["CheckConfig"]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (wanted("http", "example.org"), "must be a URL that begins with http:// or https://"),
        (wanted("port", "db"), "must be HOST:PORT"),
        (wanted("ping", "a b"), "must be a host name or an address"),
        (wanted("cron", "a b"), "cannot contain spaces"),
        (wanted("host", "", name="a b"), '--name "a b" cannot contain spaces'),
        (wanted("host", "", interval_s=0), "--interval must be at least a second"),
    ],
)
def test_what_cannot_be_watched_is_refused(wish: QuickStart, says: str) -> None:
    """The message names what was given and the rule."""
    with pytest.raises(InvalidResource, match=says.replace("(", r"\(")):
        documents(wish)


def test_a_job_reports_its_exit_status() -> None:
    """The line behind a job sends JSON with the status of the job, and a time to live longer than its interval."""
    line = job_line(wanted("cron", "backup", "ntfy://x", interval_s=3600))
    body = subprocess.run(
        ["sh", "-c", f"curl() {{ printf '%s' \"$5\"; }}; false; {line}"],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    ).stdout
    assert json.loads(body) == {
        "check": {"metadata": {"name": "backup"}, "status": 1, "ttl": 3960, "handlers": ["backup"]}
    }


def test_every_template_says_what_it_watches() -> None:
    """Help and messages use the summary."""
    assert all(template.summary for template in TEMPLATES.values())
