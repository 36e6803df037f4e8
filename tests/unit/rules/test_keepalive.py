import pytest

from sensu.resources.check import CheckHistory
from sensu.resources.entity import Deregistration, System
from sensu.rules.keepalive import (
    arrived_meanwhile,
    deregistration_event,
    keepalive_event,
    missing,
    next_failure_s,
    registration_event,
    resolved_by_deregistration,
    seen_entity,
    warning_timeout_s,
)
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive

NOW = 1_700_000_000


def test_an_agent_takes_over_the_proxy_entity_of_its_name() -> None:
    """A proxy entity under whose name an agent connects is an agent from then on, with its labels kept."""
    stored = make_entity(entity_class="proxy", labels={"room": "b12"})
    seen = seen_entity(stored, make_keepalive(make_entity(sensu_agent_version="6"), timestamp=int(NOW)))
    assert (seen.entity_class, seen.metadata.labels, seen.sensu_agent_version) == ("agent", {"room": "b12"}, "6")
    other = seen_entity(stored, make_keepalive(make_entity(entity_class="proxy"), timestamp=int(NOW)))
    assert other.entity_class == "proxy"


@pytest.mark.parametrize(("timeout", "critical", "expected"), [(60, 0, 60), (0, 0, 120), (0, 240, 240), (60, 240, 60)])
def test_when_the_first_failure_event_is_due(timeout: int, critical: int, expected: int) -> None:
    """The warning time-out counts, by default two minutes; without a warning stage the critical one."""
    assert warning_timeout_s(make_check(timeout=timeout, ttl=critical)) == expected


@pytest.mark.parametrize(
    ("warning", "critical", "expected"),
    [
        (120, 0, [120, 240, 360]),
        (120, 240, [120, 240, 360, 480]),
        (120, 200, [120, 200, 360, 480]),
        (5, 12, [5, 10, 12, 20, 25]),
        (60, 60, [60, 120, 180]),
    ],
)
def test_failure_events_come_at_each_warning_timeout_and_at_the_critical_one(
    warning: int, critical: int, expected: list[int]
) -> None:
    """The critical event comes at its own time; later ones at multiples, at least a warning timeout apart."""
    due, found = float(warning), []
    for _ in expected:
        found.append(due)
        due = next_failure_s(due + 0.2, warning, critical)
    assert found == expected


def test_an_event_for_each_keepalive() -> None:
    """The event has the agent's time-outs, the handler of its entity or the default one, and this backend's time."""
    keepalive = make_keepalive(timestamp=NOW - 3, timeout=60, critical=180, sequence=9)
    event = keepalive_event(keepalive, NOW + 0.7, "an-id")
    check, entity = event.check, event.entity
    assert check and entity
    assert check.output == "Keepalive last sent from web1 at 2023-11-14 22:13:17 +0000 UTC"
    assert (check.timeout, check.ttl, check.interval, check.handlers) == (60, 180, 20, ("keepalive",))
    assert (check.executed, check.issued, event.timestamp, entity.last_seen) == (NOW, NOW, NOW, NOW - 3)
    assert (event.id, event.sequence, check.scheduler) == ("an-id", 9, "etcd")
    own = keepalive_event(make_keepalive(make_entity(keepalive_handlers=("pager",)), timestamp=NOW), NOW, "x")
    assert own.check and own.check.handlers == ("pager",)


def test_a_time_beyond_all_calendars_is_told_in_seconds() -> None:
    """A keepalive with an absurd time is an event too."""
    event = keepalive_event(make_keepalive(timestamp=10**18), NOW, "x")
    assert event.check and "1000000000000000000 seconds" in event.check.output


def test_what_people_set_stays_and_what_is_seen_changes() -> None:
    """Of a known entity only system, version and time are taken from its keepalive."""
    stored = make_entity(labels={"k": "v"}, subscriptions=["stored"])
    sent = make_entity(subscriptions=["sent"], system=System(os="linux"), sensu_agent_version="7")
    entity = seen_entity(stored, make_keepalive(sent, timestamp=NOW))
    assert (entity.metadata, entity.subscriptions) == (stored.metadata, stored.subscriptions)
    assert (entity.system.os, entity.sensu_agent_version, entity.last_seen) == ("linux", "7", NOW)
    assert seen_entity(None, make_keepalive(sent, timestamp=NOW)).subscriptions == ("sent", "entity:web1")


MANAGED = {"sensu.io/managed_by": "sensu-agent"}


@pytest.mark.parametrize(
    ("stored", "sent", "sequence", "taken"),
    [
        (MANAGED, MANAGED, 1, True),
        (MANAGED, MANAGED, 2, False),
        ({}, MANAGED, 1, True),
        ({}, MANAGED, 0, False),
        (MANAGED, {}, 5, True),
        ({}, {}, 1, False),
    ],
)
def test_an_agent_may_manage_its_entity(stored: dict, sent: dict, sequence: int, taken: bool) -> None:
    """A managing agent sets the configuration at its session's start; one that stopped managing gives its own."""
    keepalive = make_keepalive(make_entity(labels={**sent, "from": "agent"}), timestamp=NOW, sequence=sequence)
    entity = seen_entity(make_entity(labels={**stored, "from": "store"}), keepalive)
    assert (entity.metadata.labels["from"] == "agent") is taken


def test_notices_of_beginning_and_end() -> None:
    """Registration goes to the handler of that name, deregistration to the entity's own or the backend's default."""
    begin = registration_event(make_entity(), NOW)
    assert begin.check and (begin.check.metadata.name, begin.check.handlers) == ("registration", ("registration",))
    assert (begin.check.status, begin.check.interval, begin.id, begin.timestamp) == (1, 1, None, NOW)
    assert deregistration_event(make_entity(), NOW, "x") is None
    default = deregistration_event(make_entity(), NOW, "x", "inventory")
    assert default
    assert default.check
    assert default.check.handlers == ("inventory",)
    end = deregistration_event(make_entity(deregistration=Deregistration(handler="cmdb")), NOW, "x")
    assert end and end.check
    assert (end.check.metadata.name, end.check.handlers, end.id) == ("deregistration", ("cmdb",), "x")


def test_the_end_of_an_entity_resolves_its_checks() -> None:
    """The last event of a deregistered entity's check is passing, says why, and has no history."""
    event = resolved_by_deregistration(make_event(check=make_check(status=2, state="failing")))
    assert event.check
    assert (event.check.status, event.check.state, event.check.history) == (0, "passing", ())
    assert event.check.output == "Resolving due to entity deregistering"


@pytest.mark.parametrize(
    ("missing_s", "status", "text", "due_after_s"),
    [(120.3, 1, "120 seconds (>= 120)", 79.7), (200.0, 2, "200 seconds (>= 200)", 160), (-50, 1, "120 seconds", 80)],
)
def test_a_failure_event_says_how_long_the_keepalive_is_missing(missing_s, status, text, due_after_s) -> None:
    """Status, output and repetition follow from the time since the last keepalive, even if the clock was set."""
    event = keepalive_event(make_keepalive(timestamp=NOW, critical=200), NOW, "x")
    assert event.check
    stored = make_event(check=make_check("keepalive", timeout=120, ttl=200, last_ok=NOW))
    found = missing(stored, make_entity(), NOW + missing_s, "y")
    assert found.event.check and found.event.check.status == status
    assert f"No keepalive sent from web1 for {text}" in found.event.check.output
    assert found.due_after_s == pytest.approx(due_after_s)
    assert (found.event.id, found.event.timestamp) == ("y", int(NOW + missing_s))


@pytest.mark.parametrize(
    ("status", "age_s", "expected"), [(0, 5, True), (0, 119, False), (0, 300, False), (1, 5, False), (0, -5, False)]
)
def test_a_fresh_keepalive_replaces_an_expired_deadline(status: int, age_s: int, expected: bool) -> None:
    """Only a keepalive well within its timeout means that the agent reconnected before its deadline was processed."""
    check = make_check("keepalive", status, executed=NOW - age_s, timeout=120)
    assert arrived_meanwhile(make_event(check=check), NOW) is expected


@pytest.mark.parametrize(
    ("failures", "status", "missing_s", "due_after_s"),
    [(0, 1, 120, 80), (1, 2, 200, 160), (2, 2, 200, 160), (30, 2, 200, 160)],
)
def test_a_missing_keepalive_becomes_critical_if_the_clock_was_set_back(
    failures, status, missing_s, due_after_s
) -> None:
    """The number of failures is a lower limit of the time, if by the clock the agent has just been connected."""
    history = (CheckHistory(status=0, executed=NOW), *[CheckHistory(status=1, executed=NOW)] * failures)[-21:]
    stored = make_event(check=make_check("keepalive", timeout=120, ttl=200, last_ok=NOW, history=history))
    found = missing(stored, make_entity(), NOW - 3600, "y")
    assert found.event.check and found.event.check.status == status
    assert f"for {missing_s} seconds" in found.event.check.output
    assert found.due_after_s == pytest.approx(due_after_s)
