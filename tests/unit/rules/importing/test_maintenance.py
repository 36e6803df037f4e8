"""Maintenance windows of other systems as subdues of checks."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sensu.rules.importing import gatus, uptime_kuma
from sensu.rules.importing.imported import Imported
from sensu.rules.importing.maintenance import once, repeated
from sensu.rules.time_windows import subdued, validate_subdue
from tests.unit.rules.importing.imports import checks


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOW = at("2026-11-28T12:00:00")
"""A Saturday."""


def test_a_window_is_open_at_its_time_of_day_in_its_zone() -> None:
    """A window that began before midnight is open after it, also on the day of the import."""
    window = repeated("23:00", 7200, "Europe/Berlin", ["daily"], NOW)
    assert window is not None
    validate_subdue(window.spec())
    opened = [
        text
        for text in ("2026-11-28T21:59:00", "2026-11-28T22:00:00", "2026-11-28T23:59:00", "2026-11-29T00:01:00")
        if subdued(window.spec(), at(text))
    ]
    assert opened == ["2026-11-28T22:00:00", "2026-11-28T23:59:00"]
    [review] = window.reviews()
    assert review.text == "a maintenance window has the offset +0100: it does not follow daylight saving time"
    plain = repeated("23:00", 7200, "", ["mondays"], NOW)
    assert plain is not None
    assert plain.reviews() == []
    assert [subdued(plain.spec(), at(f"2026-11-{day}T23:30:00")) for day in (28, 29, 30)] == [False, False, True]


@pytest.mark.parametrize(
    ("start", "duration", "zone"),
    [
        ("25:00", 60, ""),
        ("x", 60, ""),
        ("10:00", 0, ""),
        ("10:00", 1e9, ""),
        ("10:00", 60, "Nowhere/At_All"),
        ("10:00", 60, "../x"),
    ],
)
def test_a_window_that_is_not_understood_is_none(start: str, duration: float, zone: str) -> None:
    """Nothing is guessed."""
    assert repeated(start, duration, zone, ["daily"], NOW) is None


def test_a_window_that_is_open_once_has_its_offset() -> None:
    """Times without an offset are those of the zone."""
    window = once("2026-12-01 22:00:00", "2026-12-02 02:00:00", "America/New_York")
    assert window is not None
    assert window.spec() == {"begin": "2026-12-01T22:00:00-05:00", "end": "2026-12-02T02:00:00-05:00"}
    assert once("2026-12-02 22:00", "2026-12-01 02:00", "") is None
    assert once("None", "x", "") is None


def test_windows_of_gatus_are_those_of_all_its_checks_or_of_one() -> None:
    """The days are names, and a window that is not enabled is left out."""
    everywhere = {"start": "02:00", "duration": "1h", "every": ["Monday", "Thursday"]}
    own = [{"start": "07:30", "duration": "40m"}, {"start": "08:00", "duration": "1h", "enabled": False}, {"start": 9}]
    endpoints = [{"name": "a", "url": "http://a"}, {"name": "b", "url": "http://b", "maintenance-windows": own}]
    imported = gatus.imported_from({"maintenance": everywhere, "endpoints": endpoints}, "s", NOW)
    windows = {name: spec["subdues"] for name, spec in checks(imported).items()}
    first = {
        "begin": "2026-11-27T02:00:00+00:00",
        "end": "2026-11-27T03:00:00+00:00",
        "repeat": ["mondays", "thursdays"],
    }
    assert windows["a"] == [first]
    assert [one["repeat"] for one in windows["b"]] == [first["repeat"], ["daily"]]
    texts = [review.text for one in imported.resources for review in one.reviews]
    assert texts == ["a maintenance window is not taken: plan it as `subdues`"]


def kuma(*plans: dict[str, Any]) -> Imported:
    monitors = [
        {"id": 1, "name": "m", "type": "ping", "hostname": "h"},
        {"id": 2, "name": "n", "type": "ping", "hostname": "h"},
    ]
    return uptime_kuma.imported_from({"monitorList": monitors, "maintenanceList": list(plans)}, "s", NOW)


def test_plans_of_uptime_kuma_are_those_of_their_monitors() -> None:
    """Single, weekly and daily plans are windows; others are named."""
    imported = kuma(
        {"title": "once", "strategy": "single", "start_date": "2026-12-01 22:00:00", "end_date": "2026-12-02 02:00:00"}
        | {"monitors": [1]},
        {"title": "weekly", "strategy": "recurring-weekday", "weekdays": "[1, 7]", "start_time": "02:00:00"}
        | {"duration": 3600, "timezone": "SAME_AS_SERVER", "monitors": [1, 2]},
        {"title": "nightly", "strategy": "recurring-interval", "interval_day": 1, "start_time": "03:00", "duration": 60}
        | {"monitors": [2]},
        {"title": "off", "strategy": "single", "active": 0, "monitors": [1]},
        {"title": "cron", "strategy": "cron", "cron": "0 2 * * *", "duration": 60, "monitors": [1]},
    )
    windows = {name: [one.get("repeat") for one in spec["subdues"]] for name, spec in checks(imported).items()}
    assert windows == {"m": [None, ["mondays", "sundays"]], "n": [["mondays", "sundays"], ["daily"]]}
    assert [one.what for one in imported.not_taken] == ['maintenance "cron"']
