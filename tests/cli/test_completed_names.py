"""The names that shells offer, from the server."""

import socket
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, Sensuctl, logged_in


@pytest.fixture(scope="module")
def filled(sensuctl: Sensuctl) -> Sensuctl:
    """A backend with things that have names."""
    for line in (
        "namespace create prod",
        "check create disk -c df -i 60 -s linux",
        "check create memory -c free -i 60 -s linux",
        "check create elsewhere -c free -i 60 -s linux --namespace prod",
        "user create alice --password P@ssw0rd!",
        "silenced create -s web -r why",
    ):
        assert sensuctl(*line.split()).status == 0, line
    event = "type: Event\nspec:\n  entity: {metadata: {name: box, namespace: default}, entity_class: proxy}\n"
    for check in ("door", "lamp"):
        result = f"  check: {{metadata: {{name: {check}}}, interval: 5}}\n"
        assert sensuctl("create", stdin=event + result).status == 0
    return sensuctl


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("check info", ["disk", "memory"]),
        ("check set-interval --namespace prod", ["elsewhere"]),
        ("check set-interval --namespace=prod", ["elsewhere"]),
        ("--namespace prod check delete", ["elsewhere"]),
        ("check info --format json", ["disk", "memory"]),
        ("check list --namespace", ["default", "prod", "sensu-system"]),
        ("event info", ["box"]),
        ("event info box", ["door", "lamp"]),
        ("event info box door", []),
        ("check info disk", []),
        ("check create", []),
        ("user disable", ["admin", "agent", "alice"]),
        ("api-key grant", ["admin", "agent", "alice"]),
        ("api-key revoke", []),
        ("silenced delete", ["web:*"]),
        ("edit check", ["disk", "memory"]),
        ("nosuch verb", []),
        ("", []),
    ],
)
def test_names_are_those_of_the_place_on_the_line(filled: Sensuctl, line: str, names: list[str]) -> None:
    """A name is offered where one belongs: of the right kind, in the namespace of the line."""
    ended = filled("__complete", *line.split())
    assert (ended.status, ended.out.splitlines(), ended.err) == (0, names, "")


def test_a_server_that_does_not_answer_offers_nothing(api_url: str, tmp_path: Path) -> None:
    """The shell goes on within a second or so, and shows no message."""
    play = logged_in(api_url, tmp_path)

    def asked(url: str) -> tuple[Ended, float]:
        begin = time.monotonic()
        ended = play("__complete", "check", "info", SENSU_API_URL=url)
        return ended, time.monotonic() - begin

    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended, seconds = asked(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert (ended, seconds < 5) == (Ended(0, "", ""), True)
    for url in ("http://127.0.0.1:9", "nonsense"):
        assert asked(url)[0] == Ended(0, "", "")
    assert play("__complete", "check", "info", HOME="/nonexistent") == Ended(0, "", "")
