"""Messages of failures at a terminal: what is affected and what to do.

Scripts get the messages of the reference, the `str()` of the error.
"""

import contextlib
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from sensu.client.http_api import APIUnreachable
from sensu.errors import SensuError
from sensu.resources.kind import CORE_V2
from sensu.resources.kinds import EVENT, Kind, by_segment
from sensu.rules.spelling import did_you_mean
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.paths import resource_path

NOT_FOUND, FORBIDDEN, UNAUTHORIZED, CONFLICT = 404, 403, 401, 409
NAMES_COMPARED = 1000
"""The maximum number of names compared to make a suggestion."""
_NO_API = "this is not the URL of a Sensu API"
_PATH = re.compile(
    r"/api/(?:enterprise/)?(?P<group>\w+/v\d)/(?:namespaces/(?P<namespace>[^/]+)/)?(?P<segment>\w+)(?P<names>.*)"
)
_VERBS = {"GET": "read", "POST": "create", "PUT": "create or change", "PATCH": "change", "DELETE": "delete"}
NO_ROUTE = "404 page not found"
"""What servers written in Go answer for a path that they do not serve; the API answers so for unknown kinds."""
PORTS = "The API usually listens on port 8080, agents connect to port 8081."


class Place(NamedTuple):
    """The resource or list that a path of the API refers to."""

    kind: Kind
    namespace: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.what}{self.where}"

    @property
    def what(self) -> str:
        """`check "disk"`, or `checks` for a list."""
        if not self.names:
            return self.kind.plural
        if self.kind == EVENT and len(self.names) > 1:
            return f'event of entity "{self.names[0]}" and check "{self.names[1]}"'
        return f'{self.kind.word} "{self.names[0]}"'

    @property
    def where(self) -> str:
        """` in namespace "default"`, empty for cluster-wide resources."""
        return f' in namespace "{self.namespace}"' if self.namespace else ""


def explained(err: SensuError, context: Context) -> str:
    """The message at a terminal."""
    cause = err.__cause__
    plain = getattr(err, "plain", "")
    if plain:
        return str(plain)
    if isinstance(err, APIError):
        return _refusal(err, context)
    if isinstance(cause, APIError) and str(err) == "silenced entry not found":
        return _refusal(cause, context)
    if isinstance(cause, APIError) and err.args[0].startswith("unable to authenticate"):
        return _log_in(cause)
    unreachable = cause if isinstance(cause, APIUnreachable) else getattr(cause, "__cause__", None)
    if isinstance(unreachable, APIUnreachable):
        return "\n".join(part for part in (str(err).strip(), connection_remedy(unreachable)) if part)
    return str(err)


def _refusal(err: APIError, context: Context) -> str:
    message = str(err).strip()
    place = place_of(err.path)
    if err.status == UNAUTHORIZED:
        if err.path == "/auth/test":
            return "the user name or password is wrong, or the user is disabled"
        if context.configuration.api_key:
            return f"{message}: the API key does not exist, or its user is disabled"
        return f"{message}: log in again with 'sensuctl configure'{_clock_words(err.date)}"
    if place is None:
        return message
    if err.status == FORBIDDEN:
        return _forbidden(err, place, context)
    if err.status == NOT_FOUND and message == NO_ROUTE:
        return _not_served(place)
    if err.status == NOT_FOUND and message.endswith("not found"):
        return _absent(place, context)
    if err.status == CONFLICT and message == "resource already exists":
        name = place if place.names or not context.words else place._replace(names=tuple(context.words[:1]))
        return f"{name} already exists; 'sensuctl create --file' and 'sensuctl apply' replace it"
    return message


def _not_served(place: Place) -> str:
    """The message where the server does not know a path that this version of sensuctl asks for."""
    if place.kind.api_version == CORE_V2:
        return f"{_NO_API}: {NO_ROUTE}\n{PORTS}"
    return f"this backend does not serve {place.kind.plural} ({place.kind.api_version}): {NO_ROUTE}"


def _clock_words(date: str) -> str:
    """What a clock that differs much from the backend's may have to do with it, as a line; empty if none does."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only when credentials are refused

    from sensu.clock import SystemClock  # noqa: PLC0415
    from sensu.rules.diagnosis import PROBLEM, of_clock  # noqa: PLC0415

    with contextlib.suppress(ValueError):
        found = of_clock(parsedate_to_datetime(date).timestamp() + 0.5 - SystemClock().now())
        return f"\n{found.found}: {found.remedy}" if found.level == PROBLEM else ""
    return ""


def _forbidden(err: APIError, place: Place, context: Context) -> str:
    user = context.configuration.username
    who = f'user "{user}"' if user and not context.configuration.api_key else "the user of this API key"
    verb = "list" if err.method == "GET" and not place.names else _VERBS.get(err.method, err.method.lower())
    return f"{who} may not {verb} {place}; ask an administrator for a role that allows it"


def _absent(place: Place, context: Context) -> str:
    if not place.names:
        return f"{place} do not exist"
    if place.namespace and namespace_is_missing(context, place.namespace):
        return missing_namespace(context, place.namespace)
    meant = ""
    if len(place.names) == 1:
        meant = did_you_mean(place.names[0], _names(context, place.kind, place.namespace))
    return f"{place} does not exist{meant}"


def missing_namespace(context: Context, namespace: str) -> str:
    """The message for a missing namespace, with a suggestion."""
    from sensu.resources.kinds import NAMESPACE  # noqa: PLC0415 - few failures are about one

    return f"the namespace {namespace} does not exist{did_you_mean(namespace, _names(context, NAMESPACE, ''))}"


def require_namespace(context: Context) -> None:
    """Raise CommandFailed if the namespace of a command does not exist."""
    if namespace_is_missing(context, context.namespace):
        raise CommandFailed(missing_namespace(context, context.namespace))


def nothing_to_list(context: Context, kind: Kind) -> str:
    """The message for an empty list."""
    selected = any(context.flag(name) for name in ("field-selector", "label-selector"))
    matching = " that match the selector" if selected else ""
    everywhere = not kind.namespaced or context.flag("all-namespaces")
    scope = " in any namespace" if kind.namespaced else ""
    return f"No {kind.plural}{matching}" + (scope if everywhere else f" in namespace {context.namespace}")


def namespace_is_missing(context: Context, namespace: str) -> bool:
    """Whether the API says that a namespace does not exist."""
    from sensu.resources.kinds import NAMESPACE  # noqa: PLC0415 - see above

    try:
        context.session.get(resource_path(NAMESPACE, "", namespace))
    except APIError as err:
        return err.status == NOT_FOUND
    except SensuError:
        return False
    return False


def _names(context: Context, kind: Kind, namespace: str) -> list[str]:
    """The names of a kind, if the user may list them."""
    from sensu.sensuctl.names import names_of  # noqa: PLC0415 - few failures are about a name

    with contextlib.suppress(SensuError):
        return names_of(context.session, kind, namespace, NAMES_COMPARED)
    return []


def place_of(path: str) -> Place | None:
    """The resource or list that a path of the API refers to, None for other paths."""
    match = _PATH.fullmatch(path.partition("?")[0])
    kind = None if match is None else by_segment(match["group"], match["segment"])
    if match is None or kind is None:
        return None
    names = tuple(unquote(part) for part in match["names"].split("/") if part)
    return Place(kind, unquote(match["namespace"] or ""), names)


def _log_in(err: APIError) -> str:
    if err.status == UNAUTHORIZED:
        return "the user name or password is wrong, or the user is disabled"
    if err.status == NOT_FOUND:
        return f"{_NO_API}: {str(err).strip()}\n{PORTS}"
    return f"unable to log in: {str(err).strip()}"


def connection_remedy(err: APIUnreachable) -> str:
    """What helps against a failed connection, empty if nothing is known."""
    cause, text = err.__cause__, str(err)
    for fits, remedy in _REMEDIES:
        if fits(cause, text):
            return remedy(text)
    return ""


def _with_scheme(text: str) -> str:
    url = re.search(r'"([^"]*)"', text)
    address = url.group(1).partition("/")[0] if url else ""
    shown = address or "127.0.0.1:8080"
    return f"A URL begins with http:// or https://: did you mean http://{shown}?"


_REMEDIES: tuple[tuple[Callable[[BaseException | None, str], bool], Callable[[str], str]], ...] = (
    (
        lambda cause, _: isinstance(cause, ConnectionRefusedError),
        lambda _: f"Is the backend running, and are host and port right? {PORTS}",
    ),
    (
        lambda cause, _: isinstance(cause, socket.gaierror),
        lambda _: "The host name is unknown: is the URL right? 'sensuctl configure' changes it.",
    ),
    (
        lambda cause, _: isinstance(cause, TimeoutError),
        lambda _: "Is the host right, and does a firewall let the connection through? --timeout sets a longer limit.",
    ),
    (lambda _, text: "unsupported protocol scheme" in text, _with_scheme),
)
"""The hints for failed connections; failures of TLS include their own."""
