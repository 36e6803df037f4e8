"""The result of a query to Prometheus, or to another server with its API."""

from __future__ import annotations

import json
import math
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sensu_check import clock
from sensu_check.checks.http import add_access, followed, url_argument
from sensu_check.finding import Failed, Finding, Measure, Status, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.ranges import PLAIN, plain

EXAMPLES = (
    "http://prometheus.example.org:9090 --query 'up == 0' --alert-when any",
    "http://127.0.0.1:9090 --query 'sum(rate(http_requests_total[5m]))' -w 10: -c 1:",
    "https://prom.example.org --query 'absent(up{job=\"api\"})' --alert-when any --alert-status warning",
)
SERIES_SHOWN_MAX = 10


class _Value(NamedTuple):
    """One value of the result, and the series that it belongs to."""

    series: str
    value: float


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("url", metavar="URL", type=url_argument, help="address of the server, without /api")
    parser.add_argument("--query", metavar="PROMQL", required=True, help="query for one moment")
    add_thresholds(parser, "each value of the result", PLAIN)
    parser.add_argument(
        "--alert-when",
        choices=("any", "none"),
        help="alert if the result has any series, as alerting rules do, or if it has none",
    )
    parser.add_argument(
        "--alert-status",
        choices=("warning", "critical"),
        default="critical",
        help="status of that alert (default: critical)",
    )
    add_access(parser)


def check(args: Namespace) -> Finding:
    """Ask, and compare the result."""
    if args.alert_when is None and args.warning is None and args.critical is None:
        raise Unknown("say when to alert: use --alert-when, or --warning and --critical")
    values = _result(args)
    details = [f"{one.series}: {_shown(one.value)}" for one in values]
    if args.alert_when is not None:
        alerts = bool(values) is (args.alert_when == "any")
        status = Status[args.alert_status.upper()] if alerts else Status.OK
        return Finding(_text(values), [Measure("series", len(values), "", None, None, 0)], status, details)
    if not values:
        raise Unknown("the result is empty: use --alert-when if it may be")
    odd = [one.series for one in values if not math.isfinite(one.value)]
    if odd:
        raise Unknown(f"the value of {odd[0]} is not a number")
    measures = [Measure(one.series, one.value, "", args.warning, args.critical) for one in values]
    return Finding(_text(values), measures[:SERIES_SHOWN_MAX], max(one.status for one in measures), details)


def _text(values: Sequence[_Value]) -> str:
    if not values:
        return "no result"
    more = f" and {len(values) - SERIES_SHOWN_MAX} more" if len(values) > SERIES_SHOWN_MAX else ""
    return ", ".join(f"{one.series} is {_shown(one.value)}" for one in values[:SERIES_SHOWN_MAX]) + more


def _shown(value: float) -> str:
    return plain(value) if math.isfinite(value) else str(value)


def _result(args: Namespace) -> Sequence[_Value]:
    """The values that the server answers with; raises Failed."""
    base = args.url
    request = Namespace(
        **{
            **vars(args),
            "url": base._replace(path=f"{base.path.rstrip('/')}/api/v1/query"),
            "method": "POST",
            "data": urlencode({"query": args.query}),
            "header": [("Content-Type", "application/x-www-form-urlencoded")],
            "redirects": 0,
        }
    )
    answer, _, _ = followed(request, clock.monotonic() + args.timeout)
    try:
        body = json.loads(answer.body)
        if body["status"] == "success":
            return [*_values(body["data"]["resultType"], body["data"]["result"])]
        problem = str(body["error"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise Failed(f"the answer with the status {answer.status} is not that of Prometheus") from None
    # A wrong query is a mistake in this check and says nothing about what it watches.
    raise Unknown(problem) if answer.status in (400, 422) else Failed(problem)


def _values(kind: str, result: Any) -> Iterable[_Value]:
    if kind == "scalar":
        yield _Value("value", float(result[1]))
    elif kind == "vector":
        yield from (_Value(_name(one["metric"]), float(one["value"][1])) for one in result)
    else:
        raise Unknown(f"the result is a {kind}: use a query for one moment")


def _name(metric: Mapping[str, str]) -> str:
    labels = ",".join(f"{name}={value}" for name, value in sorted(metric.items()) if name != "__name__")
    name = metric.get("__name__", "")
    return f"{name}{{{labels}}}" if labels else name or "value"
