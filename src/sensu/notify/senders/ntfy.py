"""ntfy: one notification per incident, which servers from version 2.16 on update; others show one after the other.

Source: ntfy's documentation, "Publish as JSON", "Updating notifications".
"""

import base64

from sensu.notify.senders.service_url import ServiceUrl, parsed
from sensu.notify.senders.web_call import call
from sensu.notify.sending import SendRequest
from sensu.rules.notify.message import CRITICAL

CLOUD = "https://ntfy.sh"
MESSAGE_CHARACTERS_MAX = 4_000
_URGENT, _USUAL = 4, 3
_TOKEN = "tk_"  # noqa: S105 - how tokens begin


def accepts(url: ServiceUrl) -> bool:
    """Whether a URL has a topic and no other options, which are Apprise's."""
    return url.scheme in ("ntfy", "ntfys") and bool(url.address) and not url.query


def send(request: SendRequest) -> str:
    """Publish a message on each topic."""
    url, message = parsed(request.url), request.message
    scheme = "https" if url.scheme == "ntfys" else "http"
    server = f"{scheme}://{url.address}" if url.targets else CLOUD
    for topic in url.targets or (url.address,):
        body = {
            "topic": topic,
            "title": message.title,
            "message": message.text[:MESSAGE_CHARACTERS_MAX] or message.title,
            "priority": _URGENT if message.severity == CRITICAL else _USUAL,
        }
        if message.link:
            body["click"] = message.link
        if request.thread:
            body["sequence_id"] = request.thread
        call("POST", server, body, request.timeout_s, _authorization(url))
    return ""


def _authorization(url: ServiceUrl) -> dict[str, str]:
    token = next((part for part in (url.user, url.password) if part.startswith(_TOKEN)), "")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if not url.user:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{url.user}:{url.password}".encode()).decode()}
