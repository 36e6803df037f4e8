"""The rules of Sumo Logic metrics handlers.

Source: docs, "Sumo Logic metrics handlers reference".
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec

from sensu.resources.sumo_logic import SumoLogicMetricsHandler
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.kinds.stream_parts import common_problems, duration_problem
from sensu.rules.redaction import REDACTED
from sensu.rules.selectors.selectable import PLACE, Selectable

TIMEOUT_MAX_S = 3600.0
URL_CHARACTERS_MAX = 4096


def problems(handler: SumoLogicMetricsHandler) -> Iterator[FieldProblem]:
    """The rules that a handler breaks."""
    yield from common_problems(handler, "Sumo Logic metrics handler")
    yield from at_most_one("url", _url_problem(handler))
    yield from at_most_one("timeout", duration_problem("timeout", handler.timeout, TIMEOUT_MAX_S, "10s"))


def _url_problem(handler: SumoLogicMetricsHandler) -> str | None:
    name = variable_of(handler)
    if name:
        known = [reference.name for reference in handler.secrets or ()]
        return None if name in known else f"url is ${name}, but secrets has no {name}"
    if len(handler.url) > URL_CHARACTERS_MAX:
        return f"url must have at most {URL_CHARACTERS_MAX} characters"
    try:
        parts = urlsplit(handler.url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    return None if sound or handler.url == REDACTED else "url must begin with https:// and name a host, or be $NAME"


def variable_of(handler: SumoLogicMetricsHandler) -> str:
    """The name of the secret that is the URL, `$NAME` or `${NAME}`; empty if the handler has the URL itself."""
    if not handler.url.startswith("$"):
        return ""
    name = handler.url[1:]
    return name[1:-1] if name.startswith("{") and name.endswith("}") else name


def secrets(handler: SumoLogicMetricsHandler, change: Callable[[str, str], str]) -> SumoLogicMetricsHandler:
    """The handler with `change("url", value)` as its URL, unless a secret has it."""
    if not handler.url or variable_of(handler):
        return handler
    return msgspec.structs.replace(handler, url=change("url", handler.url))


def _shown(handler: SumoLogicMetricsHandler) -> SumoLogicMetricsHandler:
    return secrets(handler, lambda place, value: REDACTED)


RULES = KindRules(
    problems=problems,
    shown=_shown,
    secrets=secrets,
    selectable=Selectable("sumo_logic_metrics_handler", PLACE),
    keeps_namespace=True,
)
