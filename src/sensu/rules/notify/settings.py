"""The settings of notify handlers with their defaults."""

import re
from collections.abc import Iterator

from sensu.errors import InvalidResource
from sensu.resources.handler import Notify, NotifyStorm
from sensu.rules import go_duration
from sensu.rules.notify.occasions import DEFAULT, Wishes
from sensu.rules.notify.plan import StormSettings

REPEAT_MIN_S = 60
DURATION_MAX_S = 30 * 86_400
AFTER_MAX, RATE_MAX = 1_000, 1_000
WITHIN_MIN_S, DIGEST_MIN_S, RATE_MIN_S = 1, 10, 1
STORM = StormSettings()
_RATE = re.compile(r"([1-9][0-9]{0,3})/([0-9a-zµ.]{1,20})")


def duration_problem(text: str, path: str, min_s: int) -> str | None:
    """The rule that a duration breaks; an empty one is unset."""
    if not text:
        return None
    try:
        seconds = go_duration.parse_s(text)
    except InvalidResource:
        return f'{path} must be a duration such as 4h or 90s, not "{text}"'
    if not min_s <= seconds <= DURATION_MAX_S:
        return f"{path} must be from {min_s} seconds to {DURATION_MAX_S // 86_400} days"
    return None


def wishes_of(notify: Notify) -> Wishes:
    """What a handler wants messages about."""
    return Wishes(notify.when or DEFAULT, go_duration.parse_s(notify.repeat) if notify.repeat else 0.0)


def storm_problems(notify: Notify) -> Iterator[tuple[str, str]]:
    """The rules that `storm` and `rate` break, by their paths."""
    storm = notify.storm or NotifyStorm()
    if (storm.after or 0) > AFTER_MAX:
        yield "notify.storm.after", f"notify.storm.after must be at most {AFTER_MAX}"
    for name, min_s in (("within", WITHIN_MIN_S), ("digest", DIGEST_MIN_S)):
        why = duration_problem(getattr(storm, name), f"notify.storm.{name}", min_s)
        if why:
            yield f"notify.storm.{name}", why
    found = _RATE.fullmatch(notify.rate)
    why = duration_problem(found[2], "notify.rate", RATE_MIN_S) if found else None
    if notify.rate and (not found or why or int(found[1]) > RATE_MAX):
        yield "notify.rate", f"notify.rate must be a number from 1 to {RATE_MAX} and a time, such as 30/1m"


def storm_of(notify: Notify) -> StormSettings:
    """When messages of a handler are gathered."""
    storm, rate = notify.storm or NotifyStorm(), _RATE.fullmatch(notify.rate)
    return StormSettings(
        STORM.after if storm.after is None else storm.after,
        go_duration.parse_s(storm.within) if storm.within else STORM.within_s,
        go_duration.parse_s(storm.digest) if storm.digest else STORM.digest_s,
        int(rate[1]) if rate else STORM.rate,
        go_duration.parse_s(rate[2]) if rate else STORM.rate_s,
    )
