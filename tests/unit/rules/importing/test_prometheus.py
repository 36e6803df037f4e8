"""Alerting rules of Prometheus as checks."""

from sensu.files.values import values_of
from sensu.resources.kinds import CHECK
from sensu.rules.importing.imported import Imported
from sensu.rules.importing.prometheus import imported_from
from tests.unit.rules.importing.imports import SAMPLES, checks, documents, read_by_sensu_check, words_of

URL = "http://prom.example.org:9090/base"


def sample() -> Imported:
    return imported_from([value for _, value in values_of((SAMPLES / "rules.yml").read_text())], URL, "pollers")


def test_every_alert_becomes_a_check_that_asks_prometheus() -> None:
    """The expression is the query, and any result is an alert with the status of the severity."""
    commands = {name: read_by_sensu_check(spec["command"]) for name, spec in checks(sample()).items()}
    assert {name: (one.alert_when, one.alert_status) for name, one in commands.items()} == {
        "HighErrorRate": ("any", "critical"),
        "Slow": ("any", "warning"),
        "Odd": ("any", "critical"),
        "DiskFull": ("any", "critical"),
    }
    assert {one.url.geturl() for one in commands.values()} == {URL}
    assert commands["Slow"].query == "latency > 2"
    assert commands["HighErrorRate"].query == 'job:errors:rate5m{job="api"}\n  > 0.5'
    assert "job:errors:rate5m" in words_of(checks(sample())["HighErrorRate"]["command"])[4]


def test_the_time_that_an_alert_is_pending_is_a_number_of_attempts() -> None:
    """`for` and the interval of the group say how many failures in a row there must be."""
    found = documents(sample(), CHECK)
    intervals = {name: one["spec"]["interval"] for name, one in found.items()}
    attempts = {name: one["metadata"]["annotations"].get("attempts") for name, one in found.items()}
    assert (intervals["HighErrorRate"], attempts["HighErrorRate"]) == (15, "5")
    assert (intervals["DiskFull"], attempts["DiskFull"]) == (30, "21")
    assert attempts["Slow"] is None


def test_texts_have_names_in_the_place_of_templates() -> None:
    """An agent that found a template of Prometheus would refuse to run the check."""
    metadata = documents(sample(), CHECK)["HighErrorRate"]["metadata"]
    assert metadata["annotations"]["summary"] == "<instance> has <value> errors"
    assert metadata["annotations"]["runbook_url"] == "https://wiki.example.org/errors"
    assert "{{" not in metadata["annotations"]["graph"]
    assert metadata["labels"] == {"team": "shop", "severity": "page", "group": "web"}


def test_what_is_not_taken_has_a_reason() -> None:
    """Recording rules and rules without an expression are named; settings without a counterpart are reviewed."""
    imported = sample()
    assert [one.what for one in imported.not_taken] == [
        'a rule of the group "web"',
        'recording rules of the group "web" (1)',
    ]
    reviews = {one.name: [review.text for review in one.reviews] for one in imported.resources}
    assert "the label where had a template, and is left out" in reviews["HighErrorRate"]
    assert any("keep_firing_for" in text for text in reviews["Odd"])
    assert any('"info"' in text for text in reviews["Odd"])
    assert not imported_from(["x", {"groups": [{"rules": 3}, 5]}, {"groups": {}}], URL, "s").resources
