"""The URLs of services that notify handlers send to: their form, their variables, and what of them may be shown.

A URL names a service and what identifies people there, often with a token: `slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlaz`.
Tokens and passwords are never shown; `masked` replaces them.
"""

import re
from collections.abc import Mapping, Sequence

URL_CHARACTERS_MAX = 4_096
SEALED_BY = " "
"""Separates the masked form of a stored URL from its sealed form; a URL has no spaces."""
CLOSING = frozenset(("opsgenie", "pagerduty"))
"""Services that open and close incidents by a key."""
HIDDEN = "..."
"""Stands for what is not shown of a URL."""
SHOWN_PARTS_MIN = 8
"""Parts of at least this length show their first and last character, so that people recognise their own."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_STORED = re.compile(rf"(\S+){SEALED_BY}(sealed:\S+)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SERVERS = frozenset(
    (
        *("apprise", "emby", "form", "gotify", "hassio", "http", "json", "kodi", "lunasea", "mailto", "mattermost"),
        *("matrix", "mmost", "mqtt", "nctalk", "ncloud", "ntfy", "rocket", "rsyslog", "signal", "smtp", "synology"),
        *("syslog", "xml", "xmpp"),
    )
)
"""Services whose URL begins with the name of a server, by their scheme without the `s` for TLS."""
_PEOPLE = frozenset(("bcc", "cc", "from", "name", "to"))
"""Parameters that name people, not tokens."""


def scheme_of(url: str) -> str:
    """The service of a URL in lower case, empty if it names none."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator and _SCHEME.fullmatch(scheme) else ""


def closes_by_key(url: str) -> bool:
    """Whether a service opens and closes incidents by a key, so that each needs a message of its own."""
    return scheme_of(url) in CLOSING


def variables_in(url: str) -> Sequence[str]:
    """The names of the variables in a URL, as in `${SLACK}`."""
    return _VARIABLE.findall(url)


def expanded(url: str, values: Mapping[str, str]) -> str:
    """The URL with the values of its variables; raises KeyError with the name of one that has no value."""
    return _VARIABLE.sub(lambda found: values[found[1]], url).strip()


def url_problem(url: str, known: frozenset[str]) -> str | None:
    """The rule that a URL breaks, or None; `known` are the variables that the handler's secrets define."""
    if not url or len(url) > URL_CHARACTERS_MAX:
        return f"must be a URL of at most {URL_CHARACTERS_MAX} characters, for example ntfy://ntfy.example.org/alerts"
    if re.search(r"[\s\x00-\x1f\x7f]", stored_parts(url)[0]):
        return "must not contain spaces; write %20 instead"
    missing = [name for name in variables_in(url) if name not in known]
    if missing:
        return f"refers to the variable {missing[0]}, which is not in secrets"
    if not url.startswith("${") and not scheme_of(url):
        return "must begin with a service, for example slack:// or mailto://"
    return None


def stored_parts(text: str) -> tuple[str, str]:
    """The masked form of a stored URL, and what is sealed of it; a URL that is stored as it is has no second part."""
    found = _STORED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def masked(url: str) -> str:
    """The URL without its tokens and passwords: `slack://T...2/A...D/T...z`, `mailto://ops:...@mail.example.org`.

    Variables are shown by name. Masking again changes nothing.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme_of(url):
        return url if _VARIABLE.fullmatch(url) else HIDDEN
    address, _, query = rest.partition("?")
    host, slash, path = address.partition("/")
    is_server = scheme.lower() in _SERVERS or scheme.lower().removesuffix("s") in _SERVERS
    user, at, server = host.rpartition("@")
    is_topic = scheme_of(url) == "ntfy" and not path and ":" not in server
    shown = f"{_user(user)}@" if at else ""
    shown += server if is_server and not is_topic else _part(server)
    if slash:
        is_mail = scheme.lower() in ("mailto", "mailtos")
        shown += "/" + "/".join(part if is_mail or part.startswith("#") else _part(part) for part in path.split("/"))
    return f"{scheme}://{shown}{_query(query)}"


def _user(user: str) -> str:
    name, colon, password = user.partition(":")
    if colon:
        return f"{name}:{password if _is_open(password) else HIDDEN}"
    return _part(name)


def _part(part: str) -> str:
    if not part or _is_open(part):
        return part
    return f"{part[0]}{HIDDEN}{part[-1]}" if len(part) >= SHOWN_PARTS_MIN else HIDDEN


def _is_open(part: str) -> bool:
    """Whether a part may be shown: it is a variable, or masked already."""
    return _VARIABLE.fullmatch(part) is not None or re.fullmatch(r".?\.\.\..?", part) is not None


def _query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    shown = [f"{name}{equals}{value if name in _PEOPLE else _part(value)}" for name, equals, value in pairs]
    return f"?{'&'.join(shown)}" if shown else ""
