"""Telegram with a bot: a message per incident, and replies to it.

Source: Telegram's documentation of `sendMessage`.
"""

import re
from html import escape
from typing import Any

from sensu.notify.senders.service_url import ServiceUrl, parsed
from sensu.notify.senders.web_call import ServiceRefused, call
from sensu.notify.sending import SendRequest

API = "https://api.telegram.org"
TEXT_CHARACTERS_MAX = 4_096
_TOKEN = re.compile(r"(bot)?[0-9]+:[A-Za-z0-9_-]+")
_BREAKS = re.compile(r"<br\s*/?>|</?p>")
_UNPARSED = 400


def accepts(url: ServiceUrl) -> bool:
    """Whether a URL has a bot's token and chats; other options are Apprise's."""
    is_bot = url.scheme == "tgram" and not url.user and _TOKEN.fullmatch(url.address) is not None
    return is_bot and bool(url.targets) and url.asks_only("api")


def send(request: SendRequest) -> str:
    """Send a message to each chat; the reference has the ids of the first ones, in the order of the chats."""
    url = parsed(request.url)
    known = request.reference.split(" ") if request.reference else []
    first = []
    for number, chat in enumerate(url.targets):
        before = known[number] if number < len(known) else ""
        sent = _send(url, request, chat, before)
        first.append(before or sent)
    return " ".join(first)


def _send(url: ServiceUrl, request: SendRequest, chat: str, before: str) -> str:
    message = request.message
    reply = {"reply_parameters": {"message_id": int(before), "allow_sending_without_reply": True}} if before else {}
    body = {"chat_id": chat, "link_preview_options": {"is_disabled": True}, **reply}
    html = f"<b>{escape(message.title, quote=False)}</b>\n{_BREAKS.sub(chr(10), message.html)}"
    if len(html) <= TEXT_CHARACTERS_MAX:
        try:
            return _id(_call(url, request, {**body, "text": html, "parse_mode": "HTML"}))
        except ServiceRefused as refused:  # tags of a template that Telegram does not know
            if refused.status != _UNPARSED or "parse" not in refused.why:
                raise
    plain = f"{message.title}\n\n{message.text}"[:TEXT_CHARACTERS_MAX]
    return _id(_call(url, request, {**body, "text": plain}))


def _call(url: ServiceUrl, request: SendRequest, body: dict[str, Any]) -> Any:
    bot = f"{url.query.get('api', API)}/bot{url.address.removeprefix('bot')}"
    return call("POST", f"{bot}/sendMessage", body, request.timeout_s)


def _id(answer: Any) -> str:
    return str((answer.get("result") or {}).get("message_id") or "0")
