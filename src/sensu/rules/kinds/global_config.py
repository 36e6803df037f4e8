"""The rules of the web UI's configuration.

Source: docs, "Web UI configuration reference" (pages, orders, themes, formats).
"""

import re
from collections.abc import Iterator

from sensu.errors import InvalidResource
from sensu.resources.global_config import DefaultPreferences, GlobalConfig, PagePreferences
from sensu.rules import go_duration
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, as_text, own

OWN_THEMES = ("system", "light", "dark", "contrast")
"""The themes of this web UI; those of the reference count as `system`."""
THEMES = ("sensu", "classic", "uchiwa", "tritanopia", "deuteranopia", *OWN_THEMES)
FORMATS = ("JSON", "YAML")
_BY_NAME = ("NAME", "NAME_DESC")
ORDERS = {
    "events": ("ENTITY", "ENTITY_DESC", "LASTOK", "NEWEST", "OLDEST", "SEVERITY"),
    "entities": ("ID", "ID_DESC", "LASTSEEN"),
    "silences": ("ID", "ID_DESC", "BEGIN", "BEGIN_DESC"),
    **dict.fromkeys(("checks", "event-filters", "handlers", "mutators"), _BY_NAME),
}
"""The orders of each page."""
PAGE_SIZE_MAX = 1_000
MESSAGE_CHARACTERS_MAX = 4_096
URLS_MAX = 1_000
ANCESTORS_MAX = 50
_ANCESTOR = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?")


def problems(config: GlobalConfig) -> Iterator[FieldProblem]:
    """The rules that a configuration breaks."""
    why = name_problem(config.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"web UI configuration name {why}")
    if len(config.signin_message) > MESSAGE_CHARACTERS_MAX:
        message = f"signin_message has at most {MESSAGE_CHARACTERS_MAX} characters"
        yield FieldProblem("signin_message", message)
    if config.link_policy is not None and len(config.link_policy.urls or ()) > URLS_MAX:
        yield FieldProblem("link_policy.urls", f"link_policy.urls has at most {URLS_MAX} entries")
    defaults = config.default_preferences or DefaultPreferences()
    yield from at_most_one("default_preferences", _defaults_problem(defaults))
    for number, page in enumerate(config.page_preferences or ()):
        yield from at_most_one(f"page_preferences[{number}]", _page_problem(number, page))
    yield from at_most_one("license_expiry_reminder", _reminder_problem(config.license_expiry_reminder))
    yield from at_most_one("frame_ancestors", _ancestors_problem(config.frame_ancestors or ()))


def shell_theme(config: GlobalConfig) -> str:
    """The theme for users who prefer none."""
    chosen = "" if config.default_preferences is None else config.default_preferences.theme
    return chosen if chosen in OWN_THEMES else OWN_THEMES[0]


def _defaults_problem(defaults: DefaultPreferences) -> str | None:
    where = "default_preferences"
    if defaults.poll_interval < 0:
        return f"{where}.poll_interval must not be negative"
    if defaults.theme and defaults.theme not in THEMES:
        return f"{where}.theme must be one of {', '.join(THEMES)}"
    if defaults.serialization_format and defaults.serialization_format not in FORMATS:
        return f"{where}.serialization_format must be JSON or YAML"
    return _size_problem(where, defaults.page_size)


def _page_problem(number: int, page: PagePreferences) -> str | None:
    where = f"page_preferences[{number}]"
    if page.page not in ORDERS:
        return f"{where}.page must be one of {', '.join(ORDERS)}"
    if page.order and page.order not in ORDERS[page.page]:
        return f"{where}.order must be one of {', '.join(ORDERS[page.page])} for the page {page.page}"
    return _size_problem(where, page.page_size)


def _size_problem(where: str, size: int) -> str | None:
    return None if 0 <= size <= PAGE_SIZE_MAX else f"{where}.page_size must be from 1 to {PAGE_SIZE_MAX}"


def _reminder_problem(reminder: str) -> str | None:
    if not reminder:
        return None
    try:
        go_duration.parse_ns(reminder)
    except InvalidResource:
        return f'license_expiry_reminder must be a duration such as 1080h, not "{reminder}"'
    return None


def _ancestors_problem(ancestors: tuple[str, ...]) -> str | None:
    if len(ancestors) > ANCESTORS_MAX:
        return f"frame_ancestors has at most {ANCESTORS_MAX} entries"
    wrong = next((one for one in ancestors if _ANCESTOR.fullmatch(one) is None), None)
    return None if wrong is None else f'frame_ancestors: "{wrong}" must be like https://host or https://*.example.com'


RULES = KindRules(
    problems=problems,
    selectable=Selectable("config", {**NAME, **own(as_text, "signin_message")}),
)
