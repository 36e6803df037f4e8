"""Points of an event in the text format of Prometheus."""

from sensu.resources.metrics import MetricPoint, Metrics, MetricTag
from sensu.rules.metrics.exposition import exposition_of
from sensu.rules.metrics.prometheus import points
from sensu.testing.factories import make_check, make_entity, make_event

NOW = 1_700_000_000


def tags(**named: str) -> tuple[MetricTag, ...]:
    return tuple(MetricTag(name=name, value=value) for name, value in named.items())


def test_what_is_written_can_be_read_again() -> None:
    """Names, values, times and labels are those of the points; entity and check are labels unless tags name them."""
    found = (
        MetricPoint(name="requests_total", value=12, timestamp=NOW, tags=tags(path='a"b\\c', prom_help="how many")),
        MetricPoint(name="cpu.load-1", value=0.25, timestamp=NOW * 10**9, tags=tags(entity="other")),
    )
    event = make_event(make_entity("web1"), make_check("http"), metrics=Metrics(points=found))
    read = list(points(exposition_of(event), NOW, []))
    assert [(point["name"], point["value"], point["timestamp"]) for point in read] == [  # type: ignore[index]
        ("requests_total", 12.0, NOW),
        ("cpu_load_1", 0.25, NOW),
    ]
    labels = [{tag["name"]: tag["value"] for tag in point["tags"]} for point in read]  # type: ignore[index]
    assert {**labels[0], "prom_type": ""} == {"entity": "web1", "check": "http", "path": 'a"b\\c', "prom_type": ""}
    assert labels[1]["entity"] == "other"


def test_an_event_without_points_gives_no_text() -> None:
    """Events without metrics, and metrics without points, have nothing to write."""
    assert exposition_of(make_event(make_entity(), make_check())) == ""
    assert exposition_of(make_event(make_entity(), make_check(), metrics=Metrics())) == ""
