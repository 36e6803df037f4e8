"""The settings of notify handlers with their defaults."""

from sensu.errors import InvalidResource
from sensu.resources.handler import Notify
from sensu.rules import go_duration
from sensu.rules.notify.occasions import DEFAULT, Wishes

REPEAT_MIN_S = 60
DURATION_MAX_S = 30 * 86_400


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
