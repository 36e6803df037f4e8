"""Endpoints and alerts of Gatus as resources."""

from typing import Any

import pytest

from sensu.files.values import values_of
from sensu.resources.kinds import CHECK, HANDLER, SECRET
from sensu.rules.importing.gatus import imported_from
from sensu.rules.importing.gatus_conditions import expectations_of
from sensu.rules.importing.imported import Imported
from sensu_check.json_path import Condition
from tests.unit.rules.importing.imports import SAMPLES, checks, documents, read_by_sensu_check, words_of

NOW = 1_790_000_000.0


def sample() -> Imported:
    [(_, config)] = values_of((SAMPLES / "gatus.yaml").read_text())
    return imported_from(config, "pollers", NOW)


def test_every_endpoint_becomes_a_check_or_is_named_with_the_reason() -> None:
    """Nothing is dropped silently, and sensu-check accepts every command."""
    imported = sample()
    commands = {name: spec["command"] for name, spec in checks(imported).items()}
    assert {name: command.split()[1] for name, command in commands.items()} == {
        "shop-website": "http",
        "any-status": "http",
        "resolver": "dns",
        "redis": "tcp",
        "gateway": "ping",
        "mail": "tls",
        "shell": "ssh",
    }
    for command in commands.values():
        read_by_sensu_check(command)
    reasons = {one.what: one.why for one in imported.not_taken}
    assert list(reasons) == [
        'alerts of the type "custom"',
        'endpoint "socket"',
        'endpoint "signed in"',
        'endpoint "nothing"',
        'external endpoint "backup"',
        'suite "workflow"',
    ]
    assert '"ttl": 1800' in reasons['external endpoint "backup"']


def test_conditions_are_flags() -> None:
    """Status, time, body and certificate are checked as before; what no flag can express is left for review."""
    imported = sample()
    spec = checks(imported)["shop-website"]
    arguments = read_by_sensu_check(spec["command"])
    assert arguments.status == ["200", "429"]
    assert arguments.critical.alerts(0.301)
    assert not arguments.critical.alerts(0.3)
    bodies = [
        {"status": "UP", "items": [1, 2, 3], "region": "eu-1"},
        {"status": "DOWN", "items": [1], "region": "us", "errors": 0},
    ]
    problems = [[one.problem(body) is None for one in arguments.json] for body in bodies]
    assert problems == [[True] * 4, [False] * 4]
    assert arguments.expires_critical.alerts(1.9)
    assert not arguments.expires_critical.alerts(2.1)
    [check] = [one for one in imported.resources if one.name == "shop-website"]
    assert "condition not taken: [DOMAIN_EXPIRATION] > 720h" in [one.text for one in check.reviews]


def test_an_endpoint_without_a_condition_about_the_status_accepts_all() -> None:
    """Gatus compares only what conditions name."""
    arguments = read_by_sensu_check(checks(sample())["any-status"]["command"])
    assert arguments.status == ["1..", "2..", "3..", "4..", "5.."]
    assert arguments.regex.search("you are\nwelcome here")
    assert not arguments.regex.search("go away")
    assert (arguments.redirects, arguments.insecure, arguments.data) == (0, True, '{"a": "$5"}')


def test_variables_of_the_environment_are_secrets() -> None:
    """A value that Gatus reads from its environment is a secret of the same name, in commands and in handlers."""
    imported = sample()
    spec = checks(imported)["shop-website"]
    arguments = read_by_sensu_check(spec["command"])
    assert arguments.token_env == "SHOP_TOKEN"
    words = words_of(spec["command"], SHOP_PATH="/a b", SHOP_TOKEN="t0p")
    assert "X-Path: x/a by" in words
    assert spec["secrets"] == [
        {"name": "SHOP_TOKEN", "secret": "shop-token"},
        {"name": "SHOP_PATH", "secret": "shop-path"},
    ]
    assert documents(imported, SECRET)["shop-token"]["spec"]["id"] == "SHOP_TOKEN"
    handler = documents(imported, HANDLER)["telegram"]["spec"]
    assert handler["notify"] == {
        "urls": ["tgram://${TELEGRAM_TOKEN}/-100123/"],
        "when": ["incident"],
        "repeat": "4h0m0s",
    }
    assert handler["secrets"] == [{"name": "TELEGRAM_TOKEN", "secret": "telegram-token"}]


def test_alerts_have_the_defaults_of_their_provider() -> None:
    """Thresholds and resolved messages come from the endpoint, else from the provider, else from Gatus."""
    imported = sample()
    spec = checks(imported)["shop-website"]
    assert spec["handlers"] == ["slack", "telegram"]
    assert documents(imported, CHECK)["shop-website"]["metadata"]["annotations"]["attempts"] == "2"
    assert "when" not in documents(imported, HANDLER)["slack"]["spec"]["notify"]
    assert (spec["interval"], spec["timeout"]) == (30, 10)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("[STATUS] < 300", {"statuses": set(range(100, 300))}),
        ("[STATUS] != 200", {"statuses": set(range(100, 600)) - {200}}),
        ("[BODY][0].id == 7", {"json": ["[0].id == 7"]}),
        ("[BODY].name != pat(x*)", {"unknown": ["[BODY].name != pat(x*)"]}),
        ("[BODY].ip == any(127.0.0.1, ::1)", {"json": [r"ip =~ ^(?:127\.0\.0\.1|::1)$"]}),
        ("[BODY].id == any(1, 2)", {"unknown": ["[BODY].id == any(1, 2)"]}),
        ("[BODY].age == [BODY].id", {"unknown": ["[BODY].age == [BODY].id"]}),
        ("[BODY] == 1", {"body": r"(?s)\A1\Z"}),
        ("[IP] == pat(192.*)", {"unknown": ["[IP] == pat(192.*)"]}),
        ("nonsense", {"unknown": ["nonsense"]}),
    ],
)
def test_a_condition_is_understood_or_left_for_review(condition: str, expected: dict[str, Any]) -> None:
    """What a flag cannot express is never taken as something else."""
    found = expectations_of([condition])
    assert {name: getattr(found, name) for name in expected} == expected
    for text in found.json:
        Condition.parsed(text)


def test_a_configuration_of_any_shape_is_refused_and_not_a_crash() -> None:
    """Values of the wrong type are left out or have their defaults."""
    odd: dict[str, Any] = {
        "alerting": [],
        "endpoints": [3, {"url": 5}, {"name": "n", "url": "http://h", "headers": 3, "interval": "x", "alerts": {}}],
        "suites": "x",
    }
    imported = imported_from(odd, "p", NOW)
    assert list(checks(imported)) == ["n"]
    assert [one.what for one in imported.not_taken] == ['endpoint "5"']
