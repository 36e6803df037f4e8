"""Discord with a webhook: one message per incident, which is edited; a reminder is a message of its own.

Source: Discord's documentation of "Execute Webhook" and "Edit Webhook Message".
"""

from typing import Any
from urllib.parse import quote

from sensu.notify.senders.colours import NUMBERS
from sensu.notify.senders.service_url import ServiceUrl, parsed
from sensu.notify.senders.web_call import ServiceRefused, call
from sensu.notify.sending import SendRequest
from sensu.rules.notify.occasions import REPEATED

API = "https://discord.com/api"
TITLE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX = 256, 4_096
_GONE = 404


def accepts(url: ServiceUrl) -> bool:
    """Whether a URL is that of a webhook; other options are Apprise's."""
    return url.scheme == "discord" and len(url.targets) == 1 and bool(url.address) and url.asks_only("api")


def send(request: SendRequest) -> str:
    """Send or edit a message; the reference is its id."""
    url = parsed(request.url)
    hook = f"{url.query.get('api', API)}/webhooks/{quote(url.address, safe='')}/{quote(url.targets[0], safe='')}"
    if request.reference and request.happened != REPEATED:
        try:
            edited = f"{hook}/messages/{quote(request.reference, safe='')}"
            call("PATCH", edited, _content(request), request.timeout_s)
            return request.reference
        except ServiceRefused as refused:
            if refused.status != _GONE:
                raise
    name = {"username": url.user} if url.user else {}
    answer = call("POST", f"{hook}?wait=true", {**_content(request), **name}, request.timeout_s)
    return str(answer.get("id") or "")


def _content(request: SendRequest) -> dict[str, Any]:
    message = request.message
    embed = {
        "title": message.title[:TITLE_CHARACTERS_MAX],
        "description": message.markdown[:TEXT_CHARACTERS_MAX],
        "color": NUMBERS[message.severity],
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}
