import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.event import Event
from sensu.resources.silenced import Silenced
from sensu.rules.silencing import SilenceIndex, ended_by_resolution, in_force, silences, subject_of
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_silence


def silenced_by(silence: Silenced, event: Event) -> bool:
    subject = subject_of(event)
    return subject is not None and silences(silence, subject)


def event_of(entity_subscriptions=("linux",), check_subscriptions=("linux",), **check: object):
    return make_event(
        make_entity("srv", subscriptions=entity_subscriptions),
        make_check("http", subscriptions=check_subscriptions, **check),
    )


@pytest.mark.parametrize(
    ("silence", "expected"),
    [
        (make_silence(check="http"), True),
        (make_silence(check="*", subscription="linux"), True),
        (make_silence(check="other"), False),
        (make_silence("linux"), True),
        (make_silence("linux", "http"), True),
        (make_silence("linux", "other"), False),
        (make_silence("entity:srv"), True),
        (make_silence("entity:srv2"), False),
        (make_silence("db"), False),
        (make_silence("web"), False),
        (make_silence("*", "http"), True),
    ],
)
def test_a_silence_is_about_a_check_a_subscription_or_both(silence: Silenced, expected: bool) -> None:
    """A subscription silences what both check and entity have; an entity's own one silences all of its events."""
    event = event_of(("linux", "web"), ("linux", "db"))
    assert silenced_by(silence, event) is expected
    assert bool(SilenceIndex([silence]).matching(event, 0)) is expected


def test_a_check_on_behalf_of_an_entity_is_silenced_by_all_its_subscriptions() -> None:
    """With a proxy entity name the check's own subscriptions do not matter."""
    silence = make_silence("web")
    assert not silenced_by(silence, event_of(("web",), ("linux",)))
    assert silenced_by(silence, event_of(("web",), ("linux",), proxy_entity_name="srv"))


def test_metrics_alone_are_never_silenced() -> None:
    """An event without a check falls under no silence."""
    assert not silenced_by(make_silence(check="*", subscription="*"), make_metrics_event())
    assert SilenceIndex([make_silence("*", "*")]).matching(make_metrics_event(), 0) == []


@pytest.mark.parametrize(
    ("begin", "expire_at", "now", "expected"),
    [(0, 0, 5, True), (10, 0, 9, False), (10, 0, 10, True), (10, 20, 19.9, True), (10, 20, 20, False)],
)
def test_a_silence_holds_from_its_begin_until_before_its_end(begin, expire_at, now, expected) -> None:
    """A silence holds at its first second and no longer at its last."""
    assert in_force(make_silence("linux", begin=begin, expire_at=expire_at), now) is expected


_names = st.sampled_from(["", "*", "linux", "web", "entity:srv", "entity:x"])
_checks = st.sampled_from(["", "*", "http", "ping"])
_some = st.lists(st.sampled_from(["linux", "web", "db"]), max_size=3)


@given(
    st.lists(st.tuples(_names, _checks, st.integers(0, 3), st.integers(0, 3)), max_size=12), _some, _some, st.booleans()
)
def test_the_index_finds_what_a_search_finds(entries, entity_subscriptions, check_subscriptions, proxied) -> None:
    """Looking silences up gives exactly those that a look at each one gives, by name."""
    all_of_them = [
        make_silence(subscription, check, begin=begin, expire_at=end) for subscription, check, begin, end in entries
    ]
    event = event_of(entity_subscriptions, tuple(check_subscriptions), proxy_entity_name="srv" if proxied else "")
    expected = [entry for entry in all_of_them if silenced_by(entry, event) and in_force(entry, 2)]
    found = SilenceIndex(all_of_them).matching(event, 2)
    assert sorted(map(id, found)) == sorted(map(id, expected))
    assert [entry.metadata.name for entry in found] == sorted(entry.metadata.name for entry in expected)


@pytest.mark.parametrize(("before", "now", "ends"), [(2, 0, True), (0, 0, False), (2, 2, False), (0, 2, False)])
def test_only_a_resolution_ends_silences_that_expire_on_resolve(before: int, now: int, ends: bool) -> None:
    """A silence that expires on resolve ends with the first passing result after a failing one."""
    expiring, lasting = make_silence("linux", expire_on_resolve=True), make_silence("web")
    assert ended_by_resolution([expiring, lasting], before, now) == ([expiring] if ends else [])
