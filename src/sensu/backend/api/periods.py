"""Reads the times and periods that requests name in their queries."""

from sensu.backend.api.request import Request
from sensu.backend.services.history import Period
from sensu.backend.services.outcomes import Invalid
from sensu.errors import InvalidResource
from sensu.rules.go_time import parse_rfc3339

_DIGITS_MAX = 15


def period_of(request: Request) -> Period | Invalid:
    """The period that the parameters `from` and `to` name."""
    try:
        start, end = time_of(request.parameter("from")), time_of(request.parameter("to"))
    except InvalidResource as err:
        return Invalid(str(err))
    anytime = Period()
    return Period(anytime.start if start is None else start, anytime.end if end is None else end)


def time_of(text: str | None) -> float | None:
    """The time in Unix seconds, None if the parameter was not sent; raises InvalidResource if it is not a time."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return float(text)
    return parse_rfc3339(text).timestamp()
