"""The command `sensu-notify`."""

import io
import json
import sys

import pytest

from sensu.notify.command import main
from sensu.resources.wire import encode
from sensu.testing.factories import make_check, make_entity, make_event
from tests.sinks import http_sink

CRITICAL = encode(make_event(make_entity("web1"), make_check("shop", status=2, output="503")))
PASSING = encode(make_event(make_entity("web1"), make_check("shop", output="fine")))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> "Given":
    return Given(monkeypatch)


class Given:
    """Runs the command with an event on its standard input."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def run(self, data: bytes, *arguments: str) -> int:
        """The exit status."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            main(arguments)
        except SystemExit as end:
            return int(end.code or 0)
        return 0


def test_a_message_is_sent_to_each_url(
    given: Given, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each URL gets the message, variables come from the environment, and a failure shows in the exit status."""
    with http_sink() as sink:
        monkeypatch.setenv("HOOK", f"json://ops:geheim@127.0.0.1:{sink.port}/hook")
        status = given.run(CRITICAL, "--url", "${HOOK}", "--url", f"json://127.0.0.1:{sink.port}/fail")
    printed = capsys.readouterr().out.splitlines()
    assert status == 1
    assert sorted(request.path for request in sink.requests) == ["/fail", "/hook"]
    assert printed[0].startswith(f"json://ops:...@127.0.0.1:{sink.port}/...  sent in ")
    assert printed[1].startswith(f"json://127.0.0.1:{sink.port}/...  failed: ")
    assert "geheim" not in "".join(printed)


def test_a_dry_run_shows_the_message(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run sends nothing."""
    assert given.run(CRITICAL, "--url", "json://127.0.0.1:1/", "--dry-run") == 0
    assert capsys.readouterr().out == "to json://127.0.0.1:1/\n\n🔴 web1/shop is critical\n\n503\n"


def test_events_that_need_no_message_send_none(given: Given, capsys: pytest.CaptureFixture[str]) -> None:
    """A passing result sends a message only on request."""
    assert given.run(PASSING, "--url", "json://127.0.0.1:1/") == 0
    assert capsys.readouterr().out.startswith("no message: nothing changed")
    assert given.run(PASSING, "--url", "json://127.0.0.1:1/", "--when", "every", "--dry-run") == 0
    assert "🟢 web1/shop is OK" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "arguments", "why"),
    [
        (b"no json", ["--url", "json://x"], "standard input is no event in JSON"),
        (b"[]", ["--url", "json://x"], "standard input is no event: it must be a JSON object"),
        (json.dumps({"check": 5}).encode(), ["--url", "json://x"], "standard input is no event"),
        (CRITICAL, ["--url", "${NOT_THERE}"], "the environment has no variable NOT_THERE, which --url refers to"),
        (CRITICAL, ["--url", "example.org"], "--url must begin with a service"),
        (CRITICAL, ["--url", "json://x", "--when", "never"], "--when has words of incident, resolve"),
        (CRITICAL, [], "--url"),
        (CRITICAL, ["--url", "json://x", "--timeout", "0"], "must be more than 0 and at most 3600 seconds"),
    ],
)
def test_wrong_usage_is_explained(
    given: Given, capsys: pytest.CaptureFixture[str], data: bytes, arguments: list[str], why: str
) -> None:
    """Wrong input ends the command with status 2 and says what is wrong."""
    assert given.run(data, *arguments) == 2
    assert why in capsys.readouterr().err
