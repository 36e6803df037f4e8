"""Silences as clients send them: names, creators and times are completed."""

import pytest

from sensu.resources.metadata import ObjectMeta
from sensu.resources.silenced import Silenced
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.kinds.silenced import SilenceLimits, completed, name_of_entry

NOW = 1_700_000_000.9


@pytest.mark.parametrize(
    ("subscription", "check", "name"),
    [
        ("linux", "", "linux:*"),
        ("", "cpu", "*:cpu"),
        ("linux", "cpu", "linux:cpu"),
        ("*", "cpu", "*:cpu"),
        ("entity:web-1", "disk", "entity:web-1:disk"),
    ],
)
def test_the_name_is_computed_from_subscription_and_check(subscription: str, check: str, name: str) -> None:
    """Whatever name a client sends, a silence is called by what it silences."""
    assert name_of_entry(subscription, check) == name
    sent = Silenced(
        metadata=ObjectMeta(name="mine", namespace="n", labels={"a": "b"}), subscription=subscription, check=check
    )
    kept = completed(sent, "admin", NOW)
    assert kept.metadata == ObjectMeta(name=name, namespace="n", labels={"a": "b"}, created_by="admin")


def test_the_creator_is_who_asked() -> None:
    """A client cannot say that somebody else made a silence."""
    kept = completed(Silenced(subscription="a", creator="someone"), "admin", NOW)
    assert kept.creator == "admin"


@pytest.mark.parametrize(
    ("begin", "expire", "expire_at", "kept"),
    [
        (0, 0, 0, (1_700_000_000, 0, 0)),
        (0, 3600, 0, (1_700_000_000, 3600, 1_700_003_600)),
        (1_700_000_500, 60, 0, (1_700_000_500, 60, 1_700_000_560)),
        (0, 0, 1_700_001_800, (1_700_000_000, 0, 1_700_001_800)),
        (0, 60, 1_700_001_800, (1_700_000_000, 60, 1_700_001_800)),
        (0, -1, 0, (1_700_000_000, -1, 0)),
        (1_600_000_000, 60, 0, (1_600_000_000, 60, 1_600_000_060)),
    ],
)
def test_a_silence_begins_now_and_ends_after_its_seconds(
    begin: int, expire: int, expire_at: int, kept: tuple[int, int, int]
) -> None:
    """Begin defaults to now, and the end counts from the begin unless the client names it."""
    entry = completed(Silenced(subscription="a", begin=begin, expire=expire, expire_at=expire_at), "admin", NOW)
    assert (entry.begin, entry.expire, entry.expire_at) == kept


def test_a_silence_without_an_end_gets_the_configured_one() -> None:
    """Only a silence that names no end gets it, counted from its beginning."""
    limits = SilenceLimits(default_s=3600)
    open_end = limits.applied(completed(Silenced(subscription="a", begin=2_000_000_000), "admin", NOW))
    assert isinstance(open_end, Silenced)
    assert (open_end.expire, open_end.expire_at) == (3600, 2_000_003_600)
    own_end = completed(Silenced(subscription="a", expire=7200), "admin", NOW)
    assert limits.applied(own_end) == own_end


@pytest.mark.parametrize(
    ("sent", "accepted"),
    [
        (Silenced(subscription="a", expire=86_400), True),
        (Silenced(subscription="a", expire=86_401), False),
        (Silenced(subscription="a", expire_at=int(NOW) + 86_401), False),
        (Silenced(subscription="a", begin=2_000_000_000, expire=60), True),
        (Silenced(subscription="a"), False),
        (Silenced(subscription="a", expire_on_resolve=True), False),
    ],
)
def test_a_silence_that_would_last_too_long_is_refused(sent: Silenced, accepted: bool) -> None:
    """The longest time counts from the beginning; a silence without an end lasts too long."""
    found = SilenceLimits(max_s=86_400).applied(completed(sent, "admin", NOW))
    assert isinstance(found, Silenced) is accepted
    if not accepted:
        assert found == FieldProblem(
            "expire", "expire must be set, and the silence must end within 24h0m0s of its begin"
        )
