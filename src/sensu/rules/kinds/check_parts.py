"""Rules that configured checks and checks in events share."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import Check, CheckConfig, ProxyRequests
from sensu.resources.time_window import TimeWindowRepeated, TimeWindowWhen
from sensu.rules import cron
from sensu.rules.kinds.kind_rules import FieldProblem, at_most_one, suggestion
from sensu.rules.names import (
    REMEMBERED_LENGTH_MAX,
    env_vars_problem,
    name_problem,
    runtime_assets_problem,
)
from sensu.rules.time_windows import validate_subdue, validate_when

OUTPUT_METRIC_FORMATS = frozenset(
    ("graphite_plaintext", "influxdb_line", "nagios_perfdata", "opentsdb_line", "prometheus_text")
)
INTERVAL_AND_CRON = "must only specify either an interval or a cron schedule"
TTL_NOT_ABOVE_INTERVAL = "ttl must be greater than check interval"


def cron_problem(line: str) -> str | None:
    """Why a cron line is not valid, or None."""
    return _remembered_cron_problem(line) if len(line) <= REMEMBERED_LENGTH_MAX else _cron_problem(line)


def _cron_problem(line: str) -> str | None:
    try:
        cron.parse(line)
    except InvalidResource as err:
        return f"check cron string is invalid: {err}"
    return None


_remembered_cron_problem = lru_cache(1024)(_cron_problem)


def problems_before_output(check: CheckConfig | Check) -> Iterator[FieldProblem]:
    """The rules broken among assets, subscriptions, proxies, metric format, flapping and environment, in this order."""
    if check.runtime_assets:
        yield from at_most_one("runtime_assets", runtime_assets_problem(check.runtime_assets))
    if "" in check.subscriptions:
        yield FieldProblem("subscriptions", "subscriptions cannot be empty strings")
    if check.proxy_entity_name and (why := name_problem(check.proxy_entity_name)) is not None:
        yield FieldProblem("proxy_entity_name", f"proxy entity name {why}")
    if check.proxy_requests is not None:
        yield from at_most_one("proxy_requests.splay_coverage", _proxy_requests_problem(check.proxy_requests))
    if check.output_metric_format and check.output_metric_format not in OUTPUT_METRIC_FORMATS:
        meant = suggestion(check.output_metric_format, OUTPUT_METRIC_FORMATS)
        yield FieldProblem("output_metric_format", f"output metric format is not valid{meant}")
    low, high = check.low_flap_threshold, check.high_flap_threshold
    if low and high and low >= high:
        yield FieldProblem("low_flap_threshold", "invalid flap thresholds")
    if check.env_vars:
        yield from at_most_one("env_vars", env_vars_problem(check.env_vars))


def _proxy_requests_problem(requests: ProxyRequests) -> str | None:
    if requests.splay_coverage > 100:
        return "proxy request splay coverage must be between 0 and 100"
    if requests.splay and not requests.splay_coverage:
        return "proxy request splay coverage must be greater than 0 if splay is enabled"
    return None


def windows_problems(check: CheckConfig | Check) -> Iterator[FieldProblem]:
    """The rules that the subdue windows of a check break."""
    for index, window in enumerate(check.subdues):
        why = _subdue_problem(window)
        if why is not None:
            yield FieldProblem(f"subdues[{index}]", f"subdue {index} invalid: {why}")
    yield from at_most_one("subdue", when_problem(check.subdue))


def _subdue_problem(window: TimeWindowRepeated) -> str | None:
    try:
        validate_subdue(_mapping(window))
    except InvalidResource as err:
        return str(err)
    return None


def when_problem(when: TimeWindowWhen | None) -> str | None:
    """Why windows by weekday are not valid, or None."""
    if when is None:
        return None
    try:
        validate_when(_mapping(when))
    except InvalidResource as err:
        return str(err)
    return None


def _mapping(window: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(window)
    return plain
