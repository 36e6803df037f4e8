"""Slack with the token of a bot: one message per incident, whose colour changes, and a thread under it.

Source: Slack's documentation of `chat.postMessage` and `chat.update`.
"""

from typing import Any

from sensu.notify.senders.colours import HEX
from sensu.notify.senders.service_url import ServiceUrl, parsed
from sensu.notify.senders.web_call import ServiceRefused, call
from sensu.notify.sending import SendRequest

API = "https://slack.com/api"
TEXT_CHARACTERS_MAX = 3_000
_GONE = frozenset(("thread_not_found", "message_not_found", "cant_update_message"))


def accepts(url: ServiceUrl) -> bool:
    """Whether a URL has a bot's token and channels; webhooks and other options are Apprise's."""
    return url.scheme == "slack" and url.address.startswith("xoxb-") and bool(url.targets) and url.asks_only("api")


def send(request: SendRequest) -> str:
    """Send a message to each channel; the reference has the channels with the times of their first messages."""
    url = parsed(request.url)
    known = dict(part.split(":", 1) for part in request.reference.split(" ") if ":" in part)
    references = []
    for number, target in enumerate(url.targets):
        place = known.get(str(number), "")
        references.append(f"{number}:{_send(url, request, target, place)}")
    return " ".join(references)


def _send(url: ServiceUrl, request: SendRequest, target: str, place: str) -> str:
    """The channel and time of the first message about the incident."""
    channel, _, time = place.partition("@")
    if time:
        try:
            _call(url, request, "chat.postMessage", {"channel": channel, "thread_ts": time, **_content(request)})
            _call(url, request, "chat.update", {"channel": channel, "ts": time, **_content(request)})
            return place
        except ServiceRefused as refused:
            if refused.why not in _GONE:
                raise
    answer = _call(url, request, "chat.postMessage", {"channel": target, **_content(request)})
    return f"{answer.get('channel', target)}@{answer.get('ts', '')}"


def _content(request: SendRequest) -> dict[str, Any]:
    message = request.message
    attachment = {
        "color": HEX[message.severity],
        "text": _escaped(message.text)[:TEXT_CHARACTERS_MAX],
        "fallback": _escaped(message.title),
    }
    return {"text": f"*{_escaped(message.title)}*", "attachments": [attachment], "unfurl_links": False}


def _escaped(text: str) -> str:
    """Text in which Slack finds no mentions and links of its own form."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _call(url: ServiceUrl, request: SendRequest, method: str, body: dict[str, Any]) -> Any:
    given = {**body, "username": url.user} if url.user and method == "chat.postMessage" else body
    token = {"Authorization": f"Bearer {url.address}"}
    answer = call("POST", f"{url.query.get('api', API)}/{method}", given, request.timeout_s, token)
    if not answer.get("ok"):
        raise ServiceRefused(str(answer.get("error") or "the answer says neither ok nor error"))
    return answer
