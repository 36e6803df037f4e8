from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.event import Event
from sensu.resources.wire import encode
from sensu.rules.silence_preview import ROWS_MAX, Counting, SilencePreview
from sensu.rules.silencing import SilenceIndex
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_silence


def event_of(entity: str = "srv", check: str = "http", status: int = 0, **fields: object) -> Event:
    subscriptions = fields.pop("subscriptions", ("linux",))
    return make_event(
        make_entity(entity, subscriptions=subscriptions),
        make_check(check, status, **{"subscriptions": subscriptions, **fields}),
    )


def preview(silence, events, others=(), now=10.0) -> SilencePreview:
    counting = Counting(silence, others, now)
    for event in events:
        counting.add(event.entity.metadata.name, encode(event))
    return counting.result({("web2", "http"): "delivered"})


def test_events_are_counted_by_status_and_the_failing_ones_come_first() -> None:
    """Warnings, critical and unknown results are told apart, and rows are sorted by severity, entity and check."""
    events = [event_of(f"web{number}", status=status) for number, status in enumerate([0, 1, 2, 3, 127, 2])]
    found = preview(make_silence("linux"), [*events, event_of("db", "ping", 2), make_metrics_event()])
    assert (found.events, found.entities) == (7, 7)
    assert (found.critical, found.warning, found.unknown, found.passing) == (3, 1, 2, 1)
    assert [row.handled for row in found.rows[:3]] == ["unknown", "delivered", "unknown"]
    assert [row.entity for row in found.rows] == ["db", "web2", "web5", "web1", "web3", "web4", "web0"]


def test_all_events_are_counted_and_the_first_are_shown() -> None:
    """The number of rows is limited, the counts are not."""
    found = preview(make_silence(check="http"), [event_of(f"web{number:02}") for number in range(50)])
    assert (found.events, len(found.rows), found.rows[-1].entity) == (50, ROWS_MAX, "web19")


def test_silences_of_the_same_events_at_the_same_time_overlap() -> None:
    """A silence that ends before this one begins, or is about other events, does not overlap; nor does it itself."""
    others = [
        make_silence("linux", begin=1),
        make_silence("web", begin=1),
        make_silence("*", "http", begin=500),
        make_silence("entity:srv", begin=1, expire_at=90),
        make_silence("linux", "http", begin=1),
    ]
    found = preview(make_silence("linux", "http", begin=100, expire_at=1000), [event_of()], others)
    assert found.overlaps == ("*:http", "linux:*")
    assert found.already == 1
    assert found.rows[0].silenced == ("entity:srv:*", "linux:*", "linux:http")


def test_a_silence_that_has_not_begun_silences_nothing_yet() -> None:
    """Only silences in force count as silencing an event already."""
    found = preview(make_silence("linux"), [event_of()], [make_silence("*", "http", begin=500)])
    assert (found.already, found.overlaps) == (0, ("*:http",))


_names = st.sampled_from(["", "*", "linux", "web", "entity:srv", "entity:x", 'od"d'])
_some = st.lists(st.sampled_from(["linux", "web", "db", "entity:x", 'od"d']), max_size=3)


@given(_names, st.sampled_from(["", "*", "http", "ping"]), _some, _some, st.booleans())
def test_exactly_those_events_are_counted_that_are_silenced_later(name, check, of_entity, of_check, proxied) -> None:
    """The preview counts an event if and only if its next result is silenced."""
    silence = make_silence(name, check)
    event = make_event(
        make_entity("srv", subscriptions=of_entity),
        make_check("http", subscriptions=tuple(of_check), proxy_entity_name="srv" if proxied else ""),
    )
    assert preview(silence, [event]).events == len(SilenceIndex([silence]).matching(event, 10.0))
