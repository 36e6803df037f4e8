"""Matrix with an access token: one message per incident, which is edited to what holds, and a thread under it.

Rooms are named by their ids, `!id:server`. Log-ins by password and aliases of rooms are Apprise's.
Source: the Matrix specification, client-server API: sending events, replacements (m.replace), threads (m.thread).
"""

import uuid
from html import escape
from typing import Any
from urllib.parse import quote

from sensu.notify.senders.service_url import ServiceUrl, parsed
from sensu.notify.senders.web_call import ServiceRefused, call
from sensu.notify.sending import SendRequest
from sensu.rules.notify.message import AlertMessage

SCHEMES = {"matrix": "http", "matrixs": "https"}
TEXT_CHARACTERS_MAX = 16_000
"""An event may have 64 KiB, in which an edit has its content twice."""
_GONE = frozenset((400, 404))
"""The statuses of a server that does not know the first message any more."""


def accepts(url: ServiceUrl) -> bool:
    """Whether a URL has an access token and ids of rooms, and no options of Apprise."""
    has_token = bool(url.user) != bool(url.password)
    rooms = bool(url.targets) and all(target.startswith("!") for target in url.targets)
    return url.scheme in SCHEMES and bool(url.address) and has_token and rooms and url.asks_only()


def send(request: SendRequest) -> str:
    """Send a message to each room; the reference has the ids of the first ones, in the order of the rooms."""
    url = parsed(request.url)
    known = request.reference.split(" ") if request.reference else []
    first = []
    for number, room in enumerate(url.targets):
        first.append(_send(url, request, room, known[number] if number < len(known) else ""))
    return " ".join(first)


def _send(url: ServiceUrl, request: SendRequest, room: str, first: str) -> str:
    """The id of the first message about the incident."""
    content = _content(request.message)
    if not first:
        return _put(url, request, room, content)
    thread = {"rel_type": "m.thread", "event_id": first, "is_falling_back": True, "m.in_reply_to": {"event_id": first}}
    try:
        _put(url, request, room, {**content, "m.relates_to": thread})
    except ServiceRefused as refused:
        if refused.status not in _GONE:
            raise
        return _put(url, request, room, content)
    replaced = {"m.new_content": content, "m.relates_to": {"rel_type": "m.replace", "event_id": first}}
    _put(url, request, room, {**content, "body": f"* {content['body']}", **replaced})
    return first


def _put(url: ServiceUrl, request: SendRequest, room: str, content: dict[str, Any]) -> str:
    """Send an event, and return its id."""
    server = f"{SCHEMES[url.scheme]}://{url.address}/_matrix/client/v3"
    path = f"{server}/rooms/{quote(room, safe='')}/send/m.room.message/{uuid.uuid4()}"
    token = {"Authorization": f"Bearer {url.user or url.password}"}
    return str(call("PUT", path, content, request.timeout_s, token).get("event_id") or "")


def _content(message: AlertMessage) -> dict[str, Any]:
    body = {"msgtype": "m.text", "body": f"{message.title}\n\n{message.text}"[:TEXT_CHARACTERS_MAX]}
    html = f"<h4>{escape(message.title, quote=False)}</h4>{message.html}"
    if len(html) <= TEXT_CHARACTERS_MAX:
        body |= {"format": "org.matrix.custom.html", "formatted_body": html}
    return body
