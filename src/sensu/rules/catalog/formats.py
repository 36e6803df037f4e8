"""The formats of answers: what an answer with a `format` must look like.

Source: docs, "Catalog integrations reference", input attributes.
"""

import ipaddress
import re
from collections.abc import Callable

from sensu.errors import InvalidResource
from sensu.rules import cron, go_duration
from sensu.rules.selectors import parser

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TEMPLATE = "{{"
"""An answer with a token of Sensu has its final form only when a check runs, so that its format is not checked."""


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


def _reads(read: Callable[[str], object], *errors: type[Exception]) -> Callable[[str], bool]:
    def is_readable(text: str) -> bool:
        try:
            read(text)
        except errors:
            return False
        return True

    return is_readable


_ANYTHING = _matches(r"[\s\S]*")
_FORMATS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "cron": ("a cron line", _reads(cron.parse, InvalidResource)),
    "duration": (
        "a duration, for example 30s, or a number of seconds",
        lambda text: text.isdecimal() or _reads(go_duration.parse_ns, InvalidResource)(text),
    ),
    "ecmascript-5.1": ("an expression in JavaScript", _ANYTHING),
    "email": ("an email address", _matches(r"[^\s@]+@[^\s@]+")),
    "envvar": ("the name of an environment variable", _matches("[A-Za-z_][A-Za-z0-9_]*")),
    "hostname": ("a host name", _matches(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")),
    "io.sensu.meta.label": ("a label", _ANYTHING),
    "io.sensu.selector": ("a selector, for example region == us", _reads(parser.parsed, InvalidResource)),
    "ipv4": ("an IPv4 address", _reads(ipaddress.IPv4Address, ValueError)),
    "ipv6": ("an IPv6 address", _reads(ipaddress.IPv6Address, ValueError)),
    "sh": ("a command", _ANYTHING),
    "sha-256": ("a SHA-256 checksum of 64 hexadecimal digits", _matches("[0-9a-fA-F]{64}")),
    "sha-512": ("a SHA-512 checksum of 128 hexadecimal digits", _matches("[0-9a-fA-F]{128}")),
    "tel": ("a telephone number", _matches(r"\+?[0-9 ()./-]{3,32}")),
    "url": ("a URL, for example https://example.com/", _matches(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+\S*")),
}
KNOWN = tuple(_FORMATS)


def format_problem(text: str, format_name: str) -> str | None:
    """Why a text does not have a format, or None; an unknown format accepts everything."""
    description, fits = _FORMATS.get(format_name, ("", _ANYTHING))
    return None if _TEMPLATE in text or fits(text) else f"must be {description}"
