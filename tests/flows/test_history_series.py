"""Charts of the history of an event, and the events of an entity as they were."""

from sensu.clock import SystemClock
from sensu.resources.event import Event
from sensu.testing.factories import make_check, make_entity, make_event
from tests.flows.operator_world import OWN, Operator, rule

EVENT = f"{OWN}/events/web1/http"
ENTITY = f"{OWN}/entities/web1"


def result(at: int, status: int, check: str = "http", output: str = "") -> Event:
    made = make_check(
        check, status, executed=at, duration=0.5, output=output, output_metric_format="graphite_plaintext"
    )
    return make_event(make_entity("web1"), made)


def start() -> int:
    return int(SystemClock().now()) - 3600


async def test_a_chart_shows_statuses_and_metrics(operator: Operator) -> None:
    """Statuses, durations and the metrics of kept outputs come in buckets of the period that is asked for."""
    at = start()
    for number in range(20):
        await operator.report(result(at + number * 60, 2 * (number >= 10), output=f"cpu {number} {at}\n"))
    period = f"from={at}&to={at + 1199}"
    found = await operator.get(f"{EVENT}/history/series?{period}&points=4")
    assert [(one["status"], one["critical"], one["passing"]) for one in found["buckets"]] == [
        (0, 0, 5),
        (0, 0, 5),
        (2, 5, 0),
        (2, 5, 0),
    ]
    assert (found["complete"], found["buckets"][0]["duration"]) == (True, [0.5, 0.5, 0.5])
    metrics = await operator.get(f"{EVENT}/history/metrics?{period}&points=4&name=c")
    (cpu,) = metrics["series"]
    assert (cpu["name"], [point[1] for point in cpu["points"]]) == ("cpu", [2.0, 7.0, 12.0, 17.0])


async def test_the_past_is_shown_as_it_was(operator: Operator) -> None:
    """At a time, an event has the status of its last result before, since its last change before."""
    at = start()
    await operator.report(result(at, 0), result(at, 1, "disk"))
    await operator.report(*(result(at + number * 60, 2, output=f"cpu {number} 1") for number in (1, 2, 3)))
    await operator.report(result(at + 240, 0))
    then = await operator.get(f"{EVENT}/at?time={at + 150}")
    assert (then["status"], then["since"], then["executed"], then["output"]) == (2, at + 60, at + 120, "cpu 2 1")
    assert (await operator.get(f"{EVENT}/at?time={at + 10}"))["status"] == 0
    assert (await operator.ask("GET", f"{EVENT}/at?time={at - 10}"))[0] == 404
    found = await operator.get(f"{ENTITY}/at?time={at + 150}")
    assert [(one["check"], one["status"]) for one in found["events"]] == [("disk", 1), ("http", 2)]
    assert found["complete"]


async def test_wrong_questions_are_refused(operator: Operator) -> None:
    """Periods and numbers beyond the limits are named, and rights are those of the event."""
    await operator.report(result(start(), 0))
    for query, why in (
        ("points=0001001", "points must be between 1 and 1000"),
        ("from=1&to=999999999", "the period must not be longer than 90 days"),
        ("from=9&to=5", "from must not be after to"),
        ("from=yesterday", "yesterday"),
    ):
        for what in ("series", "metrics"):
            status, answer = await operator.ask("GET", f"{EVENT}/history/{what}?{query}")
            assert (status, why in answer["message"]) == (400, True), (query, answer)
    assert (await operator.ask("GET", f"{EVENT}/at"))[0] == 400
    assert (await operator.ask("GET", f"{OWN}/events/web1/absent/history/series"))[0] == 404
    bob = await operator.with_rules(rule("events", "get", ["web1/other"]))
    for path in (f"{EVENT}/history/series", f"{EVENT}/history/metrics", f"{EVENT}/at?time=1", f"{ENTITY}/at?time=1"):
        assert (await bob.ask("GET", path))[0] == 403, path
